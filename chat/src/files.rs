//! Files: offered, accepted, and sent in pieces. Their bytes stay on the caller's disk.

mod transfers;

pub(crate) use transfers::Transfers;

use crate::bytes::{Reader, Writer};
use crate::codec::Codec;
use alloc::string::String;
use blake2::{Blake2b256, Digest as _};
use core::fmt;

/// The number of a file, counted by its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl Codec for FileId {
    fn encode(&self, to: &mut Writer) {
        self.0.encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        u32::decode(from).map(Self)
    }
}

pub(crate) const HASH_LEN: usize = 32;

/// The caller's disk.
pub trait Files {
    /// Fills `bytes` from a file of ours, starting at byte `offset`.
    ///
    /// # Errors
    /// [`FileError`] if the file can't be read or has become shorter, which cancels the transfer.
    fn read(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError>;

    /// Writes bytes of a file of the friend's. The same bytes may be written again after a restart.
    ///
    /// # Errors
    /// [`FileError`] if they can't be written, which makes the transfer fail on both sides.
    fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError>;
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

/// Stands for no disk: no file can be sent or received.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&mut self, _: FileId, _: u64, _: &mut [u8]) -> Result<(), FileError> {
        Err(FileError)
    }

    fn write(&mut self, _: FileId, _: u64, _: &[u8]) -> Result<(), FileError> {
        Err(FileError)
    }
}

/// The description of a file before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOffer {
    /// The file's name, without a folder.
    pub name: String,
    /// The file's length in bytes.
    pub size: u64,
    /// BLAKE2b-256 of the file's bytes; [`FileHasher`] computes it.
    pub hash: [u8; HASH_LEN],
}

/// A file that is offered or in transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The file.
    pub file: FileId,
    /// The file's name, safe to show and to store.
    pub name: String,
    /// The file's length in bytes.
    pub size: u64,
    /// Number of bytes that have been put in boxes, or have arrived.
    pub done: u64,
    /// Whether the receiver accepted it.
    pub is_accepted: bool,
}

impl Transfer {
    /// Whether all bytes have been put in boxes, or have arrived. A friend's file that is complete
    /// waits for [`Chat::check_file`](crate::Chat::check_file).
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_accepted && self.done == self.size
    }
}

/// Computes the hash of a file, piece by piece.
#[derive(Debug, Clone, Default)]
pub struct FileHasher(Blake2b256);

impl FileHasher {
    /// A hasher of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash.
    #[must_use]
    pub fn finish(self) -> [u8; HASH_LEN] {
        self.0.finalize().into()
    }
}
