//! BLAKE2Xb: BLAKE2b with an output of any length ("BLAKE2X", by the authors of BLAKE2).

use crate::blake2b::{Blake2b, Parameters, blake2b_256};

/// The length field of an output whose length is not known beforehand.
const UNKNOWN_LEN: u32 = u32::MAX;

/// Fills `out` with the output of the keyed function, its length declared as `declared_len`.
///
/// A key that is not 32 bytes long is hashed to 32.
pub(crate) fn prf(key: &[u8], message: [&[u8]; 2], declared_len: u32, out: &mut [u8]) {
    let root = Parameters { node_offset: u64::from(declared_len) << 32, ..Parameters::plain(64) };
    let mut hash = match key.try_into() {
        Ok(key) => Blake2b::keyed(root, key),
        Err(_) => Blake2b::keyed(root, &blake2b_256(key)),
    };
    for part in message {
        hash.update(part);
    }
    expand(hash, declared_len, out);
}

/// Fills `out` from a seed, which is hashed first: the unkeyed output with undeclared length.
pub(crate) fn from_seed(seed: &[u8; 32], out: &mut [u8]) {
    let root = Parameters { node_offset: u64::from(UNKNOWN_LEN) << 32, ..Parameters::plain(64) };
    let mut hash = Blake2b::new(root);
    hash.update(&*blake2b_256(seed));
    expand(hash, UNKNOWN_LEN, out);
}

fn expand(root: Blake2b, declared_len: u32, out: &mut [u8]) {
    let root = root.finalize();
    let mut left = declared_len;
    for (index, out) in (0_u32..).zip(out.chunks_mut(64)) {
        // the last block may be shorter, and its parameters state its length
        let digest_len = u8::try_from(left.min(64)).unwrap_or(64);
        if declared_len != UNKNOWN_LEN {
            left = left.saturating_sub(64);
        }
        let mut hash = Blake2b::new(Parameters {
            digest_len,
            key_len: 0,
            fanout: 0,
            depth: 0,
            leaf_len: 64,
            node_offset: u64::from(index) | u64::from(declared_len) << 32,
            inner_len: 64,
        });
        hash.update(&*root);
        out.iter_mut().zip(hash.finalize().iter()).for_each(|(to, byte)| *to = *byte);
    }
}
