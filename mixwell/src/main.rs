//! The Mixwell command-line tool; see `mixwell --help`.

mod cli;
mod cmd;
mod daemon_args;
mod epoch_argument;
mod error;
mod hex;
mod input;
mod logging;
mod network_error;
mod numbers;
mod output;
mod random;
mod scheme;
mod style;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
