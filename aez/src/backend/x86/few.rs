//! Fewer than eight pairs of blocks, by fours, twos and ones: each is straight code, where eight with gaps would be loops.
#![expect(clippy::indexing_slicing, reason = "under N; core's `zip` is not inlined without link-time optimisation")]

use super::xmm::{Xmm, four};
use crate::{
    engine::{Block, Pair},
    offsets::Offsets,
};
use core::{array::from_mut, slice::Iter};

/// One of the two passes, as [`Engine`](crate::engine::Engine) has them for eight pairs.
pub(super) trait Pass {
    /// Does it on pairs in place, under these offsets of E(1, i, ·); gives the sum of its Xi or Yi.
    ///
    /// # Safety
    /// The processor must have AES-NI.
    unsafe fn on<const N: usize>(&self, offsets: &Offsets<Xmm>, pairs: &mut [Pair; N], offset: [Xmm; N]) -> Xmm;
}

/// [`first`](crate::engine::Engine::first).
pub(super) struct First;

/// [`second`](crate::engine::Engine::second), with what it takes to tweak S.
pub(super) struct Second(pub(super) Xmm);

/// Does a pass.
///
/// # Safety
/// The processor must have AES-NI.
#[inline(always)]
pub(super) unsafe fn pass(pass: &impl Pass, offsets: &Offsets<Xmm>, pairs: &mut [Pair], common: Xmm) -> Xmm {
    let (fours, pairs) = pairs.as_chunks_mut::<4>();
    let (twos, ones) = pairs.as_chunks_mut::<2>();
    let mut l = offsets.l.iter();
    let mut sum = Xmm::zero();
    // SAFETY: the processor has AES-NI, says the caller
    unsafe {
        for four in fours {
            sum = sum ^ pass.on(offsets, four, next(&mut l, common));
        }
        for two in twos {
            sum = sum ^ pass.on(offsets, two, next(&mut l, common));
        }
        for one in ones {
            sum = sum ^ pass.on(offsets, from_mut(one), next(&mut l, common));
        }
    }
    sum
}

/// The offsets of the next pairs.
#[inline(always)]
fn next<const N: usize>(l: &mut Iter<'_, Xmm>, common: Xmm) -> [Xmm; N] {
    let mut offset = [common; N];
    for offset in &mut offset {
        if let Some(l) = l.next() {
            *offset = *offset ^ *l;
        }
    }
    offset
}

impl Pass for First {
    #[inline(always)]
    unsafe fn on<const N: usize>(&self, offsets: &Offsets<Xmm>, pairs: &mut [Pair; N], offset: [Xmm; N]) -> Xmm {
        let [left, right] = halves(pairs);
        // SAFETY: the processor has AES-NI, says the caller
        let w = unsafe { four(offsets, xor(right, offset), left) };
        // SAFETY: the same
        let x = unsafe { four(offsets, xor(w, [offsets.i; N]), right) };
        put(pairs, w, x);
        total(x)
    }
}

impl Pass for Second {
    #[inline(always)]
    unsafe fn on<const N: usize>(&self, offsets: &Offsets<Xmm>, pairs: &mut [Pair; N], offset: [Xmm; N]) -> Xmm {
        let [w, x] = halves(pairs);
        // SAFETY: the processor has AES-NI, says the caller
        let s = unsafe { four(offsets, xor(offset, [self.0; N]), [Xmm::zero(); N]) };
        let (y, z) = (xor(w, s), xor(x, s));
        // SAFETY: the same
        let right = unsafe { four(offsets, xor(z, [offsets.i; N]), y) };
        // SAFETY: the same
        let left = unsafe { four(offsets, xor(right, offset), z) };
        put(pairs, left, right);
        total(y)
    }
}

#[inline(always)]
fn halves<const N: usize>(pairs: &[Pair; N]) -> [[Xmm; N]; 2] {
    let [mut left, mut right] = [[Xmm::zero(); N]; 2];
    for n in 0..N {
        (left[n], right[n]) = (Xmm::from_bytes(&pairs[n][0]), Xmm::from_bytes(&pairs[n][1]));
    }
    [left, right]
}

#[inline(always)]
fn put<const N: usize>(pairs: &mut [Pair; N], left: [Xmm; N], right: [Xmm; N]) {
    for n in 0..N {
        pairs[n] = [left[n].to_bytes(), right[n].to_bytes()];
    }
}

#[inline(always)]
fn xor<const N: usize>(mut x: [Xmm; N], y: [Xmm; N]) -> [Xmm; N] {
    for n in 0..N {
        x[n] = x[n] ^ y[n];
    }
    x
}

#[inline(always)]
fn total<const N: usize>(blocks: [Xmm; N]) -> Xmm {
    let mut sum = Xmm::zero();
    for block in blocks {
        sum = sum ^ block;
    }
    sum
}
