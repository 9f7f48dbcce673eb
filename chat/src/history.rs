//! A history under a passphrase: entries that are appended, each sealed with its place.
//!
//! `label (16) ‖ salt (16) ‖ KiB (4) ‖ passes (4)`, then for each entry its length (4) and the entry, sealed.

use crate::{
    bytes::{Reader, Writer},
    vault::{Cost, SALT_LEN, VaultError, VaultKey},
};
use alloc::{string::String, vec::Vec};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// An open history.
#[derive(Debug)]
pub struct History {
    key: VaultKey,
    next: u64,
}

const LABEL: &[u8; 16] = b"mixwell-hist-1\n\0";

/// The longest entry, sealed.
const MAX_SEALED_LEN: usize = 1 << 20;

impl History {
    /// Begins one. Gives the file's first bytes too.
    ///
    /// # Errors
    /// [`HistoryError`] if the cost can't be.
    pub fn create<R: CryptoRng + ?Sized>(
        passphrase: &str,
        cost: Cost,
        rng: &mut R,
    ) -> Result<(Self, Vec<u8>), HistoryError> {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let key = VaultKey::of_passphrase(passphrase, &salt, cost).map_err(HistoryError::Vault)?;
        let mut to = Writer::with_capacity(64);
        to.put(LABEL);
        to.put(&salt);
        to.u32(cost.kib);
        to.u32(cost.passes);
        Ok((Self { key, next: 0 }, to.finish().to_vec()))
    }

    /// Opens one. Gives its entries, and how many bytes of the file they end at: what is behind was cut off by a crash.
    ///
    /// # Errors
    /// [`HistoryError`] if the file is no history, the passphrase is wrong, or an entry was changed or moved. Entries that
    /// were cut off at the end are not missed.
    pub fn open(passphrase: &str, file: &[u8]) -> Result<(Self, Vec<Zeroizing<String>>, usize), HistoryError> {
        let file = file.strip_prefix(LABEL.as_slice()).ok_or(HistoryError::Vault(VaultError::Label))?;
        let mut from = Reader::new(file);
        let head = |from: &mut Reader<'_>| Some((from.array()?, Cost { kib: from.u32()?, passes: from.u32()? }));
        let (salt, cost) = head(&mut from).ok_or(HistoryError::Vault(VaultError::Label))?;
        let key = VaultKey::of_passphrase(passphrase, &salt, cost).map_err(HistoryError::Vault)?;
        let (mut history, mut entries) = (Self { key, next: 0 }, Vec::new());
        let mut left = from.rest().len();
        while let Some(sealed) = from.bytes(MAX_SEALED_LEN) {
            let number = history.next;
            let failed = HistoryError::Entry { number };
            // with the first it is the passphrase, most likely
            let wrong = if number == 0 { HistoryError::Vault(VaultError::Key) } else { failed };
            let entry = history.key.open(&number.to_le_bytes(), sealed).map_err(|_| wrong)?;
            let text = core::str::from_utf8(&entry).map_err(|_| failed)?;
            entries.push(Zeroizing::new(String::from(text)));
            history.next = number.saturating_add(1);
            left = from.rest().len();
        }
        let end = LABEL.len().saturating_add(file.len()).saturating_sub(left);
        Ok((history, entries, end))
    }

    /// Seals an entry. Gives what is to be appended to the file.
    ///
    /// # Errors
    /// [`HistoryError`] if the entry is too long.
    pub fn append<R: CryptoRng + ?Sized>(&mut self, entry: &str, rng: &mut R) -> Result<Vec<u8>, HistoryError> {
        let sealed = self.key.seal(&self.next.to_le_bytes(), entry.as_bytes(), rng).map_err(HistoryError::Vault)?;
        if sealed.len() > MAX_SEALED_LEN {
            return Err(HistoryError::Vault(VaultError::TooLong));
        }
        self.next = self.next.saturating_add(1);
        let mut to = Writer::with_capacity(sealed.len().saturating_add(4));
        to.bytes(&sealed);
        Ok(to.finish().to_vec())
    }
}

/// A history can't be opened or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// Its key or its form.
    Vault(VaultError),
    /// An entry was changed or moved.
    Entry {
        /// Its number, from 0.
        number: u64,
    },
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(error) => error.fmt(f),
            Self::Entry { number } => write!(f, "entry {number} was changed or moved"),
        }
    }
}

impl core::error::Error for HistoryError {}
