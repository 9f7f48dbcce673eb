//! The boxes that the friend has not acknowledged yet: each is sealed once, and written again, byte
//! for byte, until it is acknowledged.

use crate::{
    codec::codec,
    exchange::{ID_LEN, id_of},
    kdf::Key,
    ratchet::{Fingerprint, Sealed, Violation},
};
use alloc::{collections::VecDeque, vec::Vec};

/// Number of boxes that may be written and not acknowledged, in each direction.
const WINDOW: usize = 32;

/// How many more if there is much to acknowledge: with both windows full of boxes that acknowledge
/// nothing, neither side could report what it has read. The friend can't have sealed so many boxes,
/// unread by us, that more are needed.
const EXTRA: usize = 8;

/// From how many unreported boxes on there is much to acknowledge.
const MUCH: u64 = 16;

/// The number of boxes ahead whose ids are known, and which are asked for.
pub(crate) const RANGE: usize = WINDOW + EXTRA;

/// The number of ticks after which a box is written again that the friend lacks while a later one
/// has arrived.
const MISSING_TICKS: u64 = 24;

/// The number of ticks after which a box is written again when the window is full.
const FULL_TICKS: u64 = 16;

/// The window of one direction, as its writer sees it.
pub(crate) struct SendWindow {
    /// Number of boxes that the friend has acknowledged.
    acknowledged: u64,
    boxes: VecDeque<UnreadBox>,
    /// The ids of the boxes to come.
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
    /// A box that was not written yet, or was lost.
    Again(u64),
    /// The next box, which is to be sealed.
    New,
    Nothing,
}

struct UnreadBox {
    id: [u8; ID_LEN],
    boxed: Vec<u8>,
    /// Of the chain before the box was sealed.
    fingerprint: Fingerprint,
    /// Number of texts that are complete with this box.
    texts: u64,
    /// The service has answered.
    is_stored: bool,
    /// It has arrived early.
    is_early: bool,
    /// A later one has arrived. Cleared when it is written again.
    is_missing: bool,
    /// The tick at which it was last written, since the program runs.
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

    /// Number of boxes that were sealed.
    pub(crate) fn sealed(&self) -> u64 {
        self.acknowledged.saturating_add(self.boxes.len() as u64)
    }

    /// Whether all boxes have a length, as those of a saved state may not have.
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

    /// The box to write at this tick. `unreported` is how many of the friend's boxes a box that is
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
        // All in turn, whatever the friend has reported: an early box may turn out to be changed,
        // or be lost when the friend's program ends, and the friend may have no box left to report
        // it.
        let old = self.boxes.iter().enumerate().filter(|(_, unread)| age(unread) >= FULL_TICKS);
        old.max_by_key(|(_, unread)| age(unread)).map_or(Due::Nothing, |(place, _)| again(place))
    }

    /// The box of a number, to be written at this tick, with its id.
    pub(crate) fn write_out(&mut self, number: u64, tick: u64) -> Option<([u8; ID_LEN], Vec<u8>)> {
        let unread = self.get_mut(number)?;
        (unread.written, unread.is_missing) = (Some(tick), false);
        Some((unread.id, unread.boxed.clone()))
    }

    /// The service has answered a request with that box.
    pub(crate) fn set_stored(&mut self, number: u64) {
        if let Some(unread) = self.get_mut(number) {
            unread.is_stored = true;
        }
    }

    /// A request with that box was lost, or its reply.
    pub(crate) fn set_lost(&mut self, number: u64) {
        if let Some(unread) = self.get_mut(number).filter(|unread| !unread.is_stored) {
            unread.written = None;
        }
    }

    /// The friend has read the first `read` boxes, and those behind that have a bit in `early`.
    /// Returns how many texts the friend has read for certain, if any box is newly acknowledged.
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
            // bit 0 stands for the box behind the first that is missing
            let bit = place.checked_sub(1).and_then(|place| u32::try_from(place).ok());
            unread.is_early = bit.is_some_and(|bit| early.unbounded_shr(bit) & 1 == 1);
            unread.is_missing = has_later && !unread.is_early;
            has_later |= unread.is_early;
        }
        Ok(texts)
    }

    /// Number of texts that are stored by the service for certain, if more than those that were
    /// read.
    pub(crate) fn stored_texts(&self) -> Option<u64> {
        self.boxes.iter().take_while(|unread| unread.is_stored).last().map(|unread| unread.texts)
    }

    /// Of the chain before each box that is not acknowledged.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.boxes.iter().map(|unread| unread.fingerprint)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut UnreadBox> {
        self.boxes.get_mut(usize::try_from(number.checked_sub(self.acknowledged)?).ok()?)
    }
}
