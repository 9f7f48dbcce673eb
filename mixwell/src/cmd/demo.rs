//! `mixwell demo`: a whole network in this process, on real sockets, and messages through it.

mod ending;
mod geometry;
mod served;
mod show;
mod summary;
mod view;
mod world;

pub(super) use world::RATES;

use crate::{error::Error, logging};
use clap::Args;
use core::time::Duration;
use geometry::Packets;
use mixwell_config::LogLevel;
use mixwell_net::{keys::LinkKem, randomness::Randomness, runtime};
use std::{io::Write as _, path::PathBuf};

/// Run a whole network in this process and send messages through it
///
/// Three authorities vote on a consensus in every epoch. A gateway, layers of two mixes each and a
/// service node listen on loopback ports and connect to each other. Clients fetch the consensus
/// from the gateway and send messages to the echo service, which answers through SURBs. Every link
/// is encrypted with keys from a post-quantum handshake, every hop delays packets at random, and
/// all clients and nodes send cover traffic. Nothing is written to disk without --serve. Ctrl-C, or
/// `q` at a terminal, ends the demonstration early with the summary; a second one ends it at once.
/// The exit status is 0 only if every message came back and no packet was lost.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Stay up until interrupted, with a client.toml in this folder for `mixwell chat`, `ping` and
    /// `fetch` in other terminals
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["epochs", "minutes"])]
    serve: Option<PathBuf>,

    /// Approximate length of an epoch [default: 10, or 60 with --serve]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=86_400))]
    epoch_seconds: Option<u64>,

    /// Number of epochs with traffic, after one for the first consensus
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,

    /// Duration of the traffic in minutes, instead of epochs
    #[arg(long, value_name = "NUMBER", conflicts_with = "epochs", value_parser = minutes)]
    minutes: Option<f64>,

    /// Number of clients, each with its own connection
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=500))]
    clients: u16,

    /// Number of layers, each of two mixes
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=12))]
    layers: u8,

    /// The packets' NIKE or KEM, optionally followed by the user payload in bytes, as in
    /// `xwing:1000`; `mixwell schemes` lists the schemes
    #[arg(long, value_name = "SCHEME[:BYTES]", default_value = "x25519:2000")]
    geometry: Packets,

    /// The KEM of the links; `mixwell schemes` lists them
    #[arg(long, value_name = "SCHEME", default_value = "xwing", value_parser = kem)]
    kem: LinkKem,

    /// Log level of the nodes on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "off")]
    log: LogLevel,

    /// Derive keys, routes and delays from this number. For tests only: the keys are not secret
    /// then
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell demo                              three epochs of ten seconds, two clients
  mixwell demo --clients 10 --minutes 5     ten clients, five minutes
  mixwell demo --geometry xwing             KEM Sphinx: packets that withstand quantum computers
  mixwell demo --layers 5 --kem mlkem768    longer routes, another KEM for links
  mixwell demo --serve net                  runs until Ctrl-C, for clients with net/client.toml";

/// Default approximate length of an epoch in seconds.
const EPOCH: u64 = 10;
const SERVED_EPOCH: u64 = 60;

/// Runs the network, and prints the summary.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let randomness = match arguments.seed {
        Some(seed) => Randomness::from_seed(seed),
        None => Randomness::from_system()?,
    };
    let (summary, verdict) = runtime::run(show::show(arguments, randomness))?;
    let mut out = anstream::stdout().lock();
    let printed = out.write_all(summary.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output);
    // report a failure even if the summary could not be printed
    verdict.map_err(Error::from).and(printed)
}

impl Arguments {
    /// The approximate length of an epoch.
    fn epoch(&self) -> Duration {
        let usual = if self.serve.is_some() { SERVED_EPOCH } else { EPOCH };
        Duration::from_secs(self.epoch_seconds.unwrap_or(usual))
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if (0.05..=100_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("want a number from 0.05 to 100000".to_owned()),
    }
}

fn kem(name: &str) -> Result<LinkKem, String> {
    let name = name.strip_suffix("-kem").unwrap_or(name);
    LinkKem::by_name(name).ok_or_else(|| "no such KEM; `mixwell schemes` lists them".to_owned())
}
