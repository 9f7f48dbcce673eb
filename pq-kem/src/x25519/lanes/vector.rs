//! The instructions that the lanes are made of: several 64-bit words side by side.
//!
//! What is generic over them is inlined into one function that is compiled for the instructions' processor. Without that, each
//! instruction would be a call.

/// A 64-bit word in each lane. A value exists only where the processor has the instructions.
pub(super) trait Vector: Copy {
    /// What makes the first value: proof that the processor has the instructions.
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
    /// The product of the lower halves.
    fn mul_32(self, other: Self) -> Self;

    /// Which lanes are different from zero.
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
