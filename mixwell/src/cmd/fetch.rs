//! `mixwell fetch`: the consensus of a network, from its authorities.

use crate::{
    epoch_argument::EpochArgument,
    error::Error,
    logging,
    network_error::NetworkError,
    output,
    style::{DIM, GOOD},
};
use clap::Args;
use core::{fmt::Write as _, time::Duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_config::LogLevel;
use mixwell_net::{
    authorities::Authority,
    clock::{Clock, ClockWatch},
    consensus::Consensus,
    directory_client::{DirectoryClient, ExchangeError, FetchErrors},
    keys::LinkKey,
    network::Network,
    randomness::Randomness,
    runtime,
};
use mixwell_pki_types::Epoch;
use mixwell_wire::ConsensusStatus;
use std::{fs, path::PathBuf, sync::Arc, time::Instant};

/// Fetch and verify the consensus of a network
///
/// Asks the authorities of a client.toml one after the other, over a link whose keys are checked, and verifies what comes:
/// a majority of the authorities has to have signed it, and it has to be well-formed and of the client's geometry.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The epoch; the current one if not given, or the next if there is none yet
    #[arg(long, value_name = "NUMBER")]
    epoch: Option<u64>,

    /// Ask this authority alone
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,

    /// Write the certificate to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Ask again each second, for this many seconds, until there is one
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// How much to log on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "warn")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell fetch --config client.toml                        is there a consensus, and who signed it?
  mixwell fetch --config client.toml --out consensus.cert   keep it, for `mixwell document`
  mixwell fetch --config client.toml --wait 120             until a young network has one";

/// Fetches it, and prints what came.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let configuration = mixwell_config::read_client(&arguments.config, arguments.epoch_length.epoch_seconds)
        .map_err(NetworkError::from)?;
    let randomness = Randomness::from_system()?;
    let link = LinkKey::generate(configuration.kem, &mut randomness.rng())?;
    let client = DirectoryClient::new(Arc::clone(&configuration.authorities), link, None, randomness)
        .with_geometry(configuration.geometry.hash())
        .with_clock_watch(ClockWatch::new(Clock::new(configuration.period)));
    let authorities: Vec<&Authority> = configuration
        .authorities
        .iter()
        .filter(|authority| arguments.authority.as_ref().is_none_or(|name| *name == authority.peer.name))
        .collect();
    if authorities.is_empty() {
        let name = arguments.authority.clone().unwrap_or_default();
        return Err(NetworkError::NoSuchAuthority(arguments.config.clone(), name).into());
    }
    let asker = Asker { client: &client, clock: Clock::new(configuration.period), authorities };
    let fetched = runtime::run(async { asker.until_there_is_one(arguments).await })?;
    if let Some(path) = &arguments.out {
        fs::write(path, fetched.consensus.certificate()).map_err(|error| Error::Write(path.clone(), error))?;
    }
    output::print(&fetched.report(&configuration)?)
}

struct Asker<'a> {
    client: &'a DirectoryClient,
    clock: Clock,
    authorities: Vec<&'a Authority>,
}

struct Fetched {
    consensus: Consensus,
    from: String,
    took: Duration,
}

impl Asker<'_> {
    async fn until_there_is_one(&self, arguments: &Arguments) -> Result<Fetched, NetworkError> {
        let end = Instant::now().checked_add(Duration::from_secs(arguments.wait));
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            line.set_style(style);
        }
        loop {
            let now = self.clock.epoch();
            let epochs = arguments.epoch.map_or_else(|| vec![now, now.plus(1)], |epoch| vec![Epoch(epoch)]);
            let mut errors = FetchErrors(Vec::new());
            for epoch in epochs {
                match self.once(epoch, now).await {
                    Ok(fetched) => {
                        line.finish_and_clear();
                        return Ok(fetched);
                    }
                    // what they say of the current epoch is what matters
                    Err(found) if errors.0.is_empty() => errors = found,
                    Err(_) => {}
                }
            }
            let left = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                line.finish_and_clear();
                let mut lines = errors.0.iter().fold(String::new(), |mut lines, (authority, error)| {
                    let _ = write!(lines, "\n  {authority}: {error}");
                    lines
                });
                if let Some(offset) = self.client.clock_offset() {
                    let _ = write!(lines, "\n  {offset}");
                }
                let epoch = arguments.epoch.map_or(now, Epoch);
                return Err(NetworkError::NoConsensus { epoch, period: self.clock.period(), why: lines });
            }
            let why = errors.0.first().map_or_else(String::new, |(authority, error)| format!("; {authority}: {error}"));
            line.set_message(format!("no consensus yet, {} s left{why}", left.as_secs()));
            line.tick();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn once(&self, epoch: Epoch, now: Epoch) -> Result<Fetched, FetchErrors> {
        let mut errors = FetchErrors(Vec::new());
        for authority in &self.authorities {
            let start = Instant::now();
            match self.client.fetch_from(authority, epoch, now).await {
                Ok(consensus) => {
                    return Ok(Fetched { consensus, from: authority.peer.name.clone(), took: start.elapsed() });
                }
                Err(error) => {
                    if !matches!(error, ExchangeError::NoConsensus(ConsensusStatus::NotFound)) {
                        tracing::warn!(authority = authority.peer.name, %error, "no consensus from it");
                    }
                    errors.0.push((authority.peer.name.clone(), error));
                }
            }
        }
        Err(errors)
    }
}

impl Fetched {
    fn report(&self, configuration: &Network) -> Result<String, NetworkError> {
        let consensus = &self.consensus;
        let document = consensus.document().map_err(|error| NetworkError::Client(error.to_string()))?;
        let signers: Vec<&str> = consensus
            .signers()
            .iter()
            .filter_map(|id| configuration.authorities.by_id(*id))
            .map(|authority| authority.peer.name.as_str())
            .collect();
        let layers: Vec<String> = document.layers().map(|layer| layer.len().to_string()).collect();
        let mut text = format!(
            "{GOOD}ok{GOOD:#} consensus of epoch {} from {} in {} ms, {} bytes\n",
            consensus.epoch(),
            self.from,
            self.took.as_millis(),
            consensus.certificate().len()
        );
        let all = configuration.authorities.len();
        let _ = writeln!(text, "   signed by {} of {all} authorities: {}", signers.len(), signers.join(", "));
        let _ = writeln!(
            text,
            "   gateways: {}, mixes in layers of {}, service nodes: {}",
            document.gateways().len(),
            layers.join(" + "),
            document.services().len()
        );
        let rates = document.rates();
        let _ = writeln!(
            text,
            "   {DIM}mu {}, lambda P {}, L {}, M {}, G {} per millisecond{DIM:#}",
            rates.mu, rates.lambda_p, rates.lambda_l, rates.lambda_m, rates.lambda_g
        );
        Ok(text)
    }
}
