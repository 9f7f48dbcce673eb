//! AEZ v5 as `docs/spec/aez.md#aez-core` describes it, block by block, compared with the library.

use aes::hazmat::cipher_round;
use mixwell_aez::{Aez, Backend};

/// I, J and L as big-endian numbers.
pub(crate) struct Reference {
    i: u128,
    j: u128,
    l: u128,
}

/// A block doubled in GF(2¹²⁸).
fn double(block: u128) -> u128 {
    block << 1 ^ if block >> 127 == 1 { 0x87 } else { 0 }
}

/// A block multiplied by n.
fn times(n: u32, block: u128) -> u128 {
    (0..32).rev().fold(0, |sum, bit| double(sum) ^ if n >> bit & 1 == 1 { block } else { 0 })
}

/// X 10*
fn padded(bytes: &[u8]) -> u128 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    block[bytes.len()] = 0x80;
    u128::from_be_bytes(block)
}

impl Reference {
    pub(crate) fn new(key: &[u8; 48]) -> Self {
        let [i, j, l] = key.as_chunks().0 else { unreachable!() };
        Self { i: u128::from_be_bytes(*i), j: u128::from_be_bytes(*j), l: u128::from_be_bytes(*l) }
    }

    /// E(j, i, X), where j may be −1.
    fn e(&self, j: i32, i: u32, x: u128) -> u128 {
        let (offset, keys) = if j < 0 {
            (times(i, self.l), [self.i, self.j, self.l].into_iter().cycle().take(10).collect::<Vec<_>>())
        } else {
            let power_of_i = (0..i.div_ceil(8)).fold(self.i, |power, _| double(power));
            (times(j.cast_unsigned(), self.j) ^ power_of_i ^ times(i % 8, self.l), vec![self.j, self.i, self.l, 0])
        };
        let mut block = (x ^ offset).to_be_bytes().into();
        for key in keys {
            cipher_round(&mut block, &key.to_be_bytes().into());
        }
        u128::from_be_bytes(block.into())
    }

    pub(crate) fn encipher(&self, nonce: &[u8; 16], message: &mut [u8], decrypt: bool) {
        let delta = self.e(3, 1, 0) ^ self.e(4, 1, u128::from_be_bytes(*nonce));
        if message.len() < 32 { self.tiny(delta, message, decrypt) } else { self.core(delta, message, decrypt) }
    }

    fn core(&self, delta: u128, message: &mut [u8], decrypt: bool) {
        let (one, two) = if decrypt { (2, 1) } else { (1, 2) };
        let (front, last) = message.split_at_mut(message.len() - 32);
        let (pairs, m_uv) = front.as_chunks_mut::<32>();
        let read = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().unwrap());
        let halves = |pair: &[u8; 32]| (read(&pair[..16]), read(&pair[16..]));
        let write = |pair: &mut [u8], left: u128, right: u128| {
            pair.copy_from_slice(&[left.to_be_bytes(), right.to_be_bytes()].concat());
        };
        let h = |uv: &[u8]| match uv.len() {
            0 => 0,
            1..16 => self.e(0, 4, padded(uv)),
            _ => self.e(0, 4, read(&uv[..16])) ^ self.e(0, 5, padded(&uv[16..])),
        };

        let mut x = h(m_uv);
        for (i, pair) in (1..).zip(&mut *pairs) {
            let (m, m_) = halves(pair);
            let w_i = m ^ self.e(1, i, m_);
            let x_i = m_ ^ self.e(0, 0, w_i);
            x ^= x_i;
            write(pair, w_i, x_i);
        }

        let (m_x, m_y) = (read(&last[..16]), read(&last[16..]));
        let s_x = m_x ^ delta ^ x ^ self.e(0, one, m_y);
        let s_y = m_y ^ self.e(-1, one, s_x);
        let s = s_x ^ s_y;

        let key_stream = [self.e(-1, 4, s), self.e(-1, 5, s)].map(u128::to_be_bytes).concat();
        m_uv.iter_mut().zip(key_stream).for_each(|(byte, key)| *byte ^= key);
        let mut y = h(m_uv);
        for (i, pair) in (1..).zip(pairs) {
            let (w_i, x_i) = halves(pair);
            let s_ = self.e(2, i, s);
            let (y_i, z_i) = (w_i ^ s_, x_i ^ s_);
            let c_ = y_i ^ self.e(0, 0, z_i);
            let c = z_i ^ self.e(1, i, c_);
            y ^= y_i;
            write(pair, c, c_);
        }

        let c_y = s_x ^ self.e(-1, two, s_y);
        let c_x = s_y ^ delta ^ y ^ self.e(0, two, c_y);
        write(last, c_x, c_y);
    }

    /// AEZ-tiny, with the halves as lists of bits.
    fn tiny(&self, delta: u128, message: &mut [u8], decrypt: bool) {
        let (rounds, i) = match message.len() {
            0 => return,
            1 => (24, 7),
            2 => (16, 7),
            3..16 => (10, 7),
            _ => (8, 6),
        };
        let to_bits = |bytes: &[u8]| -> Vec<bool> {
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
        };
        let to_block =
            |bits: &[bool]| bits.iter().zip(0..).fold(0, |sum, (bit, n)| sum | u128::from(*bit) << (127 - n));
        let flip = |bits: &mut Vec<bool>| {
            if bits.len() < 128 {
                bits[0] ^= self.e(0, 3, delta ^ (to_block(bits) | 1 << 127)) >> 127 == 1;
            }
        };

        let mut bits = to_bits(message);
        if decrypt {
            flip(&mut bits);
        }
        let (mut left, mut right) = (bits[..bits.len() / 2].to_vec(), bits[bits.len() / 2..].to_vec());
        for round in 0..rounds {
            let j = if decrypt { rounds - 1 - round } else { round };
            let padded = [&right[..], &[true]].concat();
            let mixed = to_bits(&self.e(0, i, delta ^ to_block(&padded) ^ j).to_be_bytes());
            left.iter_mut().zip(mixed).for_each(|(bit, mixed)| *bit ^= mixed);
            (left, right) = (right, left);
        }
        bits = [right, left].concat();
        if !decrypt {
            flip(&mut bits);
        }
        for (byte, bits) in message.iter_mut().zip(bits.chunks(8)) {
            *byte = bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        }
    }
}

/// Every length up to several times eight block pairs, encrypted and decrypted.
#[test]
fn every_length_is_as_the_reference() {
    let key = core::array::from_fn(|i| (i as u8).wrapping_mul(91) ^ 0x35);
    let nonce = core::array::from_fn(|i| (i as u8).wrapping_mul(43) ^ 0xc6);
    let plaintext: Vec<u8> = (0..1000_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let reference = Reference::new(&key);
    for length in (0..=600).chain([1000]) {
        let mut want = plaintext[..length].to_vec();
        reference.encipher(&nonce, &mut want, false);
        for backend in Backend::available() {
            let aez = Aez::with_backend(&key, backend).unwrap();
            let mut message = plaintext[..length].to_vec();
            aez.encrypt(&nonce, &mut message);
            assert_eq!(message, want, "{length} bytes by {backend:?}");
            aez.decrypt(&nonce, &mut message);
            assert_eq!(message, plaintext[..length], "{length} bytes by {backend:?}");
        }
        reference.encipher(&nonce, &mut want, true);
        assert_eq!(want, plaintext[..length], "{length} bytes back");
    }
}
