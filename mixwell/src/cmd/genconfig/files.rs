//! Files of a network's folder.

use mixwell_net::{files, files::KeyFileError};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder that is being filled.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make(path: &Path) -> Result<Self, KeyFileError> {
        files::make_folder(path)?;
        Ok(Self(path.to_path_buf()))
    }

    /// Creates the subfolder of an authority or node.
    pub(super) fn part(&self, name: &str) -> Result<PathBuf, KeyFileError> {
        let path = self.0.join(name);
        files::make_folder(&path)?;
        Ok(path)
    }

    pub(super) fn write(&self, part: &str, name: &str, text: &str) -> Result<(), KeyFileError> {
        files::write_public(&self.0.join(part).join(name), text.as_bytes())
    }

    /// Writes an executable file.
    pub(super) fn write_script(&self, name: &str, text: &str) -> Result<(), KeyFileError> {
        self.write("", name, text)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = self.0.join(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
                .map_err(|error| KeyFileError::Write(path, error))?;
        }
        Ok(())
    }
}
