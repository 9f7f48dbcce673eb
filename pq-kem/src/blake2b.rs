//! BLAKE2b (RFC 7693) with the whole parameter block, as BLAKE2X needs it. Wipes its state.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The parameters that this crate sets to other values than zero.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    pub(crate) digest_len: u8,
    pub(crate) key_len: u8,
    pub(crate) fanout: u8,
    pub(crate) depth: u8,
    pub(crate) leaf_len: u32,
    pub(crate) node_offset: u64,
    pub(crate) inner_len: u8,
}

impl Parameters {
    /// The parameters of the plain hash.
    pub(crate) const fn plain(digest_len: u8) -> Self {
        Self { digest_len, key_len: 0, fanout: 1, depth: 1, leaf_len: 0, node_offset: 0, inner_len: 0 }
    }

    const fn words(&self) -> [u64; 3] {
        let leaf = self.leaf_len.to_le_bytes();
        let first = [self.digest_len, self.key_len, self.fanout, self.depth, leaf[0], leaf[1], leaf[2], leaf[3]];
        [u64::from_le_bytes(first), self.node_offset, u64::from_le_bytes([0, self.inner_len, 0, 0, 0, 0, 0, 0])]
    }
}

/// A hash computation in progress.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Blake2b {
    state: [u64; 8],
    /// Bytes compressed.
    count: u64,
    block: [u8; BLOCK_LEN],
    /// Number of bytes in `block`. A full block waits for the next byte, as the last block is
    /// compressed differently.
    filled: usize,
}

impl Blake2b {
    pub(crate) fn new(parameters: Parameters) -> Self {
        let mut state = IV;
        for (word, parameter) in state.iter_mut().zip(parameters.words()) {
            *word ^= parameter;
        }
        Self { state, count: 0, block: [0; BLOCK_LEN], filled: 0 }
    }

    /// Keyed with 32 bytes; overrides the key length in `parameters`.
    pub(crate) fn keyed(parameters: Parameters, key: &[u8; 32]) -> Self {
        let mut hash = Self::new(Parameters { key_len: 32, ..parameters });
        if let Some(start) = hash.block.first_chunk_mut() {
            *start = *key;
        }
        hash.filled = BLOCK_LEN;
        hash
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == BLOCK_LEN {
                self.compress(BLOCK_LEN, false);
                self.filled = 0;
            }
            let free = self.block.iter_mut().skip(self.filled);
            let taken = free.zip(bytes).map(|(to, byte)| *to = *byte).count();
            self.filled = self.filled.saturating_add(taken);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// The digest at the front of 64 bytes.
    pub(crate) fn finalize(mut self) -> Zeroizing<[u8; 64]> {
        self.block.iter_mut().skip(self.filled).for_each(|byte| *byte = 0);
        self.compress(self.filled, true);
        let mut digest = Zeroizing::new([0; 64]);
        for (to, word) in digest.chunks_exact_mut(8).zip(&self.state) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        digest
    }

    /// The first 32 bytes of the digest.
    pub(crate) fn finalize_32(self) -> Zeroizing<[u8; 32]> {
        let mut digest = Zeroizing::new([0; 32]);
        if let Some(start) = self.finalize().first_chunk() {
            *digest = *start;
        }
        digest
    }

    #[expect(clippy::indexing_slicing, reason = "SIGMA holds numbers below 16")]
    fn compress(&mut self, len: usize, last: bool) {
        self.count = self.count.wrapping_add(len as u64);
        let mut m = Zeroizing::new([0; 16]);
        for (word, bytes) in m.iter_mut().zip(self.block.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let [h0, h1, h2, h3, h4, h5, h6, h7] = self.state;
        let [i0, i1, i2, i3, i4, i5, i6, i7] = IV;
        let flag = if last { !0 } else { 0 };
        let mut v =
            Zeroizing::new([h0, h1, h2, h3, h4, h5, h6, h7, i0, i1, i2, i3, i4 ^ self.count, i5, i6 ^ flag, i7]);
        for s in SIGMA.iter().chain(&SIGMA[..2]) {
            mix(&mut v, [0, 4, 8, 12], m[s[0]], m[s[1]]);
            mix(&mut v, [1, 5, 9, 13], m[s[2]], m[s[3]]);
            mix(&mut v, [2, 6, 10, 14], m[s[4]], m[s[5]]);
            mix(&mut v, [3, 7, 11, 15], m[s[6]], m[s[7]]);
            mix(&mut v, [0, 5, 10, 15], m[s[8]], m[s[9]]);
            mix(&mut v, [1, 6, 11, 12], m[s[10]], m[s[11]]);
            mix(&mut v, [2, 7, 8, 13], m[s[12]], m[s[13]]);
            mix(&mut v, [3, 4, 9, 14], m[s[14]], m[s[15]]);
        }
        let (low, high) = v.split_at(8);
        for ((word, low), high) in self.state.iter_mut().zip(low).zip(high) {
            *word ^= low ^ high;
        }
    }
}

/// BLAKE2b-256.
pub(crate) fn blake2b_256(message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut hash = Blake2b::new(Parameters::plain(32));
    hash.update(message);
    hash.finalize_32()
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "with the indices known, no bound is checked")]
#[expect(clippy::many_single_char_names, reason = "as in RFC 7693")]
#[expect(clippy::indexing_slicing, reason = "called with numbers below 16 only")]
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}

const BLOCK_LEN: usize = 128;

const IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Blake2b, Parameters, blake2b_256};
    use blake2::{Blake2b512, Blake2bMac, Digest, digest::Mac, digest::consts::U32};
    use proptest::prelude::*;
    use std::{vec, vec::Vec};

    proptest! {
        #[test]
        fn equals_another_implementation(message: Vec<u8>, cut: prop::sample::Index, key: [u8; 32]) {
            let cut = cut.index(message.len().max(1));
            let mut hash = Blake2b::new(Parameters::plain(64));
            hash.update(&message[..cut]);
            hash.update(&message[cut..]);
            prop_assert_eq!(&hash.finalize()[..], &Blake2b512::digest(&message)[..]);
            prop_assert_eq!(&blake2b_256(&message)[..], &blake2::Blake2b::<U32>::digest(&message)[..]);

            let mut keyed = Blake2b::keyed(Parameters::plain(32), &key);
            keyed.update(&message);
            let mac = Blake2bMac::<U32>::new_with_salt_and_personal(Some(&key), &[], &[]).unwrap().chain_update(&message);
            prop_assert_eq!(&keyed.finalize_32()[..], &mac.finalize().into_bytes()[..]);
        }
    }

    #[test]
    fn block_boundaries() {
        for len in [0, 1, 127, 128, 129, 255, 256, 257, 1024] {
            let message = vec![0x5c; len];
            let mut hash = Blake2b::new(Parameters::plain(64));
            hash.update(&message);
            assert_eq!(&hash.finalize()[..], &Blake2b512::digest(&message)[..], "{len}");
        }
    }
}
