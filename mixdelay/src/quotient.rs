//! Division of double-precision numbers by integer arithmetic, for caps and means.
//!
//! Rates are public, so this may branch and divide. The sampler may not; it uses only the
//! reciprocal computed here.
#![expect(clippy::integer_division_remainder_used, reason = "rates are public, and divided once")]
#![expect(clippy::arithmetic_side_effects, reason = "the bounds of the operands are stated at each operation")]

use crate::RateError;

/// A positive number: `significand` · 2^`exponent`, the significand in 2⁵² … 2⁵³ − 1.
#[derive(Clone, Copy)]
pub(crate) struct Binary64 {
    pub(crate) significand: u64,
    pub(crate) exponent: i32,
}

impl Binary64 {
    /// Decodes the bits of an IEEE 754 binary64.
    pub(crate) const fn positive(bits: u64) -> Result<Self, RateError> {
        const FRACTION: u64 = (1 << 52) - 1;
        let (negative, biased, fraction) = (bits >> 63 == 1, (bits >> 52) & 0x7ff, bits & FRACTION);
        match (biased, fraction) {
            (0x7ff, 1..) => Err(RateError::NotANumber),
            (0, 0) => Err(RateError::Zero),
            _ if negative => Err(RateError::Negative),
            (0x7ff, _) => Err(RateError::Infinite),
            (0, _) => {
                // subnormal: 11 … 63 leading zeros
                let up = fraction.leading_zeros() - 11;
                Ok(Self { significand: fraction << up, exponent: -1074 - up.cast_signed() })
            }
            #[expect(clippy::cast_possible_truncation, reason = "11 bits")]
            _ => Ok(Self { significand: fraction | (1 << 52), exponent: biased as i32 - 1075 }),
        }
    }

    /// The reciprocal as `(r, shift)`: r · 2^-shift, where r has 63 or 64 bits and is rounded down.
    pub(crate) const fn reciprocal(self) -> (u64, i32) {
        // The significand moved up to 2⁶³ … 2⁶⁴ − 1, so the quotient is in 2⁶² … 2⁶³.
        let divisor = (self.significand as u128) << 11;
        #[expect(clippy::cast_possible_truncation, reason = "at most 2⁶³")]
        let reciprocal = ((1 << 126) / divisor) as u64;
        (reciprocal, 126 + self.exponent - 11)
    }
}

/// A quotient rounded to the nearest of 53 bits, as a double-precision division gives it.
///
/// A quotient outside the range of double precision is neither infinite nor less precise here,
/// which makes no difference once it is rounded up to an integer.
#[derive(Clone, Copy)]
pub(crate) struct Quotient {
    significand: u64,
    exponent: i32,
}

impl Quotient {
    pub(crate) const fn of(dividend: Binary64, divisor: Binary64) -> Self {
        // One place more if the first digit would be 0: the quotient then has exactly 54 bits, the
        // last for rounding.
        let places = if dividend.significand < divisor.significand { 54 } else { 53 };
        let scaled = (dividend.significand as u128) << places;
        #[expect(clippy::cast_possible_truncation, reason = "54 bits")]
        let quotient = (scaled / divisor.significand as u128) as u64;
        // The last bit decides. No quotient is exactly half-way: an odd one of 54 bits divides no
        // dividend of 53.
        let (kept, up) = (quotient >> 1, quotient & 1);
        Self { significand: kept + up, exponent: dividend.exponent - divisor.exponent - places + 1 }
    }

    /// Rounds up to an integer; `None` if it does not fit 64 bits.
    pub(crate) const fn ceil(self) -> Option<u64> {
        let Self { significand, exponent } = self;
        if exponent >= 0 {
            let up = exponent.unsigned_abs();
            return if up <= significand.leading_zeros() { Some(significand << up) } else { None };
        }
        let down = exponent.unsigned_abs();
        if down > 63 {
            return Some(1); // at most 2⁵³ · 2⁻⁶⁴, and more than 0
        }
        Some((significand >> down) + (significand & ((1 << down) - 1) != 0) as u64)
    }

    /// Rounds up to an integer, saturating.
    pub(crate) const fn ceil_saturating(self) -> u64 {
        match self.ceil() {
            Some(integer) => integer,
            None => u64::MAX,
        }
    }
}
