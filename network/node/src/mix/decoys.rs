//! The loop decoys of a node, from when they leave until they come back.

use core::fmt;
use mixwell_mixdelay::Instant;
use mixwell_sphinx::{RecipientId, SurbId, SurbKeys};
use std::collections::HashMap;

/// More decoys than this are not under way at a time: the oldest would be lost anyhow.
const MOST: usize = 4096;

/// Decoys under way, by their SURBs.
#[derive(Default)]
pub(crate) struct Decoys {
    owner: Option<RecipientId>,
    waiting: HashMap<SurbId, (SurbKeys, Instant)>,
}

impl Decoys {
    /// Whom decoys are to be returned to, drawn at random by the caller once.
    pub(crate) fn owner(&mut self, draw: impl FnOnce() -> RecipientId) -> RecipientId {
        *self.owner.get_or_insert_with(draw)
    }

    /// Whether another may leave.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < MOST
    }

    /// Remembers a decoy that leaves, and should be back by `deadline`.
    pub(crate) fn insert(&mut self, surb_id: SurbId, keys: SurbKeys, deadline: Instant) {
        self.waiting.insert(surb_id, (keys, deadline));
    }

    /// Forgets a decoy that did not leave after all.
    pub(crate) fn remove(&mut self, surb_id: SurbId) {
        self.waiting.remove(&surb_id);
    }

    /// Takes a reply to a decoy of this node. Returns whether it returned unchanged, which is all
    /// zeros; `None` if the reply is not to a decoy.
    pub(super) fn take(&mut self, recipient: RecipientId, surb_id: SurbId, payload: &mut [u8]) -> Option<bool> {
        if self.owner != Some(recipient) {
            return None;
        }
        let (keys, _) = self.waiting.remove(&surb_id)?;
        Some(keys.open(payload).is_ok_and(|reply| reply.iter().all(|byte| *byte == 0)))
    }

    /// Forgets those that have not come back by their deadline, and says how many those are.
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
