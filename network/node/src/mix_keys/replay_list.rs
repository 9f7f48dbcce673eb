//! The replay tags of a mix key on the disk: a file beside the key, written before the packets are
//! processed.
//!
//! The list is created together with the key and bound to it, so that a missing list is never
//! mistaken for an empty one, nor another key's list for this one. Each record holds the tags of a
//! few packets and a checksum over all records so far; the header holds the number of bytes flushed
//! to the disk. Truncation and damage are thus detected. A power failure may lose the records since
//! the last flush.
//!
//! ```text
//! header   "mixwell-replays1" | BLAKE2b-256 of the public key [32] | flushed bytes u64 | CRC-32 u32
//! record   count u32 | count tags [32 each] | CRC-32 over the previous checksum, count and tags
//! ```
//!
//! Numbers are little-endian. The chain of checksums starts with that of the header with zero
//! flushed bytes.

#[cfg(test)]
mod tests;

use core::fmt;
use crc32fast::Hasher;
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::ReplayTag;
use std::{
    fs,
    fs::File,
    io,
    io::{BufReader, ErrorKind, Read, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::Arc,
};

/// A list that is open for appending.
#[derive(Debug)]
pub(crate) struct ReplayList {
    file: Arc<File>,
    key: KeyHash,
    /// Bytes of the header and of all records.
    len: u64,
    /// Number of these bytes that have been flushed to the disk.
    flushed: u64,
    /// The last record's checksum.
    checksum: u32,
    record: Vec<u8>,
}

/// A flush that is due. It runs without a lock on the list.
#[derive(Debug)]
pub(crate) struct Flush {
    file: Arc<File>,
    len: u64,
}

/// The reason why a list, and therefore its key, can't be used.
#[derive(Debug)]
pub(crate) enum ListError {
    /// There is no list, although the key exists.
    Missing,
    /// The list is shorter than its flushed part, or ends within a record.
    Truncated,
    /// A checksum is wrong, or the header is that of another key.
    Damaged,
    /// The file system failed; the list may be intact.
    Io(io::Error),
}

impl ReplayList {
    /// Creates an empty list for a new key, and flushes it to the disk.
    pub(super) fn create(path: &Path, key: KeyHash) -> io::Result<()> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(&header(key, HEADER_LEN as u64))?;
        file.sync_all()
    }

    /// Opens the list of a key, and calls `each` with every tag in it.
    ///
    /// # Errors
    /// [`ListError`]: the key must not open packets.
    pub(crate) fn open(path: &Path, key: KeyHash, mut each: impl FnMut(ReplayTag)) -> Result<Self, ListError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(ListError::Damaged),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(ListError::Missing),
            Err(error) => return Err(ListError::Io(error)),
        }
        let file = File::options().read(true).write(true).open(path).map_err(ListError::Io)?;
        let end = file.metadata().map_err(ListError::Io)?.len();
        let mut bytes = BufReader::with_capacity(1 << 16, &file);
        let flushed = read_header(&mut bytes, key)?;
        if end < flushed {
            return Err(ListError::Truncated);
        }
        let (mut len, mut checksum) = (HEADER_LEN as u64, first_checksum(key));
        while len < end {
            checksum = read_record(&mut bytes, checksum, &mut len, &mut each)?;
        }
        let file = Arc::new(file);
        (&*file).seek(SeekFrom::Start(len)).map_err(ListError::Io)?;
        Ok(Self { file, key, len, flushed, checksum, record: Vec::with_capacity(MAX_RECORD_LEN) })
    }

    /// Appends a record of at most [`MAX_TAGS`] tags. After an error the list must not be used any
    /// more.
    pub(crate) fn append(&mut self, tags: &[ReplayTag]) -> io::Result<()> {
        self.record.clear();
        let count = u32::try_from(tags.len()).ok().filter(|count| *count <= MAX_TAGS);
        let count = count.ok_or(ErrorKind::InvalidInput)?;
        self.record.extend_from_slice(&count.to_le_bytes());
        for tag in tags {
            self.record.extend_from_slice(tag.as_bytes());
        }
        let checksum = next_checksum(self.checksum, &self.record);
        self.record.extend_from_slice(&checksum.to_le_bytes());
        (&*self.file).write_all(&self.record)?;
        self.len += self.record.len() as u64;
        self.checksum = checksum;
        Ok(())
    }

    /// The flush that is due, if any.
    pub(crate) fn unflushed(&self) -> Option<Flush> {
        (self.flushed < self.len).then(|| Flush { file: Arc::clone(&self.file), len: self.len })
    }

    /// Records in the header that a [`Flush`] is done. After an error the list must not be used any
    /// more.
    pub(crate) fn set_flushed(&mut self, flush: &Flush) -> io::Result<()> {
        let mut file = &*self.file;
        file.rewind()?;
        file.write_all(&header(self.key, flush.len))?;
        file.seek(SeekFrom::Start(self.len))?;
        self.flushed = flush.len;
        Ok(())
    }
}

impl Flush {
    /// Waits until the records are on the disk.
    pub(crate) fn wait(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn header(key: KeyHash, flushed: u64) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    let mut rest = header.as_mut_slice();
    let checksum = header_checksum(key, flushed);
    for field in [MAGIC.as_slice(), &key.0, &flushed.to_le_bytes(), &checksum.to_le_bytes()] {
        if let Some((place, after)) = core::mem::take(&mut rest).split_at_mut_checked(field.len()) {
            place.copy_from_slice(field);
            rest = after;
        }
    }
    header
}

fn header_checksum(key: KeyHash, flushed: u64) -> u32 {
    let mut hasher = Hasher::new();
    for field in [MAGIC.as_slice(), &key.0, &flushed.to_le_bytes()] {
        hasher.update(field);
    }
    hasher.finalize()
}

fn first_checksum(key: KeyHash) -> u32 {
    header_checksum(key, 0)
}

fn next_checksum(previous: u32, record: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&previous.to_le_bytes());
    hasher.update(record);
    hasher.finalize()
}

/// Reads the header, and returns how many bytes of the list were flushed.
fn read_header(bytes: &mut impl Read, key: KeyHash) -> Result<u64, ListError> {
    let mut got = [0; HEADER_LEN];
    read_exact(bytes, &mut got)?;
    let number = got.get(MAGIC.len() + KEY_LEN..).and_then(|rest| rest.first_chunk());
    let flushed = u64::from_le_bytes(*number.ok_or(ListError::Damaged)?);
    if got != header(key, flushed) {
        return Err(ListError::Damaged);
    }
    Ok(flushed)
}

/// Reads a record, and returns its checksum.
fn read_record(
    bytes: &mut impl Read,
    previous: u32,
    len: &mut u64,
    each: &mut impl FnMut(ReplayTag),
) -> Result<u32, ListError> {
    let mut record = [0; MAX_RECORD_LEN];
    let (count, rest) = record.split_first_chunk_mut::<4>().ok_or(ListError::Damaged)?;
    read_exact(bytes, count)?;
    let count = u32::from_le_bytes(*count);
    if !(1..=MAX_TAGS).contains(&count) {
        return Err(ListError::Damaged);
    }
    let tags_len = usize::try_from(count).unwrap_or(0).saturating_mul(ReplayTag::LEN);
    let (tags, rest) = rest.split_at_mut_checked(tags_len).ok_or(ListError::Damaged)?;
    let checksum = rest.first_chunk_mut::<4>().ok_or(ListError::Damaged)?;
    read_exact(bytes, tags)?;
    read_exact(bytes, checksum)?;
    let checksum = u32::from_le_bytes(*checksum);
    let covered = record.get(..tags_len.saturating_add(4)).unwrap_or_default();
    if checksum != next_checksum(previous, covered) {
        return Err(ListError::Damaged);
    }
    let (tags, _) = record.get(4..covered.len()).unwrap_or_default().as_chunks::<{ ReplayTag::LEN }>();
    for tag in tags {
        each(ReplayTag(*tag));
    }
    *len = len.saturating_add(tags_len as u64).saturating_add(8);
    Ok(checksum)
}

fn read_exact(bytes: &mut impl Read, buffer: &mut [u8]) -> Result<(), ListError> {
    bytes.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => ListError::Truncated,
        _ => ListError::Io(error),
    })
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("its replay list is missing"),
            Self::Truncated => f.write_str("its replay list is truncated"),
            Self::Damaged => f.write_str("its replay list is damaged"),
            Self::Io(error) => write!(f, "its replay list can't be read: {error}"),
        }
    }
}

impl core::error::Error for ListError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Missing | Self::Truncated | Self::Damaged => None,
        }
    }
}

const MAGIC: &[u8; 16] = b"mixwell-replays1";
/// Bytes of a key's hash.
const KEY_LEN: usize = 32;
const HEADER_LEN: usize = 16 + KEY_LEN + 8 + 4;

/// Maximum number of tags in a record.
pub(crate) const MAX_TAGS: u32 = 64;
const MAX_RECORD_LEN: usize = 4 + 64 * ReplayTag::LEN + 4;
