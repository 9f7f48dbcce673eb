//! HMAC-BLAKE2b and Noise's HKDF over it.
//!
//! Our own HMAC, because the `hmac` crate leaves the padded key on the stack for hashes like
//! BLAKE2b.

use super::wiped::Wiped;
use blake2::{
    Blake2bVarCore,
    digest::block_api::{Block, Buffer, UpdateCore, VariableOutputCore},
};

/// Length of a BLAKE2b hash.
pub(crate) const HASH_LEN: usize = 64;

const BLOCK_LEN: usize = 128;

/// A secret output.
pub(crate) type Output = Wiped<HASH_LEN>;

/// `HKDF(chaining_key, input, 2)`.
pub(crate) fn hkdf2(chaining_key: &[u8; HASH_LEN], input: &[u8]) -> [Output; 2] {
    let temp = extract(chaining_key, input);
    let first = temp.mac(&[&[1]]);
    let second = temp.mac(&[&*first, &[2]]);
    [first, second]
}

/// `HKDF(chaining_key, input, 3)`.
pub(crate) fn hkdf3(chaining_key: &[u8; HASH_LEN], input: &[u8]) -> [Output; 3] {
    let temp = extract(chaining_key, input);
    let first = temp.mac(&[&[1]]);
    let second = temp.mac(&[&*first, &[2]]);
    let third = temp.mac(&[&*second, &[3]]);
    [first, second, third]
}

fn extract(chaining_key: &[u8; HASH_LEN], input: &[u8]) -> Hmac {
    // the input may be empty: the padded key is then BLAKE2b's last block, which is compressed
    // differently
    let inner = finish(start(), &[&*padded(chaining_key, INNER), input]);
    Hmac::new(&finish(start(), &[&*padded(chaining_key, OUTER), &*inner]))
}

/// HMAC (RFC 2104) with a key of the hash's length, for non-empty messages. The padded key is
/// hashed once for all messages; the states wipe themselves.
struct Hmac {
    inner: Blake2bVarCore,
    outer: Blake2bVarCore,
}

const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

impl Hmac {
    fn new(key: &[u8; HASH_LEN]) -> Self {
        let mut hmac = Self { inner: start(), outer: start() };
        for (state, pad) in [(&mut hmac.inner, INNER), (&mut hmac.outer, OUTER)] {
            state.update_blocks(core::slice::from_ref(<&Block<Blake2bVarCore>>::from(&*padded(key, pad))));
        }
        hmac
    }

    fn mac(&self, message: &[&[u8]]) -> Output {
        finish(self.outer.clone(), &[&*finish(self.inner.clone(), message)])
    }
}

fn padded(key: &[u8; HASH_LEN], pad: u8) -> Wiped<BLOCK_LEN> {
    let mut block = Wiped::new([pad; BLOCK_LEN]);
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    block
}

fn start() -> Blake2bVarCore {
    Blake2bVarCore::new_with_params(&[], &[], 0, HASH_LEN)
}

fn finish(mut state: Blake2bVarCore, message: &[&[u8]]) -> Output {
    let mut rest = Buffer::<Blake2bVarCore>::default();
    for part in message {
        rest.digest_blocks(part, |blocks| state.update_blocks(blocks));
    }
    let mut output = Output::zeros();
    state.finalize_variable_core(&mut rest, (&mut *output).into());
    output
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use blake2::{Blake2b512, Digest};
    use std::vec::Vec;

    /// HMAC as RFC 2104 defines it, from the hash alone.
    fn hmac(key: &[u8; HASH_LEN], message: &[u8]) -> [u8; HASH_LEN] {
        let padded = |pad| -> Vec<u8> { (0..128).map(|at| key.get(at).unwrap_or(&0) ^ pad).collect() };
        let inner = Blake2b512::new_with_prefix(padded(0x36)).chain_update(message).finalize();
        Blake2b512::new_with_prefix(padded(0x5c)).chain_update(inner).finalize().into()
    }

    #[test]
    fn hkdf_is_noises() {
        for len in [0, 1, 32, 56, 127, 128, 129, 300] {
            let chaining_key: [u8; 64] = core::array::from_fn(|at| u8::try_from(at).unwrap() ^ 5);
            let input: Vec<u8> = (0..=250).cycle().take(len).collect();
            let temp = hmac(&chaining_key, &input);
            let first = hmac(&temp, &[1]);
            let second = hmac(&temp, &[&first[..], &[2]].concat());
            let third = hmac(&temp, &[&second[..], &[3]].concat());
            assert!(hkdf2(&chaining_key, &input).map(|output| *output) == [first, second]);
            assert!(hkdf3(&chaining_key, &input).map(|output| *output) == [first, second, third]);
        }
    }
}
