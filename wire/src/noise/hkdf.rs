//! HMAC-BLAKE2b and Noise's HKDF over it.
//!
//! Our own HMAC, since that of the `hmac` crate for hashes like BLAKE2b leaves its padded key on the stack.

use blake2::{Blake2b512, Digest};
use zeroize::Zeroizing;

/// Length of a BLAKE2b hash.
pub(crate) const HASH_LEN: usize = 64;

/// Length of a BLAKE2b block.
const BLOCK_LEN: usize = 128;

/// A secret output.
pub(crate) type Output = Zeroizing<[u8; HASH_LEN]>;

/// `HKDF(chaining_key, input, 2)`.
pub(crate) fn hkdf2(chaining_key: &[u8; HASH_LEN], input: &[u8]) -> [Output; 2] {
    let temp = hmac(chaining_key, &[input]);
    let first = hmac(&temp, &[&[1]]);
    let second = hmac(&temp, &[&*first, &[2]]);
    [first, second]
}

/// `HKDF(chaining_key, input, 3)`.
pub(crate) fn hkdf3(chaining_key: &[u8; HASH_LEN], input: &[u8]) -> [Output; 3] {
    let temp = hmac(chaining_key, &[input]);
    let first = hmac(&temp, &[&[1]]);
    let second = hmac(&temp, &[&*first, &[2]]);
    let third = hmac(&temp, &[&*second, &[3]]);
    [first, second, third]
}

/// RFC 2104 with a key of the hash's length.
fn hmac(key: &[u8; HASH_LEN], message: &[&[u8]]) -> Output {
    let inner = hash_with_pad(key, 0x36, message);
    hash_with_pad(key, 0x5c, &[&*inner])
}

fn hash_with_pad(key: &[u8; HASH_LEN], pad: u8, message: &[&[u8]]) -> Output {
    let mut block = Zeroizing::new([pad; BLOCK_LEN]);
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    let mut hasher = Blake2b512::new_with_prefix(*block);
    for part in message {
        hasher.update(part);
    }
    let mut output = Zeroizing::new([0; HASH_LEN]);
    hasher.finalize_into((&mut *output).into());
    output
}
