//! What `mixwell node` and `mixwell authority` have in common: a configuration, and keys in a data folder.

use crate::{
    error::Error,
    network::{
        error::NetworkError,
        files,
        keys::{Identity, LinkKem, LinkKey},
        logging::{self, LogLevel},
        randomness::Randomness,
    },
    output,
};
use clap::Args;
use mixwell_pki_types::SignatureScheme;
use std::path::{Path, PathBuf};

/// What both are told.
#[derive(Debug, Args)]
pub(crate) struct Told {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Make the keys that are missing, print the public ones, and end
    #[arg(long)]
    generate_only: bool,

    /// How much to tell on standard error
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "info")]
    log: LogLevel,
}

/// The keys that it is known by.
pub(crate) struct Keys {
    pub(crate) identity: Identity,
    pub(crate) link: LinkKey,
    /// For everything else.
    pub(crate) randomness: Randomness,
}

impl Told {
    /// Logs as it was asked to, from before the configuration is read.
    pub(crate) fn start_log(&self) {
        logging::start(self.log);
    }

    /// The keys of a data folder; those that are missing are made. `None` if they were to be printed and no more.
    pub(crate) fn keys(
        &self,
        folder: &Path,
        scheme: &'static dyn SignatureScheme,
        kem: LinkKem,
    ) -> Result<Option<Keys>, Error> {
        let randomness = Randomness::from_system()?;
        let mut rng = randomness.rng();
        let made: Result<_, NetworkError> = files::make_folder(folder).and_then(|()| {
            let identity = Identity::load_or_generate(folder, scheme, &mut rng)?;
            Ok((identity, LinkKey::load_or_generate(folder, kem, &mut rng)?))
        });
        let (identity, link) = made?;
        if self.generate_only {
            output::print(&format!("{}{}", identity.public_pem(), link.public_pem()))?;
            return Ok(None);
        }
        Ok(Some(Keys { identity, link, randomness }))
    }
}
