//! `LambdaG`, the rate of gateways' loop decoys, which authorities compute and do not vote on.

use mixwell_pki_types::Rates;

/// `LambdaG` per millisecond for `gateways` configured gateways and `mixes` mixes in the largest
/// configured layer. Every authority must get the same bits, so the operations and their order are
/// part of the format.
#[expect(clippy::cast_precision_loss, reason = "a configuration names fewer nodes than 2^53")]
pub(super) fn lambda_g(rates: &Rates, gateways: usize, mixes: usize) -> f64 {
    if gateways == 0 || mixes <= 1 {
        return rates.lambda_p + rates.lambda_l;
    }
    let (gateways, mixes) = (gateways as f64, mixes as f64);
    ((mixes * mixes) * ln(mixes)) * rates.mu / gateways
}

/// The natural logarithm of a finite `x ≥ 1` as FreeBSD's libm computes it (`e_log.c`), without
/// fused multiply-add. It differs from the correctly rounded one in the last bit for some integers:
/// the smallest is 3, a common number of mixes in a layer.
#[expect(clippy::many_single_char_names, reason = "the names of the source")]
fn ln(x: f64) -> f64 {
    let (mut fraction, mut exponent) = frexp(x);
    if fraction < core::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1.0;
    }
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
    let even = w * (L2 + w * (L4 + w * L6));
    let r = odd + even;
    let h = 0.5 * f * f;
    exponent * LN2_HI - ((h - (s * (h + r) + exponent * LN2_LO)) - f)
}

/// Splits a normal positive number into a fraction in [½, 1) and a power of two.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "an exponent has 11 bits")]
fn frexp(x: f64) -> (f64, f64) {
    let bits = x.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i64;
    let fraction = (bits & MANTISSA) | HALF;
    (f64::from_bits(fraction), (exponent - EXPONENT_OF_HALF) as f64)
}

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
/// The biased exponent of numbers in [½, 1).
const EXPONENT_OF_HALF: i64 = 1022;
const HALF: u64 = 1022 << MANTISSA_BITS;

/// ln 2, split so that `k * LN2_HI` is exact.
const LN2_HI: f64 = 6.931_471_803_691_238e-1;
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
/// The coefficients of the polynomial for (ln(1 + s) − ln(1 − s) − 2s) / s.
const L1: f64 = 6.666_666_666_666_735e-1;
const L2: f64 = 3.999_999_999_940_942e-1;
const L3: f64 = 2.857_142_874_366_239e-1;
const L4: f64 = 2.222_219_843_214_978_4e-1;
const L5: f64 = 1.818_357_216_161_805e-1;
const L6: f64 = 1.531_383_769_920_937_3e-1;
const L7: f64 = 1.479_819_860_511_658_6e-1;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the bits are the format")]
mod tests {
    use super::*;

    /// The numbers of mixes for which the platform's logarithm differs in the last bit.
    #[test]
    fn differs_from_the_usual_logarithm_where_the_reference_does() {
        let differs: Vec<u32> = (1..=300).filter(|n| ln(f64::from(*n)) != f64::from(*n).ln()).collect();
        assert_eq!(differs, [3, 14, 48, 74, 176, 196, 220, 299]);
        for n in 1..=300 {
            let (got, want) = (ln(f64::from(n)), f64::from(n).ln());
            assert!((got - want).abs() <= want * 2.3e-16, "{n}: {got} {want}");
        }
    }

    #[test]
    fn small_topologies_have_the_rate_of_a_client() {
        let rates = Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, ..Rates::default() };
        for (gateways, mixes) in [(0, 5), (1, 0), (1, 1), (0, 0)] {
            assert_eq!(lambda_g(&rates, gateways, mixes), 0.001 + 0.0005);
        }
        assert_eq!(lambda_g(&rates, 1, 2), 0.013_862_943_611_198_907);
        assert_eq!(lambda_g(&rates, 2, 3), 0.024_718_776_495_032_464);
    }
}
