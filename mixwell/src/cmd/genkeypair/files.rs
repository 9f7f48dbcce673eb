//! Writes both key files atomically.

use crate::{cmd::genkeypair::PemPair, error::Error};
use std::{
    ffi::OsString,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};
use tempfile::{NamedTempFile, TempPath};

/// The files of a key pair.
pub(super) struct Paths {
    pub(super) private: PathBuf,
    pub(super) public: PathBuf,
}

/// Writes both files under temporary names first, so that neither is ever incomplete or readable by
/// others under its final name.
pub(super) fn write(name: &Path, pair: &PemPair, force: bool) -> Result<Paths, Error> {
    let paths = Paths { private: with_suffix(name, ".private.pem"), public: with_suffix(name, ".public.pem") };
    if !force
        && let Some(path) = [&paths.private, &paths.public].into_iter().find(|path| path.symlink_metadata().is_ok())
    {
        return Err(Error::Exists(path.clone()));
    }
    let private = draft(&paths.private, &pair.private, PRIVATE_MODE)?;
    let public = draft(&paths.public, &pair.public, PUBLIC_MODE)?;
    // remove the old public key first and add the new one last: mismatched keys must never exist
    // side by side
    let old_public = if force { set_aside(&paths.public)? } else { None };
    if let Err(error) = put(private, &paths.private, force) {
        // report the original error, not one of restoring the file
        let _ = old_public.map(|old| old.persist(&paths.public));
        return Err(error);
    }
    put(public, &paths.public, force).inspect_err(|_| {
        // a private key without its public key is useless; again, report the original error
        let _ = fs::remove_file(&paths.private);
    })?;
    Ok(paths)
}

/// Readable and writable only by its owner.
const PRIVATE_MODE: u32 = 0o600;
/// Limited only by the user's umask.
const PUBLIC_MODE: u32 = 0o666;

fn with_suffix(name: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(suffix);
    path.into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Writes a temporary file in the folder of its final path.
fn draft(path: &Path, text: &[u8], mode: u32) -> Result<NamedTempFile, Error> {
    create(folder_of(path), mode)
        .and_then(|mut file| {
            file.write_all(text)?;
            file.as_file().sync_all()?;
            Ok(file)
        })
        .map_err(|error| Error::Write(path.to_path_buf(), error))
}

#[cfg(unix)]
fn create(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn create(folder: &Path, _: u32) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Renames a file, if it exists, to a temporary name; dropping the result deletes it.
fn set_aside(path: &Path) -> Result<Option<TempPath>, Error> {
    let move_away = || match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => {
            let aside = create(folder_of(path), PRIVATE_MODE)?.into_temp_path();
            fs::rename(path, &aside)?;
            Ok(Some(aside))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    move_away().map_err(|error| Error::Write(path.to_path_buf(), error))
}

/// Renames a temporary file to its final name.
fn put(file: NamedTempFile, path: &Path, force: bool) -> Result<(), Error> {
    let put = if force { file.persist(path) } else { file.persist_noclobber(path) };
    put.map(drop).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.to_path_buf()),
        _ => Error::Write(path.to_path_buf(), error.error),
    })
}
