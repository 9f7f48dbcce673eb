//! Deliberate faults, around the registers and in the instructions' operands.
#![expect(unsafe_code, reason = "the instructions' traits have unsafe functions")]

use super::instructions::{Model, Wide};
use crate::{
    backend::{
        aesenc::{AesNi, Aesenc, Vaes512},
        simd::Simd,
    },
    block::{Block, Pair},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    None,
    /// The keys of the rounds in the wrong order.
    Keys,
    /// No offset.
    Offset,
    /// The last round's key, which is a mask, left out.
    Mask,
    /// A block too many in the sum of the last pairs.
    Sum,
    /// The offsets of neighbouring registers exchanged.
    Gather,
    /// Left and right exchanged.
    Load,
    Store,
    /// The second pass finds left and right exchanged.
    Stash,
    /// Lanes of a register: one block too few, or in another order.
    MaskOfLoad,
    MaskOfStore,
    MaskOfSum,
    Shuffle,
    Permutation,
}

impl Fault {
    pub(super) const OF_ALL: [Self; 6] = [Self::Keys, Self::Offset, Self::Mask, Self::Sum, Self::Load, Self::Store];
    pub(super) const OF_WIDE: [Self; 2] = [Self::Gather, Self::Stash];
    pub(super) const OF_AES_NI: [Self; 1] = [Self::Keys];
    pub(super) const OF_LANES: [Self; 5] =
        [Self::MaskOfLoad, Self::MaskOfStore, Self::MaskOfSum, Self::Shuffle, Self::Permutation];
}

/// Registers or instructions with a fault.
#[derive(Clone, Copy)]
pub(super) struct Faulty<T>(pub(super) T, pub(super) Fault);

impl<T> Faulty<T> {
    fn has(&self, fault: Fault) -> bool {
        self.1 == fault
    }
}

impl<S: Simd> Simd for Faulty<S> {
    type Block = S::Block;
    type Register = S::Register;
    type Single = Faulty<S::Single>;
    const WIDTH: usize = S::WIDTH;

    fn single(self) -> Self::Single {
        Faulty(self.0.single(), self.1)
    }

    fn splat(self, block: S::Block) -> S::Register {
        self.0.splat(block)
    }

    fn gather(self, blocks: &[S::Block]) -> S::Register {
        if self.has(Fault::Gather) { self.splat(blocks[0]) } else { self.0.gather(blocks) }
    }

    fn load(self, pairs: &[Pair]) -> [S::Register; 2] {
        swap_if(self.has(Fault::Load), self.0.load(pairs))
    }

    fn store(self, halves: [S::Register; 2], pairs: &mut [Pair]) {
        self.0.store(swap_if(self.has(Fault::Store), halves), pairs);
    }

    fn stash(self, halves: [S::Register; 2], pairs: &mut [Pair]) {
        self.0.stash(halves, pairs);
    }

    fn unstash(self, pairs: &[Pair]) -> [S::Register; 2] {
        swap_if(self.has(Fault::Stash), self.0.unstash(pairs))
    }

    fn first(self, register: S::Register, count: usize) -> S::Register {
        let count = if self.has(Fault::Sum) { S::WIDTH.min(count.saturating_add(1)) } else { count };
        self.0.first(register, count)
    }

    fn sum(self, register: S::Register) -> S::Block {
        self.0.sum(register)
    }

    fn rounds<const M: usize, const R: usize>(
        self,
        x: [S::Register; M],
        offset: [S::Register; M],
        mut keys: [S::Block; R],
        last: [S::Register; M],
    ) -> [S::Register; M] {
        let zeros = [self.splat(S::Block::zero()); M];
        if self.has(Fault::Keys) {
            keys.reverse();
        }
        let offset = if self.has(Fault::Offset) { zeros } else { offset };
        let last = if self.has(Fault::Mask) { zeros } else { last };
        self.0.rounds(x, offset, keys, last)
    }
}

fn swap_if<T>(condition: bool, [left, right]: [T; 2]) -> [T; 2] {
    if condition { [right, left] } else { [left, right] }
}

impl<R> Aesenc<R> for Faulty<Model>
where
    Model: Aesenc<R>,
{
    fn aesenc(self, x: R, key: R) -> R {
        self.0.aesenc(x, key)
    }
}

impl AesNi for Faulty<Model> {
    type Xmm = Wide<1>;

    fn aesenc_8x3(self, x: [Wide<1>; 8], mut keys: [Wide<1>; 3]) -> [Wide<1>; 8] {
        if self.has(Fault::Keys) {
            keys.reverse();
        }
        self.0.aesenc_8x3(x, keys)
    }

    fn fence(self) {}
}

impl Vaes512 for Faulty<Model> {
    type AesNi = Model;
    type Zmm = <Model as Vaes512>::Zmm;

    fn aes_ni(self) -> Model {
        self.0
    }

    fn broadcast_i32x4(self, xmm: Wide<1>) -> Self::Zmm {
        self.0.broadcast_i32x4(xmm)
    }

    fn set_i32x4(self, blocks: [Wide<1>; 4]) -> Self::Zmm {
        self.0.set_i32x4(blocks)
    }

    fn extract_i32x4(self, zmm: Self::Zmm) -> [Wide<1>; 4] {
        self.0.extract_i32x4(zmm)
    }

    fn shuffle_i64x2<const ORDER: i32>(self, a: Self::Zmm, b: Self::Zmm) -> Self::Zmm {
        if self.has(Fault::Shuffle) { self.0.shuffle_i64x2::<ORDER>(b, a) } else { self.0.shuffle_i64x2::<ORDER>(a, b) }
    }

    fn permutex2var_epi64(self, a: Self::Zmm, mut order: [i64; 8], b: Self::Zmm) -> Self::Zmm {
        if self.has(Fault::Permutation) {
            order.swap(2, 4);
        }
        self.0.permutex2var_epi64(a, order, b)
    }

    fn maskz_mov_epi64(self, mask: u8, zmm: Self::Zmm) -> Self::Zmm {
        self.0.maskz_mov_epi64(if self.has(Fault::MaskOfSum) { mask >> 2 } else { mask }, zmm)
    }

    fn loadu(self, pairs: &[Pair; 2]) -> Self::Zmm {
        Vaes512::loadu(self.0, pairs)
    }

    fn storeu(self, zmm: Self::Zmm, pairs: &mut [Pair; 2]) {
        Vaes512::storeu(self.0, zmm, pairs);
    }

    unsafe fn maskz_loadu_epi64(self, mask: u8, pairs: &[Pair]) -> Self::Zmm {
        // SAFETY: as the caller says, or fewer lanes
        unsafe { self.0.maskz_loadu_epi64(if self.has(Fault::MaskOfLoad) { mask >> 2 } else { mask }, pairs) }
    }

    unsafe fn mask_storeu_epi64(self, mask: u8, zmm: Self::Zmm, pairs: &mut [Pair]) {
        // SAFETY: as the caller says, or fewer lanes
        unsafe { self.0.mask_storeu_epi64(if self.has(Fault::MaskOfStore) { mask >> 2 } else { mask }, zmm, pairs) }
    }
}
