//! The boxes that the friend has not acknowledged yet. Each is sealed once, and written again
//! unchanged until it is acknowledged.

use crate::{
    codec::codec,
    exchange::{ID_LEN, id_of},
    kdf::Key,
    ratchet::{Fingerprint, Sealed, Violation},
};
use alloc::{collections::VecDeque, vec::Vec};

/// Maximum number of unacknowledged boxes in each direction.
const WINDOW: usize = 32;

/// Number of boxes beyond the window that may be sealed when many of the friend's are unreported:
/// if both windows were full of boxes that acknowledge nothing, neither side could report the boxes
/// that it has read. The friend's window limits the boxes to report, so no more than this are
/// needed.
const EXTRA: usize = 8;

/// Number of unreported boxes from which the extra ones may be used.
const MUCH: u64 = 16;

/// The number of future boxes whose ids are known, and which are requested.
pub(crate) const RANGE: usize = WINDOW + EXTRA;

/// Retransmission interval, in ticks, of a box that the friend lacks although a later one has
/// arrived.
const MISSING_TICKS: u64 = 24;

/// Retransmission interval, in ticks, when the window is full.
const FULL_TICKS: u64 = 16;

/// The window of one direction, as its writer sees it.
pub(crate) struct SendWindow {
    /// Number of boxes that the friend has acknowledged.
    acknowledged: u64,
    boxes: VecDeque<UnreadBox>,
    /// The ids of future boxes.
    ids: VecDeque<[u8; ID_LEN]>,
}

codec!(
    struct SendWindow { acknowledged, boxes, ids }
    valid |window| {
        window.acknowledged < 1 << 62 && window.boxes.len() <= RANGE && window.ids.len() == RANGE
    }
);

/// The box that is due at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A sealed box that has to be written, for the first time or again.
    Again(u64),
    /// The next box, which has to be sealed first.
    New,
    Nothing,
}

struct UnreadBox {
    id: [u8; ID_LEN],
    boxed: Vec<u8>,
    /// Fingerprint of the chain before the box was sealed.
    fingerprint: Fingerprint,
    /// Number of texts that are complete with this box.
    texts: u64,
    /// The service has confirmed the box.
    is_stored: bool,
    /// The box has arrived early.
    is_early: bool,
    /// A later box has arrived. Cleared when this one is written again.
    is_missing: bool,
    /// The tick at which it was last written in this run of the program.
    written: Option<u64>,
}

codec!(
    struct UnreadBox { id, boxed, fingerprint, texts, is_stored }
    fresh { is_early: false, is_missing: false, written: None }
);

impl SendWindow {
    pub(crate) fn new(tokens: &[Key]) -> Self {
        Self {
            acknowledged: 0,
            boxes: VecDeque::new(),
            ids: tokens.iter().map(|token| id_of(token.as_bytes())).collect(),
        }
    }

    pub(crate) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Number of boxes sealed so far.
    pub(crate) fn sealed(&self) -> u64 {
        self.acknowledged.saturating_add(self.boxes.len() as u64)
    }

    /// Whether all boxes have this length, which those of a saved state may not.
    pub(crate) fn has_boxes_of(&self, len: usize) -> bool {
        self.boxes.iter().all(|unread| unread.boxed.len() == len)
    }

    /// Appends a box that was just sealed.
    pub(crate) fn push(&mut self, sealed: Sealed, fingerprint: Fingerprint, texts: u64) {
        if let Some(id) = self.ids.pop_front() {
            let Sealed { boxed, token } = sealed;
            self.boxes.push_back(UnreadBox {
                id,
                boxed,
                fingerprint,
                texts,
                is_stored: false,
                is_early: false,
                is_missing: false,
                written: None,
            });
            self.ids.push_back(id_of(token.as_bytes()));
        }
    }

    /// The box to write at this tick. `unreported` is the number of the friend's boxes that a box
    /// sealed now would acknowledge for the first time.
    pub(crate) fn due(&self, tick: u64, unreported: u64) -> Due {
        let age = |unread: &UnreadBox| unread.written.map_or(u64::MAX, |written| tick.saturating_sub(written));
        let first = |is_due: &dyn Fn(&UnreadBox) -> bool| {
            self.boxes.iter().enumerate().find(|(_, unread)| is_due(unread)).map(|(place, _)| place)
        };
        let again = |place: usize| Due::Again(self.acknowledged.saturating_add(place as u64));
        if let Some(place) = first(&|unread| unread.written.is_none() && !unread.is_early) {
            return again(place);
        }
        if self.boxes.len() < WINDOW {
            let missing = first(&|unread| unread.is_missing && age(unread) >= MISSING_TICKS);
            return missing.map_or(Due::New, again);
        }
        if unreported >= MUCH && self.boxes.len() < RANGE {
            return Due::New;
        }
        // All in turn, including those reported as early: such a box may turn out to be modified,
        // or be lost when the friend's program ends, and the friend may have no box left to report
        // that.
        let old = self.boxes.iter().enumerate().filter(|(_, unread)| age(unread) >= FULL_TICKS);
        old.max_by_key(|(_, unread)| age(unread)).map_or(Due::Nothing, |(place, _)| again(place))
    }

    /// The box with this number, to be written at this tick, and its id.
    pub(crate) fn write_out(&mut self, number: u64, tick: u64) -> Option<([u8; ID_LEN], Vec<u8>)> {
        let unread = self.get_mut(number)?;
        (unread.written, unread.is_missing) = (Some(tick), false);
        Some((unread.id, unread.boxed.clone()))
    }

    /// Notes that the service has answered a request with this box.
    pub(crate) fn set_stored(&mut self, number: u64) {
        if let Some(unread) = self.get_mut(number) {
            unread.is_stored = true;
        }
    }

    /// Notes that a request with this box, or its reply, was lost.
    pub(crate) fn set_lost(&mut self, number: u64) {
        if let Some(unread) = self.get_mut(number).filter(|unread| !unread.is_stored) {
            unread.written = None;
        }
    }

    /// Processes an acknowledgement: the friend has read the first `read` boxes, and holds the
    /// later ones with a bit in `early`. Returns the number of texts that the friend has certainly
    /// read, if any box is newly acknowledged.
    pub(crate) fn acknowledge(&mut self, read: u64, early: u64) -> Result<Option<u64>, Violation> {
        if read < self.acknowledged || read > self.sealed() {
            return Err(Violation);
        }
        let mut texts = None;
        while self.acknowledged < read {
            texts = self.boxes.pop_front().map(|unread| unread.texts).or(texts);
            self.acknowledged = self.acknowledged.saturating_add(1);
        }
        let mut has_later = false;
        for (place, unread) in self.boxes.iter_mut().enumerate().rev() {
            // bit 0 stands for the box after the first missing one
            let bit = place.checked_sub(1).and_then(|place| u32::try_from(place).ok());
            unread.is_early = bit.is_some_and(|bit| early.unbounded_shr(bit) & 1 == 1);
            unread.is_missing = has_later && !unread.is_early;
            has_later |= unread.is_early;
        }
        Ok(texts)
    }

    /// Number of texts that the service has certainly stored, if any beyond those that were read.
    pub(crate) fn stored_texts(&self) -> Option<u64> {
        self.boxes.iter().take_while(|unread| unread.is_stored).last().map(|unread| unread.texts)
    }

    /// Fingerprints of the chain before each unacknowledged box.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.boxes.iter().map(|unread| unread.fingerprint)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut UnreadBox> {
        self.boxes.get_mut(usize::try_from(number.checked_sub(self.acknowledged)?).ok()?)
    }
}
