//! `mixwell chat`: a chat between friends over a mix network.

mod client;
mod outdated;
mod purpose;

use crate::{epoch_argument::EpochArgument, error::Error, logging, network_error::NetworkError};
use clap::Args;
use client::ChatNetwork;
use mixwell_chat_tui::{self as tui, Entropy, Options};
use mixwell_config::LogLevel;
use mixwell_net::{randomness::Randomness, runtime};
use purpose::{Purpose, mode};
use std::path::PathBuf;

/// Chat with friends over a mix network
///
/// Two people pair with a code of nine words, compare a safety string, and exchange texts and
/// files, end-to-end encrypted by a post-quantum double ratchet. Their messages go through the
/// network's rendezvous service in boxes of one size, which are written and read at every tick of a
/// Poisson clock, whether or not there is anything to send. Keys and unsent texts are stored in a
/// private folder; nothing else is stored unless --history is given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder for your keys, state and files: an empty one, an earlier chat's, or a new one
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The name that friends see, set when the folder is created [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The gateway to connect to [default: any]
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,

    /// Store all texts in this file, encrypted with a passphrase that you are asked for
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,

    /// If the history has a damaged or incomplete entry, move the file aside and continue with the
    /// intact entries before it
    #[arg(long, requires = "history")]
    repair_history: bool,

    /// Maximum size of a file to accept, in bytes
    #[arg(long, value_name = "MEGABYTES", default_value_t = 100)]
    max_file: u64,

    /// Use plain lines even on a terminal
    #[arg(long)]
    plain: bool,

    /// Do not ring the bell when a text arrives
    #[arg(long)]
    no_bell: bool,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// The log level on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "off")]
    log: LogLevel,

    #[command(subcommand)]
    purpose: Option<Purpose>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell demo --serve net                           runs a network until Ctrl-C
  mixwell chat alice --config net/client.toml        one side: /code shows a code
  mixwell chat bob --config net/client.toml          the other side, in another terminal: /code WORDS enters it
  mixwell chat bot --config net/client.toml send alice < text          sends one text, for scripts
  mixwell chat bot --config net/client.toml receive --json --count 1   prints the next text that arrives

Commands: /code, /code WORDS, /verify, /send FILE, /contacts, /help, /quit. Other lines are sent as texts.";

/// Runs the chat, or one of its scripts, until it ends.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let randomness = Randomness::from_system()?;
    let network = ChatNetwork::read(
        &arguments.config,
        arguments.epoch_length.epoch_seconds,
        arguments.gateway.clone(),
        randomness.branch(),
    )?;
    let options = Options {
        folder: arguments.folder.clone(),
        name: arguments.name.clone(),
        history: arguments.history.clone(),
        repairs_history: arguments.repair_history,
        max_file: arguments.max_file.saturating_mul(1_000_000),
        mode: mode(arguments.purpose.as_ref(), arguments.plain)?,
        rings: !arguments.no_bell,
    };
    let entropy = Entropy::new(move || Box::new(randomness.rng()));
    let task = async {
        let ended = tui::run(options, network, entropy, runtime::stop_signal()).await;
        ended.map_err(|error| NetworkError::Client(error.to_string()))
    };
    runtime::run(task).map_err(Error::from)
}
