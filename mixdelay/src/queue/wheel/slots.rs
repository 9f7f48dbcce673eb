//! The slots of the wheel, and which are in use.

use super::chunks::Head;
use alloc::boxed::Box;

const DIGIT_BITS: u32 = 8;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Slots of the highest span 2³² ms, so that 32 bits tell an entry's release within its slot.
const LEVELS: usize = 5;
/// Bits of a time that the levels count: `DIGIT_BITS` · `LEVELS`.
const BITS: u32 = 40;

/// Where an entry is, seen from some moment.
pub(super) enum Spot {
    /// It need not wait.
    Due,
    /// In a slot.
    In(Place),
    /// Beyond the highest level.
    Far,
}

/// A level and a slot of it.
#[derive(Clone, Copy)]
pub(super) struct Place {
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

impl Place {
    pub(super) const COUNT: usize = LEVELS << DIGIT_BITS;

    /// Where an entry is, seen from `now`.
    #[inline]
    pub(super) fn of(release: u64, now: u64) -> Spot {
        if release <= now {
            return Spot::Due;
        }
        if release >= next_turn(now) {
            return Spot::Far;
        }
        let level = (release ^ now).ilog2() >> DIGIT_BITS.trailing_zeros();
        #[expect(clippy::cast_possible_truncation, reason = "one digit is meant; the level is below 5")]
        let place = Self { level: level as u8, digit: (release >> (level << DIGIT_BITS.trailing_zeros())) as u8 };
        Spot::In(place)
    }

    /// Whether the entries of this slot all have the same release.
    #[inline]
    pub(super) const fn is_exact(self) -> bool {
        self.level == 0
    }

    /// The earliest release that belongs here, seen from `now`: its digit, those of `now` above, zeros below.
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
    #[expect(clippy::indexing_slicing, reason = "`Place::of` makes levels below 5, digits are below 256")]
    #[inline]
    pub(super) fn head_mut(&mut self, place: Place) -> &mut Head {
        let level = &mut self.0[usize::from(place.level)];
        level.used[usize::from(place.digit >> 6)] |= 1 << (place.digit & 63);
        &mut level.heads[usize::from(place.digit)]
    }

    /// Marks a slot as unused if it has become empty.
    #[expect(clippy::indexing_slicing, reason = "as in `head_mut`")]
    pub(super) fn tidy(&mut self, place: Place) {
        let level = &mut self.0[usize::from(place.level)];
        if level.heads[usize::from(place.digit)].is_empty() {
            level.used[usize::from(place.digit >> 6)] &= !(1 << (place.digit & 63));
        }
    }

    /// Takes away all that is in a slot.
    pub(super) fn take(&mut self, place: Place) -> Head {
        let head = core::mem::replace(self.head_mut(place), Head::EMPTY);
        self.tidy(place);
        head
    }

    /// The slot whose entries are released first, and the earliest release that belongs there.
    #[inline]
    pub(super) fn first(&self, now: u64) -> Option<(Place, u64)> {
        let place =
            self.0.iter().zip(0..).find_map(|(level, number)| Some(Place { level: number, digit: level.first()? }))?;
        Some((place, place.start(now)))
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = Head> {
        self.0.iter().flat_map(|level| level.heads)
    }
}

/// When the highest level has turned once: every 35 years.
#[inline]
pub(super) fn next_turn(now: u64) -> u64 {
    (now >> BITS).saturating_add(1) << BITS
}

impl Level {
    fn first(&self) -> Option<u8> {
        let (word, base) = self.used.iter().zip((0_u8..).step_by(64)).find(|(word, _)| **word != 0)?;
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        Some(base | word.trailing_zeros() as u8)
    }
}
