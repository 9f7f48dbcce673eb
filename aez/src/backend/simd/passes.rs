//! The two passes over pairs of blocks side by side in M registers.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "under M, at most eight; core's `zip` is not inlined without link-time optimisation"
)]

use super::{Simd, xor_each};
use crate::{
    block::{Block, Pair},
    offsets::Offsets,
};

/// (W_i, X_i) from (M_i, M_i'). The offset is that of E(1, i, ·).
#[inline(always)]
pub(super) fn pass1<S: Simd, const M: usize>(
    simd: S,
    key: &Offsets<S::Block>,
    [left, right]: [[S::Register; M]; 2],
    offset: [S::Register; M],
) -> [[S::Register; M]; 2] {
    let Offsets { i, j, l: [l, ..], .. } = *key;
    // W_i = M_i ⊕ E(1, i, M_i')
    let w = simd.rounds(right, offset, [j, i, l], left);
    // X_i = M_i' ⊕ E(0, 0, W_i)
    let x = simd.rounds(w, [simd.splat(i); M], [j, i, l], right);
    [w, x]
}

/// (C_i, C_i') and Y_i from (W_i, X_i). The offset is that of E(1, i, ·), and `s` is S ⊕ 3·J.
#[inline(always)]
pub(super) fn pass2<S: Simd, const M: usize>(
    simd: S,
    key: &Offsets<S::Block>,
    [w, x]: [[S::Register; M]; 2],
    offset: [S::Register; M],
    s: S::Block,
) -> ([[S::Register; M]; 2], [S::Register; M]) {
    let Offsets { i, j, l: [l, ..], .. } = *key;
    // S' = E(2, i, S)      Y_i = W_i ⊕ S'      Z_i = X_i ⊕ S'
    let s = simd.rounds([simd.splat(s); M], offset, [j, i, l], zeros(simd));
    let (y, z) = (xor_each(w, s), xor_each(x, s));
    // C_i' = Y_i ⊕ E(0, 0, Z_i)
    let right = simd.rounds(z, [simd.splat(i); M], [j, i, l], y);
    // C_i = Z_i ⊕ E(1, i, C_i')
    let left = simd.rounds(right, offset, [j, i, l], z);
    ([left, right], y)
}

#[inline(always)]
pub(super) fn zeros<S: Simd, const M: usize>(simd: S) -> [S::Register; M] {
    [simd.splat(S::Block::zero()); M]
}

#[inline(always)]
pub(super) fn load<S: Simd, const M: usize>(simd: S, pairs: &[Pair]) -> [[S::Register; M]; 2] {
    let [mut left, mut right] = [zeros(simd); 2];
    for n in 0..M {
        [left[n], right[n]] = simd.load(&pairs[within::<S>(n, pairs.len())]);
    }
    [left, right]
}

#[inline(always)]
pub(super) fn store<S: Simd, const M: usize>(simd: S, [left, right]: [[S::Register; M]; 2], pairs: &mut [Pair]) {
    for n in 0..M {
        let within = within::<S>(n, pairs.len());
        simd.store([left[n], right[n]], &mut pairs[within]);
    }
}

#[inline(always)]
pub(super) fn stash<S: Simd, const M: usize>(simd: S, [left, right]: [[S::Register; M]; 2], pairs: &mut [Pair; 8]) {
    for n in 0..M {
        simd.stash([left[n], right[n]], &mut pairs[within::<S>(n, 8)]);
    }
}

#[inline(always)]
pub(super) fn unstash<S: Simd, const M: usize>(simd: S, pairs: &[Pair; 8]) -> [[S::Register; M]; 2] {
    let [mut left, mut right] = [zeros(simd); 2];
    for n in 0..M {
        [left[n], right[n]] = simd.unstash(&pairs[within::<S>(n, 8)]);
    }
    [left, right]
}

/// The sum of the registers, not yet added across.
#[inline(always)]
pub(super) fn sum<S: Simd, const M: usize>(simd: S, registers: [S::Register; M]) -> S::Register {
    let mut sum = simd.splat(S::Block::zero());
    for register in registers {
        sum = sum ^ register;
    }
    sum
}

/// The sum of the first `count` blocks, not yet added across.
#[inline(always)]
pub(super) fn sum_of_first<S: Simd, const M: usize>(
    simd: S,
    mut registers: [S::Register; M],
    count: usize,
) -> S::Register {
    for (n, register) in registers.iter_mut().enumerate() {
        *register = simd.first(*register, within::<S>(n, count).len());
    }
    sum(simd, registers)
}

/// The blocks or pairs of register n, of `count`.
#[inline(always)]
fn within<S: Simd>(n: usize, count: usize) -> core::ops::Range<usize> {
    count.min(n * S::WIDTH)..count.min((n + 1) * S::WIDTH)
}
