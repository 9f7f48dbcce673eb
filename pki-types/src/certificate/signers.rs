//! A set of the given keys: those that signed.

use super::MAX_KEYS;
use core::fmt;

/// A set of positions in the caller's list of keys.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// # let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// use mixwell_pki_types::{Certificate, Epoch, certify};
///
/// # let mut out = [0; 300];
/// # let len = certify(b"anything", Epoch(1005), &key, &mut rng, &mut out)?;
/// # let authorities = [*key.verifying_key()];
/// let verified = Certificate::parse(&out[..len])?.verify_threshold(&authorities, 1, Epoch(1000))?;
/// for index in verified.missing().iter() {
///     println!("authority {index} has not signed");
/// }
/// # assert!(verified.good().contains(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KeySet(u128);

impl KeySet {
    pub(super) fn insert(&mut self, index: usize) {
        self.0 |= bit(index);
    }

    pub(super) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set contains the key at this position of the list.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.0 & bit(index) != 0
    }

    /// Number of keys in the set.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The positions, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let set = *self;
        (0..MAX_KEYS).filter(move |index| set.contains(*index))
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The bit of a position; 0 past the last key.
fn bit(index: usize) -> u128 {
    u32::try_from(index).ok().and_then(|index| 1_u128.checked_shl(index)).unwrap_or(0)
}
