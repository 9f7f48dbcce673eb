//! `LambdaG` as the reference computes it (`docs/spec/authority.md#lambdag`).

use mixwell_pki_types::Rates;

/// The rate for `gateways` configured gateways and `mixes` mixes in the largest configured layer.
#[expect(clippy::cast_precision_loss, reason = "a test network has few nodes")]
pub(super) fn lambda_g(rates: &Rates, gateways: usize, mixes: usize) -> f64 {
    if gateways == 0 || mixes <= 1 {
        return rates.lambda_p + rates.lambda_l;
    }
    let (gateways, mixes) = (gateways as f64, mixes as f64);
    ((mixes * mixes) * log(mixes)) * rates.mu / gateways
}

/// FreeBSD's `log` of a number from 2, without fused multiply-add.
#[expect(clippy::many_single_char_names, clippy::suboptimal_flops, reason = "the bits are the format")]
fn log(x: f64) -> f64 {
    let (mut fraction, mut k) = (x, 0.0);
    while fraction >= 1.0 {
        (fraction, k) = (fraction / 2.0, k + 1.0);
    }
    if fraction < core::f64::consts::FRAC_1_SQRT_2 {
        (fraction, k) = (fraction * 2.0, k - 1.0);
    }
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let [l1, l2, l3, l4, l5, l6, l7] = L;
    let r = z * (l1 + w * (l3 + w * (l5 + w * l7))) + w * (l2 + w * (l4 + w * l6));
    let h = 0.5 * f * f;
    k * HI - ((h - (s * (h + r) + k * LO)) - f)
}

const HI: f64 = 6.931_471_803_691_238e-1;
const LO: f64 = 1.908_214_929_270_587_7e-10;
const L: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];
