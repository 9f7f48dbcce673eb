//! `mixwell fetch`: fetches a network's consensus from its authorities.

mod report;

use crate::{epoch_argument::EpochArgument, error::Error, logging, network_error::NetworkError, output};
use clap::Args;
use core::{fmt::Write as _, time::Duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_config::LogLevel;
use mixwell_net::{
    authorities::Authority,
    clock::{Clock, ClockWatch},
    directory_client::{DirectoryClient, FetchErrors, Fetched, Poll},
    keys::LinkKey,
    randomness::Randomness,
    runtime,
};
use mixwell_pki_types::Epoch;
use std::{fs, path::PathBuf, sync::Arc};

/// Fetch and verify the consensus of a network
///
/// Asks the authorities of a client.toml one after the other, over authenticated links, and
/// verifies the consensus: it must be signed by a majority of the authorities, be well-formed, and
/// have the client's geometry.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The epoch [default: the current one, or the next if the current one has no consensus]
    #[arg(long, value_name = "NUMBER")]
    epoch: Option<u64>,

    /// Ask only this authority
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,

    /// Write the certificate to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Retry every second for this many seconds until there is a consensus
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// Log level on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "warn")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell fetch --config client.toml                        prints the consensus's epoch, signers and rates
  mixwell fetch --config client.toml --out consensus.cert   saves it, for `mixwell document`
  mixwell fetch --config client.toml --wait 120             waits until a new network has one";

/// Fetches the consensus and prints a report.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let network = mixwell_config::read_client(&arguments.config, arguments.epoch_length.epoch_seconds)
        .map_err(NetworkError::from)?;
    let randomness = Randomness::from_system()?;
    let link = LinkKey::generate(network.kem, &mut randomness.rng())?;
    let clock = Clock::new(network.period);
    let client = DirectoryClient::new(Arc::clone(&network.authorities), link, None, randomness)
        .with_geometry(network.geometry.hash())
        .with_clock_watch(ClockWatch::new(clock));
    let is_asked =
        |authority: &&Authority| arguments.authority.as_ref().is_none_or(|name| *name == authority.peer.name);
    let authorities: Vec<&Authority> = network.authorities.iter().filter(is_asked).collect();
    if authorities.is_empty() {
        let name = arguments.authority.clone().unwrap_or_default();
        return Err(NetworkError::NoSuchAuthority(arguments.config.clone(), name).into());
    }
    let wait = Duration::from_secs(arguments.wait);
    let poll = Poll { authorities, epoch: arguments.epoch.map(Epoch), wait };
    let fetched = runtime::run(fetch(&client, clock, &poll))?;
    if let Some(path) = &arguments.out {
        fs::write(path, fetched.consensus.certificate()).map_err(|error| Error::Write(path.clone(), error))?;
    }
    output::print(&report::text(&fetched, &network.authorities)?)
}

/// Polls the authorities and shows the reason why there is no consensus yet.
async fn fetch(client: &DirectoryClient, clock: Clock, poll: &Poll<'_>) -> Result<Fetched, NetworkError> {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        line.set_style(style);
    }
    let fetched = client.poll(clock, poll, |errors, left| {
        let why = errors.0.first().map_or_else(String::new, |(authority, error)| format!("; {authority}: {error}"));
        line.set_message(format!("no consensus yet, {} s left{why}", left.as_secs()));
        line.tick();
    });
    let fetched = fetched.await;
    line.finish_and_clear();
    fetched.map_err(|errors| NetworkError::NoConsensus {
        epoch: poll.epoch.unwrap_or_else(|| clock.epoch()),
        period: clock.period(),
        why: lines(&errors, client),
    })
}

/// Each authority's error on its own line, and the offset of this machine's clock.
fn lines(errors: &FetchErrors, client: &DirectoryClient) -> String {
    let mut lines = String::new();
    for (authority, error) in &errors.0 {
        let _ = write!(lines, "\n  {authority}: {error}");
    }
    if let Some(offset) = client.clock_offset() {
        let _ = write!(lines, "\n  {offset}");
    }
    lines
}
