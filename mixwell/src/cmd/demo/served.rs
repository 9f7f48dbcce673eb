//! The configuration for clients in other processes: there while the network is.

use crate::{
    network_error::NetworkError,
    style::{DIM, GOOD},
};
use mixwell_config::OWN_FILE;
use mixwell_net::files;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a client.toml and our own settings beside it, which go with this.
#[derive(Debug)]
pub(super) struct Served {
    folder: PathBuf,
    is_ours: bool,
    written: Vec<PathBuf>,
}

impl Served {
    /// Makes the folder if there is none. Fails if it has one of the files, perhaps another network's.
    pub(super) fn reserve(folder: &Path) -> Result<Self, NetworkError> {
        let is_ours = !folder.exists();
        files::make_folder(folder)?;
        if let Some(path) = [FILE, OWN_FILE].map(|name| folder.join(name)).into_iter().find(|path| path.exists()) {
            return Err(NetworkError::Exists(path));
        }
        Ok(Self { folder: folder.to_path_buf(), is_ours, written: Vec::new() })
    }

    /// Writes the files, the client.toml last. Fails if one exists by now.
    pub(super) fn write(&mut self, client_toml: &str, own_toml: &str) -> Result<(), NetworkError> {
        for (name, text) in [(OWN_FILE, own_toml), (FILE, client_toml)] {
            let path = self.folder.join(name);
            files::write_public(&path, text.as_bytes())?;
            self.written.push(path);
        }
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
        // other files stay
        for path in &self.written {
            let _ = fs::remove_file(path);
        }
        if self.is_ours {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

const FILE: &str = "client.toml";
