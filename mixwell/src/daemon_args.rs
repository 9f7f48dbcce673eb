//! Options shared by `mixwell node` and `mixwell authority`: the configuration, and the keys in the
//! data folder.

use crate::{
    epoch_argument::EpochArgument, error::Error, logging, logging::LogHandle, network_error::NetworkError, output,
};
use clap::Args;
use mixwell_config::{LogLevel, LogSettings};
use mixwell_net::{
    files,
    files::FolderLock,
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
    runtime::HangUps,
};
use mixwell_pki_types::SignatureScheme;
use std::path::{Path, PathBuf};

/// The shared arguments.
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Print the public keys and exit; missing keys are generated
    #[arg(long)]
    generate_only: bool,

    /// Generate the keys that are missing in the data folder: a new identity
    #[arg(long)]
    generate_keys: bool,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// Log level [default: the configuration's, or info]
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL")]
    log: Option<LogLevel>,
}

/// The node's or authority's keys.
pub(crate) struct Keys {
    pub(crate) identity: Identity,
    pub(crate) link: LinkKey,
    /// Randomness for the running program.
    pub(crate) randomness: Randomness,
    /// Locks the data folder for this process until dropped.
    pub(crate) lock: FolderLock,
}

/// The node or authority whose keys are loaded.
pub(crate) struct Owner<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) scheme: &'static dyn SignatureScheme,
    pub(crate) kem: LinkKem,
    /// The configuration says to print the public keys and exit.
    pub(crate) generate_only: bool,
}

impl DaemonArgs {
    /// The length of an epoch, if it was given on the command line.
    pub(crate) const fn epoch_seconds(&self) -> Option<u64> {
        self.epoch_length.epoch_seconds
    }

    /// Starts logging to the destination in the configuration.
    pub(crate) fn start_log(&self, settings: &LogSettings) -> Result<LogHandle, NetworkError> {
        logging::start_daemon(settings, self.log)
    }

    /// Locks the data folder and returns its keys; `None` if they were only printed.
    ///
    /// # Errors
    /// If keys are missing and their generation was not requested: a mistyped or unmounted data
    /// folder must not silently get a new identity.
    pub(crate) fn keys(&self, owner: &Owner<'_>) -> Result<Option<Keys>, Error> {
        let randomness = Randomness::from_system()?;
        if self.generate_only || owner.generate_only {
            let (identity, link) = match owner.load()? {
                Some(keys) => keys,
                None => owner.generate(&randomness)?.0,
            };
            output::print(&format!("{}{}", identity.public_pem(), link.public_pem()))?;
            return Ok(None);
        }
        if let Some((identity, link)) = owner.load()? {
            let lock = FolderLock::acquire(owner.folder).map_err(NetworkError::from)?;
            return Ok(Some(Keys { identity, link, randomness, lock }));
        }
        if !self.generate_keys {
            return Err(NetworkError::NoKeys(owner.folder.to_path_buf()).into());
        }
        let ((identity, link), lock) = owner.generate(&randomness)?;
        tracing::warn!(
            folder = %owner.folder.display(),
            identity = %identity.id(),
            "generated new keys: authorities refuse them until their configurations list this identity key:\n{}",
            identity.public_pem().trim_end()
        );
        Ok(Some(Keys { identity, link, randomness, lock }))
    }
}

impl Owner<'_> {
    /// Loads the keys, if both exist.
    pub(crate) fn load(&self) -> Result<Option<(Identity, LinkKey)>, NetworkError> {
        let Some(identity) = Identity::load(self.folder, self.scheme)? else { return Ok(None) };
        Ok(LinkKey::load(self.folder, self.kem)?.map(|link| (identity, link)))
    }

    /// Generates the missing keys.
    fn generate(&self, randomness: &Randomness) -> Result<((Identity, LinkKey), FolderLock), NetworkError> {
        let mut rng = randomness.rng();
        files::make_folder(self.folder)?;
        let lock = FolderLock::acquire(self.folder)?;
        let identity = Identity::load_or_generate(self.folder, self.scheme, &mut rng)?;
        let link = LinkKey::load_or_generate(self.folder, self.kem, &mut rng)?;
        Ok(((identity, link), lock))
    }
}

/// Reopens the log at each SIGHUP, which would otherwise end the process. Never returns.
pub(crate) async fn heed_hang_ups(mut hang_ups: HangUps, log: LogHandle) {
    loop {
        hang_ups.next().await;
        match log.reopen() {
            Ok(true) => tracing::info!("reopened the log at SIGHUP"),
            Ok(false) => tracing::info!("ignored SIGHUP: a changed configuration is read at the next start"),
            Err(error) => tracing::error!(%error, "could not reopen the log; continuing with the old file"),
        }
    }
}
