//! Secrets on disk, sealed under a key: `label ‖ nonce (24) ‖ ciphertext ‖ tag (16)`.

use crate::{kdf::Key, sealed};
use alloc::vec::Vec;
use argon2::{Algorithm, Argon2, Params, Version};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A key for files on disk. Wiped on drop.
#[derive(Debug)]
pub struct VaultKey(Key);

/// The cost of one guess at a passphrase (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Cost {
    /// 64 MiB, three passes: the second recommendation of RFC 9106, with one lane.
    pub const RECOMMENDED: Self = Self { kib: 64 * 1024, passes: 3 };

    /// The highest cost that a file may request.
    const MAX: Self = Self { kib: 1024 * 1024, passes: 16 };
}

pub(crate) const SALT_LEN: usize = 16;

const LABEL: &[u8; 16] = b"mixwell-vault-1\n";

impl VaultKey {
    /// The length of a key in bytes.
    pub const LEN: usize = 32;

    /// A fresh key.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        rng.fill_bytes(&mut *bytes);
        Self(Key::new(*bytes))
    }

    /// A stored key. The caller has to wipe its own copy.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(Key::new(bytes))
    }

    /// The key's bytes, to be stored. Secret.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// Derives a key from a passphrase.
    ///
    /// # Errors
    /// [`VaultError::Cost`] if the cost is invalid or higher than a file may request.
    pub fn of_passphrase(passphrase: &str, salt: &[u8; SALT_LEN], cost: Cost) -> Result<Self, VaultError> {
        if cost.kib > Cost::MAX.kib || cost.passes > Cost::MAX.passes {
            return Err(VaultError::Cost);
        }
        let params = Params::new(cost.kib, cost.passes, 1, Some(Self::LEN)).map_err(|_| VaultError::Cost)?;
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, &mut *bytes)
            .map_err(|_| VaultError::Cost)?;
        Ok(Self(Key::new(*bytes)))
    }

    /// Seals bytes. `about` is authenticated with them.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] beyond the cipher's limit of 256 GiB.
    pub fn seal<R: CryptoRng + ?Sized>(&self, about: &[u8], bytes: &[u8], rng: &mut R) -> Result<Vec<u8>, VaultError> {
        let key = self.0.derive("vault", &[about]);
        let sealed = sealed::seal(&key, LABEL, bytes, rng).ok_or(VaultError::TooLong)?;
        Ok([LABEL.as_slice(), &sealed].concat())
    }

    /// Opens bytes that [`seal`](Self::seal) has sealed.
    ///
    /// # Errors
    /// [`VaultError`] if the bytes are not sealed ones of this kind, were modified, or are sealed
    /// under another key.
    pub fn open(&self, about: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealed = sealed.strip_prefix(LABEL.as_slice()).ok_or(VaultError::Label)?;
        sealed::open(&self.0.derive("vault", &[about]), LABEL, sealed).ok_or(VaultError::Key)
    }

    /// A message authentication code under this key.
    pub(crate) fn tag<const N: usize>(&self, label: &str, parts: &[&[u8]]) -> [u8; N] {
        self.0.public(label, parts)
    }
}

/// The reason why a file can't be opened or sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VaultError {
    /// The file is of another kind.
    Label,
    /// The key or passphrase is wrong, or the file was modified.
    Key,
    /// The cost of its passphrase is invalid or too high.
    Cost,
    /// The content is too long.
    TooLong,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Label => "the file is of another kind",
            Self::Key => "the key or passphrase is wrong, or the file was changed",
            Self::Cost => "the cost of its passphrase is invalid or too high",
            Self::TooLong => "it is too long",
        })
    }
}

impl core::error::Error for VaultError {}
