//! Files: offered, taken, and sent in pieces; their bytes stay on the disk.

mod hand;

pub(crate) use hand::FilesInHand;

use alloc::string::String;
use blake2::{Blake2b256, Digest as _};
use core::fmt;

/// The number of a file, counted by who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

pub(crate) const HASH_LEN: usize = 32;

/// Where the bytes of files are: the caller's disk.
pub trait Files {
    /// Fills `bytes` from a file of ours, from the byte `offset` on.
    ///
    /// # Errors
    /// [`FileError`] if the file can't be read or has become shorter; it is cancelled then.
    fn read(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError>;

    /// Puts bytes of a file of the friend's in their place. The same bytes may come again after a restart.
    ///
    /// # Errors
    /// [`FileError`] if they can't be written; the friend is told that the file failed.
    fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError>;

    /// Reads back what was written, for the hash.
    ///
    /// # Errors
    /// [`FileError`] if it can't be read.
    fn read_back(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError>;
}

/// A file can't be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileError;

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file can't be read or written")
    }
}

impl core::error::Error for FileError {}

/// For who has no disk: no file can be sent or taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&mut self, _: FileId, _: u64, _: &mut [u8]) -> Result<(), FileError> {
        Err(FileError)
    }

    fn write(&mut self, _: FileId, _: u64, _: &[u8]) -> Result<(), FileError> {
        Err(FileError)
    }

    fn read_back(&mut self, _: FileId, _: u64, _: &mut [u8]) -> Result<(), FileError> {
        Err(FileError)
    }
}

/// What a file is before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOffer {
    /// Its name, without a folder.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// BLAKE2b-256 of its bytes; [`FileHasher`] makes it.
    pub hash: [u8; HASH_LEN],
}

/// A file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Which one.
    pub file: FileId,
    /// Its name; that of a friend's file is harmless.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// How many of them were put in boxes, or have come.
    pub done: u64,
    /// Whether it was taken.
    pub is_accepted: bool,
}

/// The hash of a file, piece by piece.
#[derive(Debug, Clone, Default)]
pub struct FileHasher(Blake2b256);

impl FileHasher {
    /// Of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash.
    #[must_use]
    pub fn finish(self) -> [u8; HASH_LEN] {
        self.0.finalize().into()
    }
}
