//! The Mixwell command-line tool; `mixwell --help` tells what it does.

mod anonymity;
mod authority;
mod chat;
mod cli;
mod document;
mod epoch_argument;
mod error;
mod fetch;
mod genconfig;
mod genkeypair;
mod geometry;
mod hex;
mod input;
mod network;
mod node;
mod output;
mod packet;
mod packets;
mod ping;
mod random;
mod scheme;
mod schemes;
mod station;
mod style;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
