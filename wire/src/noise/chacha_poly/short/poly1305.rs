//! Poly1305 over the field arithmetic of `fiat-crypto`, which is formally verified and
//! constant-time.

use fiat_crypto::poly1305_64::{
    fiat_poly1305_add, fiat_poly1305_carry, fiat_poly1305_carry_mul, fiat_poly1305_from_bytes,
    fiat_poly1305_loose_field_element as Loose, fiat_poly1305_relax, fiat_poly1305_tight_field_element as Tight,
    fiat_poly1305_to_bytes,
};
use zeroize::{Zeroize, Zeroizing};

/// The state of a computation: the polynomial of the blocks so far, evaluated at r.
pub(super) struct Poly1305 {
    r: Loose,
    r_squared: Loose,
    sum: Tight,
    pad: u128,
}

/// The bits of r that may be set.
const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;

impl Poly1305 {
    /// Takes the first 32 bytes as the key.
    pub(super) fn new(one_time: &[u8; 64]) -> Self {
        let mut mac = Self { r: loose(), r_squared: loose(), sum: tight(), pad: 0 };
        let ([r, pad, ..], _) = one_time.as_chunks() else { return mac };
        mac.pad = u128::from_le_bytes(*pad);
        let mut bytes = Zeroizing::new([0; 17]);
        if let Some(low) = bytes.first_chunk_mut() {
            *low = (u128::from_le_bytes(*r) & CLAMP).to_le_bytes();
        }
        fiat_poly1305_from_bytes(&mut mac.sum, &bytes);
        fiat_poly1305_relax(&mut mac.r, &mac.sum);
        fiat_poly1305_carry_mul(&mut mac.sum, &mac.r, &mac.r);
        fiat_poly1305_relax(&mut mac.r_squared, &mac.sum);
        mac.sum = tight();
        mac
    }

    /// Adds `bytes`, padded with zeros to whole blocks.
    pub(super) fn update_padded(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<16>();
        let (pairs, last) = blocks.as_chunks::<2>();
        // two independent products at a time: (sum + first)·r² + second·r
        for [first, second] in pairs {
            let (mut both, mut left, mut right) = (loose(), tight(), tight());
            fiat_poly1305_add(&mut both, &self.sum, &element(first));
            fiat_poly1305_carry_mul(&mut left, &both, &self.r_squared);
            fiat_poly1305_relax(&mut both, &element(second));
            fiat_poly1305_carry_mul(&mut right, &both, &self.r);
            fiat_poly1305_add(&mut both, &left, &right);
            fiat_poly1305_carry(&mut self.sum, &both);
        }
        for block in last {
            self.add(block);
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            block.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
            self.add(&block);
        }
    }

    fn add(&mut self, block: &[u8; 16]) {
        let mut both = loose();
        fiat_poly1305_add(&mut both, &self.sum, &element(block));
        fiat_poly1305_carry_mul(&mut self.sum, &both, &self.r);
    }

    pub(super) fn finalize(self) -> [u8; 16] {
        let mut bytes = Zeroizing::new([0; 17]);
        fiat_poly1305_to_bytes(&mut bytes, &self.sum);
        let [low @ .., _] = *bytes;
        u128::from_le_bytes(low).wrapping_add(self.pad).to_le_bytes()
    }
}

/// A block as a number, with a bit above it, in limbs of 44, 43 and 43 bits.
#[inline]
fn element(block: &[u8; 16]) -> Tight {
    let [low, high] =
        [block.first_chunk(), block.last_chunk()].map(|half| half.map_or(0, |half| u64::from_le_bytes(*half)));
    Tight([low & 0xfff_ffff_ffff, (low >> 44 | high << 20) & 0x7ff_ffff_ffff, high >> 23 | 1 << 41])
}

const fn tight() -> Tight {
    Tight([0; 3])
}

const fn loose() -> Loose {
    Loose([0; 3])
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.r.0.zeroize();
        self.r_squared.0.zeroize();
        self.sum.0.zeroize();
        self.pad.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(r: u8, pad: [u8; 16], message: &[[u8; 16]]) -> [u8; 16] {
        let mut one_time = [0; 64];
        one_time[0] = r;
        one_time[16..32].copy_from_slice(&pad);
        let mut mac = Poly1305::new(&one_time);
        for block in message {
            mac.update_padded(block);
        }
        let mut at_once = Poly1305::new(&one_time);
        at_once.update_padded(message.as_flattened());
        let tag = mac.finalize();
        assert_eq!(at_once.finalize(), tag);
        tag
    }

    fn block(first: u8, others: u8) -> [u8; 16] {
        let mut block = [others; 16];
        block[0] = first;
        block
    }

    /// RFC 8439, appendix A.3, vectors 7 to 11: sums around the modulus and around 2^128.
    #[test]
    fn sums_at_the_edges() {
        let (ones, zeros) = ([0xff; 16], [0; 16]);
        assert_eq!(tag(2, zeros, &[ones]), block(3, 0));
        assert_eq!(tag(2, ones, &[block(2, 0)]), block(3, 0));
        assert_eq!(tag(1, zeros, &[ones, block(0xf0, 0xff), block(0x11, 0)]), block(5, 0));
        assert_eq!(tag(1, zeros, &[ones, block(0xfb, 0xfe), [1; 16]]), zeros);
        assert_eq!(tag(2, zeros, &[block(0xfd, 0xff)]), block(0xfa, 0xff));
    }
}
