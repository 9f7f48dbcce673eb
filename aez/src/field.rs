//! Multiples of a block in GF(2¹²⁸), the block read as a big-endian number (AEZ v5, §2).

use crate::block::Block;

/// 2·B, without a branch on B.
pub(crate) const fn double(block: u128) -> u128 {
    let carry = block >> 127;
    (block << 1) ^ (carry.wrapping_neg() & 0x87)
}

/// (i mod 8)·B for i = 1 … 8.
#[inline(always)]
pub(crate) fn first_multiples<B: Block>(block: B) -> [B; 8] {
    let two = block.double();
    let four = two.double();
    let six = four ^ two;
    [block, two, two ^ block, four, four ^ block, six, six ^ block, B::zero()]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::backend::Columns;

    #[test]
    fn doubling_folds_the_carry_in() {
        assert_eq!(double(0), 0);
        assert_eq!(double(1), 2);
        assert_eq!(double(1 << 127), 0x87);
        assert_eq!(double(u128::MAX), u128::MAX ^ 1 ^ 0x87);
    }

    #[test]
    fn multiples_are_sums_of_doublings() {
        let block = 0xf0e1_d2c3_b4a5_9687_7869_5a4b_3c2d_1e0f;
        let multiples = first_multiples(Columns::from_number(block)).map(Block::to_number);
        for (i, multiple) in (1_u8..8).zip(multiples) {
            // Horner's rule over the bits of i, highest first
            let sum = (0..3).rev().fold(0, |sum, bit| double(sum) ^ if i >> bit & 1 == 1 { block } else { 0 });
            assert_eq!(multiple, sum, "{i}·B");
        }
        assert_eq!(multiples[7], 0);
    }

    #[test]
    fn doubles_columns() {
        doubles::<Columns>();
    }

    /// Checks an engine's own doubling.
    pub(crate) fn doubles<B: Block>() {
        for bit in 0..128 {
            for number in [1 << bit, !(1 << bit), u128::MAX >> bit] {
                assert_eq!(B::from_number(number).double().to_number(), double(number), "{number:032x}");
            }
        }
    }
}
