//! The configuration for clients in other processes: there while the network is.

use crate::{
    network::error::NetworkError,
    style::{DIM, GOOD},
};
use mixwell_net::files;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a client.toml, which goes with this.
#[derive(Debug)]
pub(super) struct Served {
    folder: PathBuf,
    is_ours: bool,
    is_written: bool,
}

impl Served {
    /// Makes the folder if there is none. Fails if it has a client.toml, perhaps another network's.
    pub(super) fn reserve(folder: &Path) -> Result<Self, NetworkError> {
        let is_ours = !folder.exists();
        files::make_folder(folder)?;
        let path = folder.join(FILE);
        if path.symlink_metadata().is_ok() {
            return Err(NetworkError::Exists(path));
        }
        Ok(Self { folder: folder.to_path_buf(), is_ours, is_written: false })
    }

    /// Writes the file. Fails if there is one by now.
    pub(super) fn write(&mut self, client_toml: &str) -> Result<(), NetworkError> {
        files::write_public(&self.folder.join(FILE), client_toml.as_bytes())?;
        self.is_written = true;
        Ok(())
    }

    /// What to do with it.
    pub(super) fn text(&self) -> String {
        let path = self.folder.join(FILE);
        let path = path.display();
        format!(
            "{GOOD}the network is up{GOOD:#}, until Ctrl-C; in other terminals:\n  mixwell chat --config {path}\n  \
             mixwell ping --config {path}\n{DIM}  its keys are new each time, and {path} goes with it{DIM:#}"
        )
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // what someone has put there besides stays
        if self.is_written {
            let _ = fs::remove_file(self.folder.join(FILE));
        }
        if self.is_ours {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

const FILE: &str = "client.toml";
