//! The options that `mixwell node` and `mixwell authority` share: a configuration, and keys in a
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

/// Arguments of both.
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Print the public keys and exit; keys that are missing are made
    #[arg(long)]
    generate_only: bool,

    /// Make the keys that are missing in the data folder, a new identity
    #[arg(long)]
    generate_keys: bool,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// How much to log; info, or what the configuration says, if not given
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL")]
    log: Option<LogLevel>,
}

/// The keys that it is known by.
pub(crate) struct Keys {
    pub(crate) identity: Identity,
    pub(crate) link: LinkKey,
    /// For everything else.
    pub(crate) randomness: Randomness,
    /// The data folder is this process's as long as this is.
    pub(crate) lock: FolderLock,
}

/// Whose keys they are.
pub(crate) struct Owner<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) scheme: &'static dyn SignatureScheme,
    pub(crate) kem: LinkKem,
    /// Whether the configuration wants them to be printed, and no more.
    pub(crate) generate_only: bool,
}

impl DaemonArgs {
    /// The length of an epoch, if it was given here.
    pub(crate) const fn epoch_seconds(&self) -> Option<u64> {
        self.epoch_length.epoch_seconds
    }

    /// Starts the log, where the configuration says.
    pub(crate) fn start_log(&self, settings: &LogSettings) -> Result<LogHandle, NetworkError> {
        logging::start_daemon(settings, self.log)
    }

    /// The keys of a data folder, which is locked. `None` if they were to be printed and no more.
    ///
    /// # Errors
    /// If they are missing and were not to be made: a data folder that is not where it should be
    /// must not cost the identity that others know.
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
            "made new keys: every authority's configuration has to list this identity key before it is accepted:\n{}",
            identity.public_pem().trim_end()
        );
        Ok(Some(Keys { identity, link, randomness, lock }))
    }
}

impl Owner<'_> {
    /// The keys, if both exist.
    pub(crate) fn load(&self) -> Result<Option<(Identity, LinkKey)>, NetworkError> {
        let Some(identity) = Identity::load(self.folder, self.scheme)? else { return Ok(None) };
        Ok(LinkKey::load(self.folder, self.kem)?.map(|link| (identity, link)))
    }

    /// Makes what is missing.
    fn generate(&self, randomness: &Randomness) -> Result<((Identity, LinkKey), FolderLock), NetworkError> {
        let mut rng = randomness.rng();
        files::make_folder(self.folder)?;
        let lock = FolderLock::acquire(self.folder)?;
        let identity = Identity::load_or_generate(self.folder, self.scheme, &mut rng)?;
        let link = LinkKey::load_or_generate(self.folder, self.kem, &mut rng)?;
        Ok(((identity, link), lock))
    }
}

/// At each SIGHUP, which ends processes that do not expect it, opens the log anew. Does not end.
pub(crate) async fn heed_hang_ups(mut hang_ups: HangUps, log: LogHandle) {
    loop {
        hang_ups.next().await;
        match log.reopen() {
            Ok(true) => tracing::info!("reopened the log at SIGHUP"),
            Ok(false) => tracing::info!("ignored SIGHUP: a changed configuration is read at the next start"),
            Err(error) => tracing::error!(%error, "could not reopen the log; going on with the old file"),
        }
    }
}
