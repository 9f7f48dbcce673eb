//! Files and folders that only their owner may read.

use crate::error::Error;
use std::{
    fs,
    fs::{File, OpenOptions},
    io,
    io::{Read as _, Write as _},
    path::Path,
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The beginning of the names of files that are being written.
pub(crate) const DRAFT: &str = ".tmp";

/// Creates a folder and its missing parents.
pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error::Write(path.to_path_buf(), error))
}

/// Removes all permissions of other users from a folder. Returns whether they had any.
#[cfg(unix)]
pub(crate) fn close_folder(path: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| Error::Read(path.to_path_buf(), error))?.permissions().mode();
    if mode.trailing_zeros() >= 6 {
        return Ok(false);
    }
    let closed = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    closed.map(|()| true).map_err(|error| {
        let why = format!("others may read it (permissions {:03o}), and that can't be changed: {error}", mode & 0o777);
        Error::Folder(path.to_path_buf(), why)
    })
}

#[cfg(not(unix))]
pub const fn close_folder(_: &Path) -> Result<bool, Error> {
    Ok(false)
}

/// Replaces or creates a file atomically: after a crash there is either the old or the new one. It
/// is on the disk when this returns.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| Error::Write(path.to_path_buf(), error);
    let folder = path.parent().ok_or_else(|| failed(io::Error::from(io::ErrorKind::InvalidInput)))?;
    let mut draft = draft(folder).map_err(failed)?;
    draft.write_all(bytes).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
    draft.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

/// Creates a file. Fails if it exists.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| Error::Write(path.to_path_buf(), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut draft = draft(folder).map_err(failed)?;
    draft.write_all(bytes).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
    draft.persist_noclobber(path).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

/// A temporary file that only its owner may read, as `tempfile` creates them.
fn draft(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder)
}

/// Options that create a file only for its owner.
pub(crate) fn options() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Reads a file of at most `max` bytes. `None` if there is none.
pub(crate) fn read(path: &Path, max: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let failed = |error| Error::Read(path.to_path_buf(), error);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // reading a FIFO would never end
    if !metadata.is_file() {
        return Err(Error::File(path.to_path_buf(), "it is not a file".to_owned()));
    }
    if metadata.len() > max {
        return Err(Error::File(
            path.to_path_buf(),
            format!("it is {} bytes long, want at most {max}", metadata.len()),
        ));
    }
    // at full capacity: growing would leave a copy behind
    let capacity = usize::try_from(metadata.len()).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    File::open(path).map_err(failed)?.take(max).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Removes a file, if there is one.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Flushes a folder's entries: otherwise a power failure may lose the name of a file whose data is
/// on the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
