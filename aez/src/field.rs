//! Multiples of a block in GF(2¹²⁸), the block read as a big-endian number (AEZ v5, §2).

/// 2·B, without a branch on B.
pub(crate) const fn double(block: u128) -> u128 {
    let carry = block >> 127;
    (block << 1) ^ (carry.wrapping_neg() & 0x87)
}

/// B, 2·B, 3·B, … 7·B and 0·B: what stands for i = 1 … 8 in (i mod 8)·B.
pub(crate) const fn first_multiples(block: u128) -> [u128; 8] {
    let two = double(block);
    let four = double(two);
    [block, two, two ^ block, four, four ^ block, four ^ two, four ^ two ^ block, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let multiples = first_multiples(block);
        for (i, multiple) in (1_u8..8).zip(multiples) {
            // Horner's rule over the bits of i, highest first
            let sum = (0..3).rev().fold(0, |sum, bit| double(sum) ^ if i >> bit & 1 == 1 { block } else { 0 });
            assert_eq!(multiple, sum, "{i}·B");
        }
        assert_eq!(multiples[7], 0);
    }
}
