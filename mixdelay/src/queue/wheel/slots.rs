//! The slots of the wheel, with a bit map of those in use.

use super::chunks::Head;
use alloc::boxed::Box;

const DIGIT_BITS: u32 = 8;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Slots of the highest level span 2³² ms, so 32 bits determine an entry's release within its slot.
const LEVELS: usize = 5;
/// Bits of a time that the levels cover: `DIGIT_BITS` · `LEVELS`.
const BITS: u32 = 40;

/// The place of an entry in the wheel at a given time.
pub(super) enum Spot {
    /// Released already.
    Due,
    /// In a slot.
    In(SlotIndex),
    /// Beyond the highest level.
    Far,
}

/// A level, and a slot within it.
#[derive(Clone, Copy)]
pub(super) struct SlotIndex {
    level: u8,
    digit: u8,
}

pub(super) struct Slots(Box<[Level; LEVELS]>);

#[derive(Clone, Copy)]
struct Level {
    heads: [Head; DIGITS],
    /// A bit for each slot that is not empty.
    used: [u64; DIGITS >> 6],
}

impl SlotIndex {
    pub(super) const COUNT: usize = LEVELS << DIGIT_BITS;

    /// Where an entry with this release belongs at `now`.
    #[inline]
    pub(super) fn of(release: u64, now: u64) -> Spot {
        if release <= now {
            return Spot::Due;
        }
        if release >= wraps_at(now) {
            return Spot::Far;
        }
        let level = (release ^ now).ilog2() >> DIGIT_BITS.trailing_zeros();
        #[expect(clippy::cast_possible_truncation, reason = "one digit of 8 bits; the level is below 5")]
        let slot = Self { level: level as u8, digit: (release >> (level << DIGIT_BITS.trailing_zeros())) as u8 };
        Spot::In(slot)
    }

    /// Whether the entries of this slot all have the same release.
    #[inline]
    pub(super) const fn is_exact(self) -> bool {
        self.level == 0
    }

    /// The earliest release that belongs here at `now`: this digit, the digits of `now` above,
    /// zeros below.
    fn start(self, now: u64) -> u64 {
        let low_bits = u32::from(self.level).saturating_mul(DIGIT_BITS);
        let above = (now >> low_bits >> DIGIT_BITS) << DIGIT_BITS;
        (above | u64::from(self.digit)) << low_bits
    }
}

impl Slots {
    pub(super) fn new() -> Self {
        Self(Box::new([Level { heads: [Head::EMPTY; DIGITS], used: [0; DIGITS >> 6] }; LEVELS]))
    }

    /// The head of a slot that is about to be pushed to, or removed from.
    #[expect(clippy::indexing_slicing, reason = "`SlotIndex::of` returns levels below 5; digits are below 256")]
    #[inline]
    pub(super) fn head_mut(&mut self, slot: SlotIndex) -> &mut Head {
        let level = &mut self.0[usize::from(slot.level)];
        level.used[usize::from(slot.digit >> 6)] |= 1 << (slot.digit & 63);
        &mut level.heads[usize::from(slot.digit)]
    }

    /// Marks a slot as unused if it has become empty.
    #[expect(clippy::indexing_slicing, reason = "as in `head_mut`")]
    pub(super) fn tidy(&mut self, slot: SlotIndex) {
        let level = &mut self.0[usize::from(slot.level)];
        if level.heads[usize::from(slot.digit)].is_empty() {
            level.used[usize::from(slot.digit >> 6)] &= !(1 << (slot.digit & 63));
        }
    }

    /// Empties a slot.
    pub(super) fn take(&mut self, slot: SlotIndex) -> Head {
        let head = core::mem::replace(self.head_mut(slot), Head::EMPTY);
        self.tidy(slot);
        head
    }

    /// The slot whose entries are released first, and the earliest release that belongs there.
    #[inline]
    pub(super) fn first(&self, now: u64) -> Option<(SlotIndex, u64)> {
        let slot = self
            .0
            .iter()
            .zip(0..)
            .find_map(|(level, number)| Some(SlotIndex { level: number, digit: level.first()? }))?;
        Some((slot, slot.start(now)))
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = Head> {
        self.0.iter().flat_map(|level| level.heads)
    }
}

/// When the highest level wraps: every 35 years.
#[inline]
pub(super) fn wraps_at(now: u64) -> u64 {
    (now >> BITS).saturating_add(1) << BITS
}

impl Level {
    fn first(&self) -> Option<u8> {
        let (word, base) = self.used.iter().zip((0_u8..).step_by(64)).find(|(word, _)| **word != 0)?;
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        Some(base | word.trailing_zeros() as u8)
    }
}
