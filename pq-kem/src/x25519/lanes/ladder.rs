//! The Montgomery ladder of RFC 7748, section 5, in every lane at once.

use super::vector::Vector;

/// Numbers modulo p = 2²⁵⁵ − 19, one in each lane.
///
/// Products are *tight*, and so are numbers read from bytes. Operands of sums and differences must
/// be tight; operands of products may be sums and differences.
pub(super) trait Field: Copy {
    type Vector: Vector;

    fn small(proof: <Self::Vector as Vector>::Proof, number: u64) -> Self;
    /// From the four words of each lane's number, least significant first. Ignores the top bit, as
    /// RFC 7748 says.
    fn from_words(proof: <Self::Vector as Vector>::Proof, words: &[<Self::Vector as Vector>::Words; 4]) -> Self;
    /// The four words of each lane's number, which must be tight. The number is not reduced to
    /// below p.
    fn to_words(self) -> [<Self::Vector as Vector>::Words; 4];

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn square(self) -> Self;
    /// `self` + 121665 · `other`, where `self` is tight. The result may be used as an operand of
    /// products only.
    fn add_121665_times(self, other: Self) -> Self;
    fn select(self, other: Self, mask: <Self::Vector as Vector>::Mask) -> Self;
}

/// The words of a vector.
type Words<F> = <<F as Field>::Vector as Vector>::Words;

/// The u coordinate of each lane's scalar (its lowest 255 bits) times the point with the lane's u,
/// as a fraction X/Z. All in words, as in [`Field::from_words`].
#[inline(always)]
pub(super) fn multiply<F: Field>(
    proof: <F::Vector as Vector>::Proof,
    scalars: &[Words<F>; 4],
    us: &[Words<F>; 4],
) -> ([Words<F>; 4], [Words<F>; 4]) {
    let u = F::from_words(proof, us);
    let (zero, one) = (F::small(proof, 0), F::small(proof, 1));
    let (mut x2, mut z2, mut x3, mut z3) = (one, zero, u, one);
    let mut swapped = F::Vector::splat(proof, 0).is_not_zero();
    for bit in (0..255_u32).rev() {
        let word = F::Vector::load(proof, &scalars[(bit >> 6) as usize & 3]);
        let bit = word.and(F::Vector::splat(proof, 1 << (bit & 63))).is_not_zero();
        let swap = F::Vector::xor_mask(swapped, bit);
        swapped = bit;

        let (a, b) = (x2.add(z2), x2.sub(z2));
        let (c, d) = (x3.add(z3), x3.sub(z3));
        let (da, cb) = (d.mul(a), c.mul(b));
        // Instead of swapping (x2, z2) and (x3, z3), as the RFC does, select which of the two is
        // doubled: their sum does not depend on the order.
        let (aa, bb) = (a.select(c, swap).square(), b.select(d, swap).square());
        let e = aa.sub(bb);
        x3 = da.add(cb).square();
        z3 = u.mul(da.sub(cb).square());
        x2 = aa.mul(bb);
        z2 = e.mul(aa.add_121665_times(e));
    }
    (x2.select(x3, swapped).to_words(), z2.select(z3, swapped).to_words())
}
