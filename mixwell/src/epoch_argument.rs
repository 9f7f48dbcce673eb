//! `--epoch-seconds`, an option of every command that uses a network.

use clap::Args;
use mixwell_config::{MAX_EPOCH_SECONDS, MIN_EPOCH_SECONDS};

/// The option for the length of the network's epochs.
#[derive(Debug, Args)]
pub(crate) struct EpochArgument {
    /// Length of the network's epochs [default: from mixwell.toml beside the configuration, or
    /// 1200]
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
