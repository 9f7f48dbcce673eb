//! The loop decoys of a node that are in flight.

use core::fmt;
use mixwell_mixdelay::Instant;
use mixwell_sphinx::{RecipientId, SurbId, SurbKeys};
use std::collections::HashMap;

/// Maximum number of decoys in flight: with more, the oldest would be lost anyway.
const MOST: usize = 4096;

/// Decoys in flight, by the ids of their SURBs.
#[derive(Default)]
pub(crate) struct Decoys {
    owner: Option<RecipientId>,
    waiting: HashMap<SurbId, (SurbKeys, Instant)>,
}

impl Decoys {
    /// The recipient of returning decoys, which the caller's `draw` draws at random once.
    pub(crate) fn owner(&mut self, draw: impl FnOnce() -> RecipientId) -> RecipientId {
        *self.owner.get_or_insert_with(draw)
    }

    /// Whether another decoy may be sent.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < MOST
    }

    /// Adds a decoy that is sent and should return by `deadline`.
    pub(crate) fn insert(&mut self, surb_id: SurbId, keys: SurbKeys, deadline: Instant) {
        self.waiting.insert(surb_id, (keys, deadline));
    }

    /// Removes a decoy that was not sent after all.
    pub(crate) fn remove(&mut self, surb_id: SurbId) {
        self.waiting.remove(&surb_id);
    }

    /// Processes a reply to a decoy of this node. Returns whether the payload is unchanged, that
    /// is, all zeros; `None` if the reply is not to a decoy.
    pub(super) fn take(&mut self, recipient: RecipientId, surb_id: SurbId, payload: &mut [u8]) -> Option<bool> {
        if self.owner != Some(recipient) {
            return None;
        }
        let (keys, _) = self.waiting.remove(&surb_id)?;
        Some(keys.open(payload).is_ok_and(|reply| reply.iter().all(|byte| *byte == 0)))
    }

    /// Removes decoys that have not returned by their deadline, and returns their number.
    pub(crate) fn expire(&mut self, now: Instant) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|_, (_, deadline)| *deadline > now);
        before.saturating_sub(self.waiting.len())
    }
}

impl fmt::Debug for Decoys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoys({})", self.waiting.len())
    }
}
