//! Reading a file named by the user: only regular files, and no more bytes than the caller allows.
//!
//! `/dev/zero` has no end, a FIFO without a writer blocks whoever opens it, and opening some
//! devices has effects; so the file's type is checked before it is opened, and again on the open
//! file.

use core::fmt;
use std::{
    fs::{self, File, FileType},
    io::{self, Read as _},
    path::Path,
};

/// Reads a regular file of at most `max` bytes.
///
/// # Errors
/// Those of the file system; for another kind of file or a longer one, [`FileFault`] as an
/// [`io::Error`].
pub fn read_bounded(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // one byte more than the maximum shows that the file is too long, whatever length it claims
    open_regular(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(FileFault::TooLong { max }.into());
    }
    Ok(bytes)
}

/// Opens a regular file for reading.
///
/// # Errors
/// As [`read_bounded`].
pub fn open_regular(path: &Path) -> io::Result<File> {
    check(fs::metadata(path)?.file_type())?;
    let file = File::open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

fn check(file_type: FileType) -> io::Result<()> {
    if file_type.is_file() { Ok(()) } else { Err(FileFault::Kind(kind(file_type)).into()) }
}

#[cfg(unix)]
fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match file_type {
        file_type if file_type.is_dir() => "folder",
        file_type if file_type.is_fifo() => "FIFO",
        file_type if file_type.is_socket() => "socket",
        file_type if file_type.is_char_device() || file_type.is_block_device() => "device",
        _ => "special file",
    }
}

#[cfg(not(unix))]
fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() { "folder" } else { "special file" }
}

/// The reason why an existing file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFault {
    /// The file is not a regular one.
    Kind(&'static str),
    /// The file is longer than the maximum.
    TooLong {
        /// The maximum, in bytes.
        max: u64,
    },
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "it is a {kind}, want a regular file"),
            Self::TooLong { max } => write!(f, "it has more than {max} bytes"),
        }
    }
}

impl core::error::Error for FileFault {}

impl From<FileFault> for io::Error {
    fn from(fault: FileFault) -> Self {
        Self::new(io::ErrorKind::InvalidInput, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_longest_length_is_read_and_a_longer_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read_bounded(&path, 100).unwrap(), [7; 100]);
        assert_eq!(read_bounded(&path, 99).unwrap_err().to_string(), "it has more than 99 bytes");
        let missing = read_bounded(&folder.path().join("missing"), 1).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let error = read_bounded(folder.path(), 1).unwrap_err();
        assert_eq!(error.to_string(), "it is a folder, want a regular file");
    }

    #[cfg(unix)]
    #[test]
    fn devices_fifos_and_sockets_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [(Path::new("/dev/zero"), "device"), (&fifo, "FIFO"), (&socket, "socket")] {
            let error = read_bounded(path, 1000).unwrap_err();
            assert_eq!(error.to_string(), format!("it is a {kind}, want a regular file"));
        }
    }
}
