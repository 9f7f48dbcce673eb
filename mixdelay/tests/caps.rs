//! Caps and means computed with integers equal those of double-precision arithmetic, bit for bit.

use mixwell_mixdelay::{Rate, RateError, safety_cap_millis};
use proptest::prelude::*;

const MINUS_LN_1E_12: f64 = 27.631_021_115_928_547;

fn check(lambda: f64) {
    // A cast from floating point saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "that is meant")]
    let ceil = |quotient: f64| quotient.ceil() as u64;
    assert_eq!(safety_cap_millis(lambda), ceil(MINUS_LN_1E_12 / lambda), "{lambda:e}");
    let mean = 1.0 / lambda;
    let expected = if mean < 2.0_f64.powi(64) { Ok(ceil(mean)) } else { Err(RateError::MeanTooLong) };
    assert_eq!(Rate::per_milli(lambda).and_then(|rate| rate.mean_millis()), expected, "{lambda:e}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_positive_number(bits in 1..f64::INFINITY.to_bits()) {
        check(f64::from_bits(bits));
    }

    #[test]
    fn rates_that_networks_use(mean in 1e-3..1e20) {
        check(1.0 / mean);
    }

    #[test]
    fn quotients_next_to_an_integer(cap in 1_u32.., off in -2_i64..3) {
        let near = MINUS_LN_1E_12 / f64::from(cap);
        check(f64::from_bits(near.to_bits().checked_add_signed(off).unwrap()));
        check(f64::from_bits((1.0 / f64::from(cap)).to_bits().checked_add_signed(off).unwrap()));
    }
}

#[test]
fn the_ends() {
    for lambda in [f64::MIN_POSITIVE, f64::MAX, f64::from_bits(1), f64::from_bits((1 << 52) - 1), 1.0, 0.5, 2.0] {
        check(lambda);
    }
    for bit in 0..52 {
        check(f64::from_bits(1 << bit));
    }
    for exponent in 1..0x7ff {
        check(f64::from_bits(exponent << 52));
    }
    for exponent in -320..308 {
        check(format!("1e{exponent}").parse().unwrap());
    }
}

#[test]
fn the_constant_is_the_nearest_number() {
    assert_eq!((-(1e-12_f64).ln()).to_bits(), MINUS_LN_1E_12.to_bits());
}
