//! Files of keys: private ones are their owner's alone, and none is ever half written.

use super::error::NetworkError;
use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Writes a file that only its owner may read. Fails if there is one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), NetworkError> {
    write(path, bytes, 0o600)
}

/// Writes a file that anyone may read, as far as the user's umask lets them. Fails if there is one.
pub(crate) fn write_public(path: &Path, bytes: &[u8]) -> Result<(), NetworkError> {
    write(path, bytes, 0o644)
}

/// Makes a folder, and those above it, that only its owner may look into.
pub(crate) fn make_folder(path: &Path) -> Result<(), NetworkError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| NetworkError::Write(path.to_path_buf(), error))
}

/// Reads a private file, unless others may read it too. `None` if there is none.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, NetworkError> {
    let failed = |error| NetworkError::Read(path.to_path_buf(), error);
    let Some(file) = open(path)? else { return Ok(None) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(NetworkError::TooReadable(path.to_path_buf(), mode & 0o777));
        }
    }
    // never moved while it grows, as what is left behind would not be wiped
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES.saturating_add(1)));
    file.take(MOST_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Reads a public file. `None` if there is none.
pub(crate) fn read_public(path: &Path) -> Result<Option<Vec<u8>>, NetworkError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES as u64).read_to_end(&mut bytes);
    read.map_err(|error| NetworkError::Read(path.to_path_buf(), error))?;
    Ok(Some(bytes))
}

/// Overwrites a private file, and removes it. What the disk keeps of it all the same is beyond us.
pub(crate) fn erase(path: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let len = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    file.sync_all()?;
    drop(file);
    fs::remove_file(path)
}

fn open(path: &Path) -> Result<Option<fs::File>, NetworkError> {
    match fs::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(NetworkError::Read(path.to_path_buf(), error)),
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), NetworkError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let failed = |error| NetworkError::Write(path.to_path_buf(), error);
    let mut file = draft(folder, mode).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist_noclobber(path).map(drop).map_err(|error| failed(error.error))
}

#[cfg(unix)]
fn draft(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn draft(folder: &Path, _: u32) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// The longest key of any scheme is a tenth of that.
const MOST_BYTES: usize = 1 << 16;
