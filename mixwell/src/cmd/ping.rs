//! `mixwell ping`: measures loss and latency of messages to a network's echo service.

mod exchange;
mod outcome;

use crate::{epoch_argument::EpochArgument, error::Error, logging, network_error::NetworkError, output};
use clap::Args;
use core::time::Duration;
use exchange::Exchange;
use mixwell_client::{Client, Destination, Options, StartError};
use mixwell_config::LogLevel;
use mixwell_net::{network::Network, randomness::Randomness, runtime};
use mixwell_pki_types::Period;
use outcome::Outcome;
use std::{path::PathBuf, sync::Arc};

/// Send messages to a network's echo service and print loss and latency
///
/// Fetches the consensus from an authority of a client.toml, verifies it, connects to a gateway,
/// and sends messages at the published rate. The service answers each message through its SURB.
/// Between the messages the client sends loop decoys, as every client does. A reply counts only if
/// it has the bytes that were sent. The exit status is 0 only if all messages came back. Ctrl-C
/// after the first message ends the command early with the summary.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// Number of messages
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,

    /// The gateway to connect to [default: any]
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,

    /// Capability of the service to ping
    #[arg(long, value_name = "NAME", default_value = "echo")]
    capability: String,

    /// Seconds to wait for a reply, even if messages remain to be sent
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// Log level on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "warn")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell ping --config client.toml              ten messages
  mixwell ping --config client.toml -n 1000      a thousand messages
  mixwell ping --config client.toml --gateway gateway1    through this gateway";

/// Pings the service and prints the outcome.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let configuration = mixwell_config::read_client(&arguments.config, arguments.epoch_length.epoch_seconds)
        .map_err(NetworkError::from)?;
    let outcome = runtime::run(ping(arguments, configuration, Randomness::from_system()?))?;
    output::print(&outcome.report(arguments.count))?;
    if outcome.good == arguments.count { Ok(()) } else { Err(NetworkError::Pings.into()) }
}

async fn ping(arguments: &Arguments, network: Network, randomness: Randomness) -> Result<Outcome, NetworkError> {
    let (period, max_bytes) = (network.period, network.geometry.user_forward_payload_len().min(MESSAGE_BYTES));
    let destination = Destination::AnyService(arguments.capability.clone());
    let options = Options { gateway: arguments.gateway.clone(), destination, ..Options::default() };
    let client = Client::connect(network, options, &randomness).await.map_err(|error| no_client(error, period))?;
    let patience = Duration::from_secs(arguments.timeout);
    let exchange = Exchange { client: Arc::new(client), count: arguments.count, max_bytes, patience };
    exchange.run(&randomness, runtime::stop_signal()).await.map_err(|error| NetworkError::Client(error.to_string()))
}

fn no_client(error: StartError, period: Period) -> NetworkError {
    match error {
        StartError::NoConsensus { epoch, errors, clock_offset } => {
            let offset = clock_offset.map_or_else(String::new, |offset| format!("; {offset}"));
            NetworkError::NoConsensus { epoch, period, why: format!(" {errors}{offset}") }
        }
        error => error.into(),
    }
}

/// Length of a message in bytes, or less if packets are too short for it.
const MESSAGE_BYTES: usize = 64;
