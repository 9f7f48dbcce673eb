//! The boxes that the friend has not read yet: each is sealed once, and written again, byte for byte, until it is read.

use crate::{
    bytes::{Reader, Writer},
    exchange::{BoxLen, ID_LEN, id_of},
    kdf::Key,
    ratchet::{Fingerprint, Sealed, Violation},
};
use alloc::{collections::VecDeque, vec::Vec};

/// How many boxes may be written and not read yet, in each direction.
const WINDOW: usize = 32;

/// How many more if there is much to acknowledge: with both windows full of boxes that acknowledge nothing, neither side could say
/// what it has read. The friend can't have sealed so many boxes, unread by us, that more are needed.
const EXTRA: usize = 8;

/// How much is much.
const MUCH: u64 = 16;

/// For how many boxes ahead the ids are known, and asked for.
pub(crate) const RANGE: usize = WINDOW + EXTRA;

/// After how many ticks a box is written again that the friend lacks while he has one behind it.
const MISSING_TICKS: u64 = 24;

/// After how many ticks a box is written again when the window is full.
const FULL_TICKS: u64 = 16;

/// The window of one direction, as its writer sees it.
pub(crate) struct SendWindow {
    /// How many boxes the friend has read.
    read: u64,
    boxes: VecDeque<Waiting>,
    /// The ids of the boxes to come.
    ids: VecDeque<[u8; ID_LEN]>,
}

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A box that has not left, or that was lost.
    Again(u64),
    /// The next box, which is to be sealed.
    New,
    Nothing,
}

struct Waiting {
    id: [u8; ID_LEN],
    boxed: Vec<u8>,
    /// Of the chain before it was sealed.
    fingerprint: Fingerprint,
    /// How many texts are whole with this box.
    texts: u64,
    /// The service has answered.
    is_stored: bool,
    /// The friend has it, though not all before it.
    is_held: bool,
    /// He lacks it, though he has one behind it; not known any more once it is written again.
    is_missing: bool,
    /// The tick at which it was last written, since the program runs.
    written: Option<u64>,
}

impl SendWindow {
    pub(crate) fn new(tokens: &[Key]) -> Self {
        Self { read: 0, boxes: VecDeque::new(), ids: tokens.iter().map(|token| id_of(token.as_bytes())).collect() }
    }

    /// How many boxes the friend has read.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// How many boxes were sealed.
    pub(crate) fn sealed(&self) -> u64 {
        self.read.saturating_add(self.boxes.len() as u64)
    }

    /// Takes a box that was just sealed.
    pub(crate) fn push(&mut self, sealed: Sealed, fingerprint: Fingerprint, texts: u64) {
        if let Some(id) = self.ids.pop_front() {
            let Sealed { boxed, token } = sealed;
            self.boxes.push_back(Waiting {
                id,
                boxed,
                fingerprint,
                texts,
                is_stored: false,
                is_held: false,
                is_missing: false,
                written: None,
            });
            self.ids.push_back(id_of(token.as_bytes()));
        }
    }

    /// What to write at this tick, when a box that is sealed now would acknowledge so many for the first time.
    pub(crate) fn due(&self, tick: u64, news: u64) -> Due {
        let age = |waiting: &Waiting| waiting.written.map_or(u64::MAX, |written| tick.saturating_sub(written));
        let first = |is_due: &dyn Fn(&Waiting) -> bool| {
            self.boxes.iter().enumerate().find(|(_, waiting)| is_due(waiting)).map(|(place, _)| place)
        };
        let again = |place: usize| Due::Again(self.read.saturating_add(place as u64));
        if let Some(place) = first(&|waiting| waiting.written.is_none() && !waiting.is_held) {
            return again(place);
        }
        if self.boxes.len() < WINDOW {
            let missing = first(&|waiting| waiting.is_missing && age(waiting) >= MISSING_TICKS);
            return missing.map_or(Due::New, again);
        }
        if news >= MUCH && self.boxes.len() < RANGE {
            return Due::New;
        }
        // all in turn, whatever the friend has said: what he held may turn out to be changed, or be lost when his program ends, and he may
        // have no box left to say so
        let old = self.boxes.iter().enumerate().filter(|(_, waiting)| age(waiting) >= FULL_TICKS);
        old.max_by_key(|(_, waiting)| age(waiting)).map_or(Due::Nothing, |(place, _)| again(place))
    }

    /// Gives a box to write, with its id.
    pub(crate) fn write_out(&mut self, number: u64, tick: u64) -> Option<([u8; ID_LEN], Vec<u8>)> {
        let waiting = self.get(number)?;
        (waiting.written, waiting.is_missing) = (Some(tick), false);
        Some((waiting.id, waiting.boxed.clone()))
    }

    /// The service has answered a request with that box.
    pub(crate) fn stored(&mut self, number: u64) {
        if let Some(waiting) = self.get(number) {
            waiting.is_stored = true;
        }
    }

    /// A request with that box was lost, or its reply.
    pub(crate) fn lost(&mut self, number: u64) {
        if let Some(waiting) = self.get(number).filter(|waiting| !waiting.is_stored) {
            waiting.written = None;
        }
    }

    /// The friend has read all boxes before `read`, and holds those behind it that `held` has a bit for. Gives how many
    /// texts he has read for certain, if any box was.
    pub(crate) fn acknowledge(&mut self, read: u64, held: u64) -> Result<Option<u64>, Violation> {
        if read < self.read || read > self.sealed() {
            return Err(Violation);
        }
        let mut texts = None;
        while self.read < read {
            texts = self.boxes.pop_front().map(|waiting| waiting.texts).or(texts);
            self.read = self.read.saturating_add(1);
        }
        let mut has_later = false;
        for (place, waiting) in self.boxes.iter_mut().enumerate().rev() {
            // bit 0 stands for the box behind the first that he lacks
            let bit = place.checked_sub(1).and_then(|place| u32::try_from(place).ok());
            waiting.is_held = bit.is_some_and(|bit| held.unbounded_shr(bit) & 1 == 1);
            waiting.is_missing = has_later && !waiting.is_held;
            has_later |= waiting.is_held;
        }
        Ok(texts)
    }

    /// How many texts are with the service for certain, if more than those that were read.
    pub(crate) fn stored_texts(&self) -> Option<u64> {
        self.boxes.iter().take_while(|waiting| waiting.is_stored).last().map(|waiting| waiting.texts)
    }

    /// Of the chain before each box that was not read.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.boxes.iter().map(|waiting| waiting.fingerprint)
    }

    /// What it takes in a state.
    pub(crate) fn state_len(&self, len: BoxLen) -> usize {
        let each = len.get().saturating_add(64);
        self.boxes.len().saturating_mul(each).saturating_add(RANGE * ID_LEN).saturating_add(16)
    }

    fn get(&mut self, number: u64) -> Option<&mut Waiting> {
        self.boxes.get_mut(usize::try_from(number.checked_sub(self.read)?).ok()?)
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.u64(self.read);
        to.count(self.boxes.len());
        for waiting in &self.boxes {
            to.put(&waiting.id);
            to.put(&waiting.boxed);
            to.put(&waiting.fingerprint);
            to.u64(waiting.texts);
            to.bool(waiting.is_stored);
        }
        self.ids.iter().for_each(|id| to.put(id));
    }

    pub(crate) fn read_from(from: &mut Reader<'_>, len: BoxLen) -> Option<Self> {
        let read = from.boxes()?;
        let mut boxes = VecDeque::new();
        for _ in 0..from.count(RANGE)? {
            boxes.push_back(Waiting {
                id: from.array()?,
                boxed: from.take(len.get())?.to_vec(),
                fingerprint: from.array()?,
                texts: from.u64()?,
                is_stored: from.bool()?,
                is_held: false,
                is_missing: false,
                written: None,
            });
        }
        let ids = (0..RANGE).map(|_| from.array()).collect::<Option<_>>()?;
        Some(Self { read, boxes, ids })
    }
}
