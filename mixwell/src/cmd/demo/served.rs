//! The configuration for clients in other processes; its files exist while the network runs.

use crate::{
    cmd::demo::world::RATES,
    network_error::NetworkError,
    style::{DIM, GOOD},
};
use mixwell_config::{Listing, NetworkFiles, OWN_FILE, SharedSettings};
use mixwell_net::files;
use mixwell_pki_types::Ed25519;
use mixwell_testnet::voted::{Member, VotedNetwork};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a client.toml and a mixwell.toml. Both files are removed when this is dropped.
#[derive(Debug)]
pub(super) struct Served {
    folder: PathBuf,
    is_ours: bool,
    written: Vec<PathBuf>,
}

impl Served {
    /// Creates the folder if it does not exist. Fails if one of the files exists: it may belong to
    /// another network.
    pub(super) fn reserve(folder: &Path) -> Result<Self, NetworkError> {
        let is_ours = !folder.exists();
        files::make_folder(folder)?;
        if let Some(path) = [FILE, OWN_FILE].map(|name| folder.join(name)).into_iter().find(|path| path.exists()) {
            return Err(NetworkError::Exists(path));
        }
        Ok(Self { folder: folder.to_path_buf(), is_ours, written: Vec::new() })
    }

    /// Writes the files for the network's clients, client.toml last. Fails if one of them exists.
    pub(super) fn write(&mut self, network: &VotedNetwork) -> Result<(), NetworkError> {
        let VotedNetwork { clock, geometry, kem, .. } = *network;
        let authorities: Vec<_> = network.authorities.iter().map(listing).collect();
        let written = NetworkFiles {
            shared: SharedSettings { scheme: &Ed25519, kem, geometry, period: clock.period() },
            authorities: &authorities,
            gateways: &[listing(&network.gateway)],
            mixes: &[],
            services: &[],
            layers: 0,
            rates: RATES,
        };
        for (name, text) in [(OWN_FILE, written.own()?), (FILE, written.client()?)] {
            let path = self.folder.join(name);
            files::write_public(&path, text.as_bytes())?;
            self.written.push(path);
        }
        Ok(())
    }

    /// Instructions for using the files.
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
        // other files in the folder are left alone
        for path in &self.written {
            let _ = fs::remove_file(path);
        }
        if self.is_ours {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

fn listing(member: &Member) -> Listing {
    Listing {
        identifier: member.name.clone(),
        identity_pem: member.identity.public_pem(),
        link_pem: member.link_key.public_pem(),
        address: member.address.clone(),
    }
}

const FILE: &str = "client.toml";
