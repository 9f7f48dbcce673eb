//! `--epoch-seconds`, which every command of a network takes.

use clap::Args;
use mixwell_config::{MAX_EPOCH_SECONDS, MIN_EPOCH_SECONDS};

/// The length of the network's epochs.
#[derive(Debug, Args)]
pub(crate) struct EpochArgument {
    /// The length of the network's epochs: 1200 if neither this nor mixwell.toml beside the
    /// configuration says otherwise
    #[arg(
        long,
        value_name = "SECONDS",
        env = VARIABLE,
        hide_env_values = true,
        value_parser = clap::value_parser!(u64).range(MIN_EPOCH_SECONDS..=MAX_EPOCH_SECONDS)
    )]
    pub(crate) epoch_seconds: Option<u64>,
}

const VARIABLE: &str = "MIXWELL_EPOCH_SECONDS";
