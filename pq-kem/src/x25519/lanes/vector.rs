//! The vector instructions that the lanes are built on.
//!
//! Code that is generic over them must be inlined into a function with their `target_feature`:
//! otherwise each instruction would be a call.

/// A vector of 64-bit words. A value exists only on a processor that has the instructions.
pub(super) trait Vector: Copy {
    /// Proof that the processor has the instructions, needed to make a vector.
    type Proof: Copy;
    /// A choice for each lane.
    type Mask: Copy;
    /// A word for each lane, in memory.
    type Words: AsRef<[u64]> + AsMut<[u64]> + Copy;

    /// All zeros.
    const ZEROS: Self::Words;

    fn load(proof: Self::Proof, words: &Self::Words) -> Self;
    fn store(self) -> Self::Words;
    fn splat(proof: Self::Proof, word: u64) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    /// Logical shift to the right.
    fn shift_right<const BITS: u64>(self) -> Self;
    fn shift_left<const BITS: u64>(self) -> Self;
    /// The 64-bit product of the lower 32 bits.
    fn mul_32(self, other: Self) -> Self;

    /// The lanes that are not zero.
    fn is_not_zero(self) -> Self::Mask;
    fn xor_mask(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `self` where the mask is not set, `other` where it is.
    fn select(self, other: Self, mask: Self::Mask) -> Self;
}

/// Multiplication of 52-bit numbers.
pub(super) trait Multiply52: Vector {
    /// `self` + the lower 52 bits of the product of the lower 52 bits of `a` and `b`.
    fn add_low(self, a: Self, b: Self) -> Self;
    /// `self` + the upper 52 bits of that product.
    fn add_high(self, a: Self, b: Self) -> Self;
    /// Arithmetic shift to the right.
    fn shift_right_signed<const BITS: u64>(self) -> Self;
}
