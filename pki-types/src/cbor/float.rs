//! Floats in the shortest form that preserves the value (RFC 7049 §3.9), by integer operations on
//! their bits.

use super::head;

/// A float as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortest {
    Half(u16),
    Single(u32),
    Double(u64),
}

impl Shortest {
    pub(super) fn new(value: f64) -> Self {
        if value.is_nan() {
            return Self::Half(0x7e00);
        }
        #[expect(clippy::cast_possible_truncation, reason = "whether the value survives is what the next line asks")]
        let single = value as f32;
        if f64::from(single).to_bits() != value.to_bits() {
            return Self::Double(value.to_bits());
        }
        half(single).map_or_else(|| Self::Single(single.to_bits()), Self::Half)
    }
}

/// The value of an item by its head, if it is a float.
pub(super) fn value(major: u8, info: u8, argument: u64) -> Option<f64> {
    match (major, info) {
        (head::SIMPLE, head::HALF) => Some(from_half(u16::try_from(argument).ok()?)),
        (head::SIMPLE, head::SINGLE) => Some(f32::from_bits(u32::try_from(argument).ok()?).into()),
        (head::SIMPLE, head::DOUBLE) => Some(f64::from_bits(argument)),
        _ => None,
    }
}

/// The half-precision float of the same value, if there is one.
fn half(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let exponent = (bits >> 23) & 0xff;
    let mantissa = bits & 0x7f_ffff;
    let (magnitude, dropped) = match exponent {
        0 if mantissa == 0 => (0, 0),
        // 2^-24 to 2^-15: subnormal as a half, so the leading one becomes part of the mantissa
        103..=112 => {
            let full = mantissa | 0x80_0000;
            let shift = 126_u32.saturating_sub(exponent);
            (full >> shift, full & (1_u32 << shift).saturating_sub(1))
        }
        113..=142 => (((exponent.saturating_sub(112)) << 10) | (mantissa >> 13), mantissa & 0x1fff),
        255 => (0x7c00, mantissa),
        _ => return None,
    };
    if dropped == 0 { u16::try_from(sign | magnitude).ok() } else { None }
}

/// The value of a half-precision float.
fn from_half(bits: u16) -> f64 {
    let bits = u64::from(bits);
    let sign = (bits & 0x8000) << 48;
    let exponent = (bits >> 10) & 0x1f;
    let mantissa = bits & 0x3ff;
    let magnitude = match exponent {
        // exact: mantissa × 2^-24
        0 => (f64::from(u32::try_from(mantissa).unwrap_or(0)) * f64::from_bits(0x3e70_0000_0000_0000)).to_bits(),
        0x1f => 0x7ff0_0000_0000_0000 | (mantissa << 42),
        _ => (exponent.saturating_add(1008) << 52) | (mantissa << 42),
    };
    f64::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives() {
        for bits in 0..=u16::MAX {
            let value = from_half(bits);
            let want = if value.is_nan() { 0x7e00 } else { bits };
            assert_eq!(Shortest::new(value), Shortest::Half(want), "{bits:04x} is {value}");
        }
    }

    #[test]
    fn known_values() {
        // RFC 7049, appendix A
        for (value, want) in [
            (0.0, Shortest::Half(0)),
            (-0.0, Shortest::Half(0x8000)),
            (1.5, Shortest::Half(0x3e00)),
            (65504.0, Shortest::Half(0x7bff)),
            (100_000.0, Shortest::Single(0x47c3_5000)),
            (5.960_464_477_539_063e-8, Shortest::Half(1)),
            (6.103_515_625e-5, Shortest::Half(0x0400)),
            (1.1, Shortest::Double(0x3ff1_9999_9999_999a)),
            (1.0e300, Shortest::Double(0x7e37_e43c_8800_759c)),
            (f64::INFINITY, Shortest::Half(0x7c00)),
            (f64::NEG_INFINITY, Shortest::Half(0xfc00)),
            (f64::from(f32::MIN_POSITIVE), Shortest::Single(0x0080_0000)),
        ] {
            assert_eq!(Shortest::new(value), want, "{value}");
        }
    }
}
