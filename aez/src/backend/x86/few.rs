//! Fewer than eight pairs of blocks, by fours, twos and ones: each is straight code, where eight with gaps would be loops.

use super::xmm::{Xmm, four};
use crate::{
    engine::{Block, Pair},
    offsets::Offsets,
};
use core::{array::from_mut, slice::Iter};

/// The first pass; gives the sum of the Xi.
///
/// # Safety
/// The processor must have AES-NI.
#[inline(always)]
pub(super) unsafe fn first_pass(offsets: &Offsets<Xmm>, pairs: &mut [Pair], common: Xmm) -> Xmm {
    let (fours, pairs) = pairs.as_chunks_mut::<4>();
    let (twos, ones) = pairs.as_chunks_mut::<2>();
    let mut l = offsets.l.iter();
    let mut sum = Xmm::zero();
    // SAFETY: the processor has AES-NI, says the caller
    unsafe {
        for four in fours {
            sum = sum ^ first(offsets, four, &mut l, common);
        }
        for two in twos {
            sum = sum ^ first(offsets, two, &mut l, common);
        }
        for one in ones {
            sum = sum ^ first(offsets, from_mut(one), &mut l, common);
        }
    }
    sum
}

/// The second pass; gives the sum of the Yi.
///
/// # Safety
/// The processor must have AES-NI.
#[inline(always)]
pub(super) unsafe fn second_pass(offsets: &Offsets<Xmm>, pairs: &mut [Pair], common: Xmm, s: Xmm) -> Xmm {
    let (fours, pairs) = pairs.as_chunks_mut::<4>();
    let (twos, ones) = pairs.as_chunks_mut::<2>();
    let mut l = offsets.l.iter();
    let mut sum = Xmm::zero();
    // SAFETY: the processor has AES-NI, says the caller
    unsafe {
        for four in fours {
            sum = sum ^ second(offsets, four, &mut l, common, s);
        }
        for two in twos {
            sum = sum ^ second(offsets, two, &mut l, common, s);
        }
        for one in ones {
            sum = sum ^ second(offsets, from_mut(one), &mut l, common, s);
        }
    }
    sum
}

#[inline(always)]
unsafe fn first<const N: usize>(
    offsets: &Offsets<Xmm>,
    pairs: &mut [Pair; N],
    l: &mut Iter<'_, Xmm>,
    common: Xmm,
) -> Xmm {
    let [mut left, mut right, mut offset] = [[Xmm::zero(); N]; 3];
    for ((((left, right), offset), pair), l) in left.iter_mut().zip(&mut right).zip(&mut offset).zip(&*pairs).zip(l) {
        *left = Xmm::from_bytes(&pair[0]);
        *right = Xmm::from_bytes(&pair[1]);
        *offset = *l ^ common;
    }
    // SAFETY: the processor has AES-NI, says the caller
    let w = xor(unsafe { four(offsets, xor(right, offset)) }, left);
    let x = xor(unsafe { four(offsets, xor(w, [offsets.i; N])) }, right);
    put(pairs, w, x);
    total(x)
}

#[inline(always)]
unsafe fn second<const N: usize>(
    offsets: &Offsets<Xmm>,
    pairs: &mut [Pair; N],
    l: &mut Iter<'_, Xmm>,
    common: Xmm,
    s: Xmm,
) -> Xmm {
    let [mut w, mut x, mut offset] = [[Xmm::zero(); N]; 3];
    for ((((w, x), offset), pair), l) in w.iter_mut().zip(&mut x).zip(&mut offset).zip(&*pairs).zip(l) {
        *w = Xmm::from_bytes(&pair[0]);
        *x = Xmm::from_bytes(&pair[1]);
        *offset = *l ^ common;
    }
    // SAFETY: the processor has AES-NI, says the caller
    let s = unsafe { four(offsets, xor(offset, [s; N])) };
    let (y, z) = (xor(w, s), xor(x, s));
    // SAFETY: the processor has AES-NI, says the caller
    let right = xor(unsafe { four(offsets, xor(z, [offsets.i; N])) }, y);
    let left = xor(unsafe { four(offsets, xor(right, offset)) }, z);
    put(pairs, left, right);
    total(y)
}

#[inline(always)]
fn xor<const N: usize>(mut x: [Xmm; N], y: [Xmm; N]) -> [Xmm; N] {
    for (x, y) in x.iter_mut().zip(y) {
        *x = *x ^ y;
    }
    x
}

#[inline(always)]
fn put<const N: usize>(pairs: &mut [Pair; N], left: [Xmm; N], right: [Xmm; N]) {
    for ((pair, left), right) in pairs.iter_mut().zip(left).zip(right) {
        *pair = [left.to_bytes(), right.to_bytes()];
    }
}

#[inline(always)]
fn total<const N: usize>(blocks: [Xmm; N]) -> Xmm {
    let mut sum = Xmm::zero();
    for block in blocks {
        sum = sum ^ block;
    }
    sum
}
