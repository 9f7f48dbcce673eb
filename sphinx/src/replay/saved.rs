//! A replay filter on a disk.
//!
//! ```text
//! header   "mixwell-filter-1" | id of the save key [16] | hash key [16]
//! record   count u32, 1 to 512 | count hashes [8 each]
//! end      0 u32 | MAC [32]
//! ```
//!
//! Numbers are little-endian. The MAC is keyed BLAKE2b-256 over everything before it; a file of
//! which it is not the end, or that it does not fit, is not a filter.

use super::{SharedReplayFilter, table::Table};
use blake2::{
    Blake2b512, Blake2bMac, Digest,
    digest::{FixedOutput, KeyInit, Update, consts::U32},
};
use core::fmt;
use std::{
    io::{self, ErrorKind, Read, Write},
    vec::Vec,
};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Authenticates saved filters. Made of the private mix key that a filter belongs to, so that no
/// other filter is loaded for that key, and no damaged or invented one. Wiped on drop.
///
/// ```
/// use mixwell_sphinx::{SaveKey, SchemeKeys, X25519};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// let stored = X25519::generate(&mut ChaCha20Rng::seed_from_u64(1));
/// // not stored: made again of the mix key after a restart
/// let key = SaveKey::of(&stored);
/// assert_eq!(format!("{key:?}"), "SaveKey(..)");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SaveKey([u8; 64]);

impl SaveKey {
    /// The save key for the filter of a mix key: give it the
    /// [stored private key](crate::SchemeKeys::StoredKey).
    #[must_use]
    pub fn of(private_key: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        let mut key = Self([0; 64]);
        let digest = Blake2b512::new().chain_update(MAGIC).chain_update(private_key.as_ref());
        Digest::finalize_into(digest, (&mut key.0).into());
        key
    }

    fn mac(&self) -> Blake2bMac<U32> {
        Blake2bMac::new((&self.0).into())
    }

    /// Identifies the key in a header and tells nothing about it.
    fn id(&self) -> [u8; ID_LEN] {
        let mut mac = self.mac();
        // shorter than any file
        Update::update(&mut mac, b"id");
        let id: [u8; MAC_LEN] = mac.finalize_fixed().into();
        let mut short = [0; ID_LEN];
        short.iter_mut().zip(id).for_each(|(to, byte)| *to = byte);
        short
    }
}

/// Why a saved filter can't be loaded. Its mix key must not be used then: packets that it has
/// opened could be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not a saved filter, or one of another version.
    Format,
    /// The file has the filter of another mix key.
    OtherKey,
    /// The file ends early.
    Truncated,
    /// The file was changed, or bytes follow the filter.
    Damaged,
    /// The file has more tags than the filter may have.
    Full {
        /// Maximum number of tags.
        max: usize,
    },
    /// The file can't be read; it may be undamaged.
    Io(ErrorKind),
}

impl SharedReplayFilter {
    /// Writes the filter, to be [loaded](Self::load) after a restart. It has all tags that were
    /// added before the call; threads may go on adding tags, which may or may not be in it. Give it
    /// a buffered writer or memory, and flush it to the disk.
    ///
    /// A saved filter is of use for a mix that ends in good order: stop taking packets, save, stop.
    /// A mix that was killed may have opened packets since, and must not use the mix key again.
    ///
    /// ```
    /// use mixwell_sphinx::{LoadError, ReplayTag, SaveKey, SchemeKeys, SharedReplayFilter, X25519};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1);
    ///
    /// let stored = X25519::generate(&mut rng);
    /// let replays = SharedReplayFilter::new(1000, &mut rng);
    /// assert!(!replays.insert(&ReplayTag([1; 32]))?.is_seen());
    /// let mut file = Vec::new();
    /// replays.save(&SaveKey::of(&stored), &mut file)?;
    ///
    /// let replays = SharedReplayFilter::load(&SaveKey::of(&stored), 1000, file.as_slice())?;
    /// assert!(replays.insert(&ReplayTag([1; 32]))?.is_seen());
    /// let other = SaveKey::of(&X25519::generate(&mut rng));
    /// assert_eq!(SharedReplayFilter::load(&other, 1000, file.as_slice()).err(), Some(LoadError::OtherKey));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of the writer.
    pub fn save(&self, key: &SaveKey, out: impl Write) -> io::Result<()> {
        let mut out = Maced { mac: key.mac(), out };
        out.put(MAGIC)?;
        out.put(&key.id())?;
        out.put(&*self.key)?;
        let mut record = Zeroizing::new([0; RECORD_LEN]);
        self.try_for_each(|table| put_table(table, &mut out, &mut record))?;
        out.put(&0_u32.to_le_bytes())?;
        let mac: [u8; MAC_LEN] = out.mac.finalize_fixed().into();
        out.out.write_all(&mac)
    }

    /// Reads a filter that was [saved](Self::save) with the same key, for at most `max_packets`.
    /// Memory grows with the bytes that are read, and ends with that maximum, whatever they are.
    /// Give it a buffered reader that ends with the filter.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(key: &SaveKey, max_packets: usize, input: impl Read) -> Result<Self, LoadError> {
        let mut input = Maced { mac: key.mac(), out: input };
        let (mut magic, mut id, mut hash_key) = ([0; 16], [0; ID_LEN], Zeroizing::new([0; 16]));
        input
            .take(&mut magic)
            .map_err(|error| if error == LoadError::Truncated { LoadError::Format } else { error })?;
        if magic != *MAGIC {
            return Err(LoadError::Format);
        }
        input.take(&mut id)?;
        if !bool::from(id.ct_eq(&key.id())) {
            return Err(LoadError::OtherKey);
        }
        input.take(&mut *hash_key)?;
        // Kept aside until the MAC is known to be right: hashes that somebody chose could all want
        // the same slot, which takes time by the square of their number.
        let (mut read, mut count) = (Vec::new(), 0_usize);
        let mut record = Zeroizing::new([0; RECORD_LEN]);
        while let Some(hashes) = input.take_record(&mut record)? {
            count = count.saturating_add(hashes.len());
            if count > max_packets {
                return Err(LoadError::Full { max: max_packets });
            }
            for hash in hashes {
                push(&mut read, u64::from_le_bytes(*hash));
            }
        }
        let want: [u8; MAC_LEN] = input.mac.finalize_fixed().into();
        let mut mac = [0; MAC_LEN];
        input.out.read_exact(&mut mac).map_err(error_of)?;
        let is_at_end = match input.out.read_exact(&mut [0]) {
            Ok(()) => false,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => true,
            Err(error) => return Err(error_of(error)),
        };
        // declassified: whether the file is whole
        if !is_at_end || !bool::from(mac.ct_eq(&want)) {
            return Err(LoadError::Damaged);
        }
        let filter = Self::with_key(hash_key, max_packets);
        for hash in read.iter().flat_map(|chunk| chunk.iter()) {
            // 0 is a free slot, which no filter has saved
            if *hash == 0 {
                return Err(LoadError::Damaged);
            }
            let _ = filter.insert_hash(*hash).map_err(|_| LoadError::Full { max: max_packets })?;
        }
        Ok(filter)
    }
}

/// Adds a hash to chunks of full length, which do not move and wipe themselves.
fn push(chunks: &mut Vec<Zeroizing<Vec<u64>>>, hash: u64) {
    match chunks.last_mut() {
        Some(chunk) if chunk.len() < RECORD_HASHES => chunk.push(hash),
        _ => {
            let mut chunk = Vec::with_capacity(RECORD_HASHES);
            chunk.push(hash);
            chunks.push(Zeroizing::new(chunk));
        }
    }
}

/// Writes the hashes of a table in records.
fn put_table(table: &Table, out: &mut Maced<impl Write>, record: &mut [u8; RECORD_LEN]) -> io::Result<()> {
    let mut hashes = table.hashes();
    loop {
        let (mut count, mut len) = (0_u32, 0_usize);
        for (place, hash) in record.as_chunks_mut::<HASH_LEN>().0.iter_mut().zip(hashes.by_ref()) {
            *place = hash.to_le_bytes();
            count = count.saturating_add(1);
            len = len.saturating_add(HASH_LEN);
        }
        if count == 0 {
            return Ok(());
        }
        out.put(&count.to_le_bytes())?;
        out.put(record.get(..len).unwrap_or_default())?;
    }
}

/// A stream and the MAC over what went through it.
struct Maced<T> {
    mac: Blake2bMac<U32>,
    out: T,
}

impl<W: Write> Maced<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.mac.update(bytes);
        self.out.write_all(bytes)
    }
}

impl<R: Read> Maced<R> {
    fn take(&mut self, bytes: &mut [u8]) -> Result<(), LoadError> {
        self.out.read_exact(bytes).map_err(error_of)?;
        self.mac.update(bytes);
        Ok(())
    }

    /// The hashes of the next record; `None` after the last one.
    fn take_record<'r>(&mut self, record: &'r mut [u8; RECORD_LEN]) -> Result<Option<&'r [[u8; HASH_LEN]]>, LoadError> {
        let mut count = [0; 4];
        self.take(&mut count)?;
        let count = usize::try_from(u32::from_le_bytes(count)).unwrap_or(usize::MAX);
        let bytes = record.get_mut(..count.saturating_mul(HASH_LEN)).ok_or(LoadError::Damaged)?;
        self.take(bytes)?;
        let (hashes, _) = bytes.as_chunks();
        Ok(Some(hashes).filter(|hashes| !hashes.is_empty()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn error_of(error: io::Error) -> LoadError {
    match error.kind() {
        ErrorKind::UnexpectedEof => LoadError::Truncated,
        kind => LoadError::Io(kind),
    }
}

impl fmt::Debug for SaveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaveKey(..)")
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => f.write_str("not a saved replay filter of this version"),
            Self::OtherKey => f.write_str("saved replay filter is of another mix key"),
            Self::Truncated => f.write_str("saved replay filter ends early"),
            Self::Damaged => f.write_str("saved replay filter is damaged"),
            Self::Full { max } => write!(f, "saved replay filter has more than {max} tags"),
            Self::Io(kind) => write!(f, "saved replay filter can't be read: {kind}"),
        }
    }
}

impl core::error::Error for LoadError {}

const MAGIC: &[u8; 16] = b"mixwell-filter-1";
const ID_LEN: usize = 16;
const HASH_LEN: usize = 8;
const MAC_LEN: usize = 32;
/// Hashes of the longest record.
const RECORD_HASHES: usize = 512;
const RECORD_LEN: usize = RECORD_HASHES * HASH_LEN;
