//! The split-PRF combiner: several KEMs as one, safe as long as one of them is.

use crate::blake2b::{Blake2b, Parameters, blake2b_256};
use core::fmt;
use zeroize::Zeroize;

/// The shared secret and the ciphertext of one KEM.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the construction takes nothing else of a KEM")]
pub struct Component<'a> {
    /// The shared secret.
    pub secret: &'a [u8],
    /// The ciphertext.
    pub ciphertext: &'a [u8],
}

/// There is no component, or one has an empty secret or ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyComponent;

/// Combines the shared secrets of any number of KEMs: the XOR, over all of them, of BLAKE2b-256
/// keyed with the hash of the KEM's secret, over all the ciphertexts.
///
/// ```
/// use mixwell_pq_kem::{Component, split_prf};
///
/// let mut secret = [0; 32];
/// let one = Component { secret: &[1; 32], ciphertext: &[2; 32] };
/// let other = Component { secret: &[3; 32], ciphertext: &[4; 1088] };
/// split_prf(&[one, other], &mut secret)?;
/// # assert_ne!(secret, [0; 32]);
/// # Ok::<(), mixwell_pq_kem::EmptyComponent>(())
/// ```
///
/// # Errors
/// [`EmptyComponent`] if there is nothing to combine.
pub fn split_prf(components: &[Component<'_>], secret: &mut [u8; 32]) -> Result<(), EmptyComponent> {
    let empty = |component: &Component<'_>| component.secret.is_empty() || component.ciphertext.is_empty();
    let count = u32::try_from(components.len()).map_err(|_| EmptyComponent)?;
    if count == 0 || components.iter().any(empty) {
        return Err(EmptyComponent);
    }
    secret.zeroize();
    for keying in components {
        let mut hash = Blake2b::keyed(Parameters::plain(32), &blake2b_256(keying.secret));
        hash.update(b"splitprf-v1");
        hash.update(&count.to_be_bytes());
        for Component { ciphertext, .. } in components {
            let len = u32::try_from(ciphertext.len()).map_err(|_| EmptyComponent)?;
            hash.update(&len.to_be_bytes());
            hash.update(ciphertext);
        }
        secret.iter_mut().zip(hash.finalize_32().iter()).for_each(|(to, byte)| *to ^= byte);
    }
    Ok(())
}

impl fmt::Debug for Component<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Component(..)")
    }
}

impl fmt::Display for EmptyComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a component of the combiner is empty")
    }
}

impl core::error::Error for EmptyComponent {}
