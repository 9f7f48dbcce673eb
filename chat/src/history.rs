//! A history file sealed under a passphrase. Entries are appended, each sealed with its number.
//!
//! ```text
//! head    label (16) ‖ salt (16) ‖ KiB (4) ‖ passes (4) ‖ check (16)
//! entry   length (4) ‖ tag of number and length (16) ‖ sealed entry
//! ```
//!
//! The check verifies the passphrase even without any entry. The tag of the length distinguishes a
//! damaged length, after which no entry can be found, from a last entry that a crash has truncated.

use crate::{
    bytes::{Reader, Writer},
    declassify::declassify,
    vault::{Cost, SALT_LEN, VaultError, VaultKey},
};
use alloc::{string::String, vec::Vec};
use core::fmt;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// An open history.
#[derive(Debug)]
pub struct History {
    key: VaultKey,
    next: u64,
}

/// One text of a conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The time when it was sent or read, in seconds since 1970.
    pub time: u64,
    /// The other person in the conversation.
    pub contact: String,
    /// Whether this side wrote it.
    pub is_ours: bool,
    /// The text.
    pub text: Zeroizing<String>,
}

/// The contents of a history file.
pub struct OpenedHistory {
    /// The history, to append after the last whole entry.
    pub history: History,
    /// The entries up to the end of the file or up to the first that is not whole.
    pub entries: Vec<HistoryEntry>,
    /// The length in bytes of the head and these entries.
    pub whole_len: usize,
    /// The bytes after them.
    pub rest: HistoryRest,
}

/// The bytes after the last whole entry of a history file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryRest {
    /// Nothing.
    Nothing,
    /// The beginning of an entry, as left by a crash.
    Torn {
        /// The fragment's length in bytes.
        len: usize,
    },
    /// An entry that was modified or moved, and everything after it.
    Damaged {
        /// The total length in bytes.
        len: usize,
    },
}

/// The label of the layout's version.
const LABEL: &[u8; 16] = b"mixwell-hist-2\n\0";

/// The label without its version.
const ANY_LABEL: &[u8; 13] = b"mixwell-hist-";

const TAG_LEN: usize = 16;

const HEAD_LEN: usize = LABEL.len() + SALT_LEN + 8 + TAG_LEN;

/// The version of an entry's layout.
const ENTRY_VERSION: u8 = 1;

/// Maximum length of a sealed entry, in bytes.
const MAX_SEALED_LEN: usize = 1 << 20;

impl History {
    /// Creates a history. Also returns the file's head.
    ///
    /// # Errors
    /// [`HistoryError`] if the cost is out of range.
    pub fn create<R: CryptoRng + ?Sized>(
        passphrase: &str,
        cost: Cost,
        rng: &mut R,
    ) -> Result<(Self, Vec<u8>), HistoryError> {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let key = VaultKey::of_passphrase(passphrase, &salt, cost).map_err(HistoryError::Vault)?;
        let mut to = Writer::with_capacity(HEAD_LEN);
        to.put(LABEL);
        to.put(&salt);
        to.u32(cost.kib);
        to.u32(cost.passes);
        to.put(&check(&key, &salt, cost));
        Ok((Self { key, next: 0 }, to.finish().to_vec()))
    }

    /// Opens a history and reads its entries. It cannot detect that whole entries were removed from
    /// the end.
    ///
    /// # Errors
    /// [`HistoryError`] if the file is not a history or the passphrase is wrong.
    pub fn open(passphrase: &str, file: &[u8]) -> Result<OpenedHistory, HistoryError> {
        let mut from = Reader::new(file);
        let (key, salt, cost, tag) = read_head(&mut from, passphrase)?;
        // declassified: whether the passphrase is right
        if !bool::from(check(&key, &salt, cost).ct_eq(&tag)) {
            return Err(HistoryError::Vault(VaultError::Key));
        }
        let mut opened = OpenedHistory {
            history: Self { key, next: 0 },
            entries: Vec::new(),
            whole_len: HEAD_LEN,
            rest: HistoryRest::Nothing,
        };
        while !from.rest().is_empty() {
            let len = from.rest().len();
            match opened.history.read_entry(&mut from) {
                Ok(entry) => opened.entries.push(entry),
                Err(Unreadable::Torn) => opened.rest = HistoryRest::Torn { len },
                Err(Unreadable::Damaged) => opened.rest = HistoryRest::Damaged { len },
            }
            if opened.rest != HistoryRest::Nothing {
                break;
            }
            opened.whole_len = file.len().saturating_sub(from.rest().len());
        }
        Ok(opened)
    }

    fn read_entry(&mut self, from: &mut Reader<'_>) -> Result<HistoryEntry, Unreadable> {
        let len = from.u32().ok_or(Unreadable::Torn)?;
        let tag: [u8; TAG_LEN] = from.array().ok_or(Unreadable::Torn)?;
        // declassified: whether the length is authentic
        if !bool::from(self.tag(len).ct_eq(&tag)) {
            return Err(Unreadable::Damaged);
        }
        let len = usize::try_from(len).map_err(|_| Unreadable::Damaged)?;
        let sealed = from.take(len).ok_or(Unreadable::Torn)?;
        let mut opened = self.key.open(&self.next.to_le_bytes(), sealed).map_err(|_| Unreadable::Damaged)?;
        // the conversation, which the caller shows
        declassify(&mut opened);
        let entry = HistoryEntry::decode(&opened).ok_or(Unreadable::Damaged)?;
        self.next = self.next.saturating_add(1);
        Ok(entry)
    }

    /// Seals an entry. Returns the bytes to append to the file.
    ///
    /// # Errors
    /// [`HistoryError`] if the entry is too long.
    pub fn append<R: CryptoRng + ?Sized>(
        &mut self,
        entry: &HistoryEntry,
        rng: &mut R,
    ) -> Result<Vec<u8>, HistoryError> {
        let too_long = HistoryError::Vault(VaultError::TooLong);
        let sealed = self.key.seal(&self.next.to_le_bytes(), &entry.encode(), rng).map_err(HistoryError::Vault)?;
        let len = u32::try_from(sealed.len()).map_err(|_| too_long)?;
        if sealed.len() > MAX_SEALED_LEN {
            return Err(too_long);
        }
        let mut to = Writer::with_capacity(sealed.len().saturating_add(4 + TAG_LEN));
        to.u32(len);
        to.put(&self.tag(len));
        to.put(&sealed);
        self.next = self.next.saturating_add(1);
        Ok(to.finish().to_vec())
    }

    /// Undoes the last [`append`](Self::append), whose bytes did not reach the file.
    pub const fn undo(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// Number of entries.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.next
    }

    /// Authenticates the length of the next entry.
    fn tag(&self, len: u32) -> [u8; TAG_LEN] {
        self.key.tag("history length", &[&self.next.to_le_bytes(), &len.to_le_bytes()])
    }
}

/// The reason why an entry can't be read.
#[derive(Clone, Copy)]
enum Unreadable {
    Torn,
    Damaged,
}

fn read_head(
    from: &mut Reader<'_>,
    passphrase: &str,
) -> Result<(VaultKey, [u8; SALT_LEN], Cost, [u8; TAG_LEN]), HistoryError> {
    let label: [u8; LABEL.len()] = from.array().ok_or(HistoryError::Vault(VaultError::Label))?;
    if label != *LABEL {
        let is_other_version = label.starts_with(ANY_LABEL);
        return Err(if is_other_version { HistoryError::Version } else { HistoryError::Vault(VaultError::Label) });
    }
    let mut fields = || Some((from.array()?, Cost { kib: from.u32()?, passes: from.u32()? }, from.array()?));
    let (salt, cost, tag) = fields().ok_or(HistoryError::Vault(VaultError::Label))?;
    let key = VaultKey::of_passphrase(passphrase, &salt, cost).map_err(HistoryError::Vault)?;
    Ok((key, salt, cost, tag))
}

/// A check value of the head, which only the holder of the passphrase can compute.
fn check(key: &VaultKey, salt: &[u8; SALT_LEN], cost: Cost) -> [u8; TAG_LEN] {
    key.tag("history head", &[salt, &cost.kib.to_le_bytes(), &cost.passes.to_le_bytes()])
}

impl HistoryEntry {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut to = Writer::with_capacity(self.contact.len().saturating_add(self.text.len()).saturating_add(32));
        to.u8(ENTRY_VERSION);
        to.u64(self.time);
        to.bytes(self.contact.as_bytes());
        to.bool(self.is_ours);
        to.bytes(self.text.as_bytes());
        to.finish()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        if from.u8()? != ENTRY_VERSION {
            return None;
        }
        let string = |from: &mut Reader<'_>| core::str::from_utf8(from.bytes(MAX_SEALED_LEN)?).ok().map(String::from);
        let (time, contact, is_ours) = (from.u64()?, string(&mut from)?, from.bool()?);
        let text = Zeroizing::new(string(&mut from)?);
        from.rest().is_empty().then_some(Self { time, contact, is_ours, text })
    }
}

impl fmt::Debug for HistoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HistoryEntry(..)")
    }
}

impl fmt::Debug for OpenedHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedHistory")
            .field("whole_len", &self.whole_len)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

/// The reason why a history can't be opened or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// The file is of another version of this program.
    Version,
    /// The file is not a history, or the passphrase is wrong, or an entry is too long.
    Vault(VaultError),
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("the history was written by another version of this program"),
            Self::Vault(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for HistoryError {}
