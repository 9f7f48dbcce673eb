//! `mixwell node`: runs a mix, gateway or service node.

mod check;

use crate::{
    daemon_args::{DaemonArgs, Keys, Owner, heed_hang_ups},
    error::Error,
    logging::LogHandle,
    network_error::NetworkError,
};
use clap::Args;
use core::time::Duration;
use mixwell_config::{NodeLimits, Note, ServerConfiguration};
use mixwell_net::{
    clock::Clock,
    runtime,
    runtime::{HangUps, StopSignals},
};
use mixwell_node::{NodeBuilder, ResourceLimits, Services, metrics, packets_of};
use mixwell_pki_types::Period;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Run a mix, gateway or service node
///
/// The node uploads its descriptor to the authorities, connects to its neighbours in the consensus,
/// and forwards packets. The configuration and key files have the format of Katzenpost's server.
/// The node's keys must be in the data folder, where it also stores its mix keys. The program runs
/// until SIGINT or SIGTERM, and reopens its log file at SIGHUP.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    daemon: DaemonArgs,

    /// Address to serve metrics on, instead of the configuration's; anyone who reads the metrics
    /// learns when packets arrive and leave
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,

    /// Do not run the node: ask the authorities about its keys, and when it will receive packets
    #[arg(long, conflicts_with = "metrics")]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  mixwell node --config mix1/katzenpost.toml
  mixwell node --config mix1/katzenpost.toml --generate-only     prints its public keys, for the authorities
  mixwell node --config mix1/katzenpost.toml --check             asks the authorities about the node";

/// Runs or checks the node.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let daemon = &arguments.daemon;
    let configuration =
        ServerConfiguration::read(&daemon.config, daemon.epoch_seconds()).map_err(NetworkError::from)?;
    let log = daemon.start_log(&configuration.logging)?;
    configuration.notes.iter().for_each(Note::log);
    let runtime = runtime::start()?;
    let owner = Owner {
        folder: &configuration.data_folder,
        scheme: configuration.scheme,
        kem: configuration.kem,
        generate_only: configuration.generate_only,
    };
    if arguments.check {
        return runtime.block_on(check::run(&configuration, &owner));
    }
    let Some(keys) = daemon.keys(&owner)? else { return Ok(()) };
    Ok(runtime.block_on(start(configuration, keys, log, arguments.metrics.as_deref()))?)
}

async fn start(
    configuration: ServerConfiguration,
    keys: Keys,
    log: LogHandle,
    metrics_address: Option<&str>,
) -> Result<(), NetworkError> {
    let Keys { identity, link: link_key, randomness, lock } = keys;
    // signals that arrive from now on are handled
    let mut stop_signals = StopSignals::new();
    tokio::spawn(heed_hang_ups(HangUps::new(), log));
    let name = configuration.identifier.clone();
    let mut listeners = Vec::new();
    for address in &configuration.bind_addresses {
        listeners.push(address.listen().await.map_err(|error| NetworkError::Listen(address.to_string(), error))?);
        tracing::info!(name, %address, "listening");
    }
    let metrics = match (metrics_address, configuration.metrics) {
        (Some(address), _) => Some((address.to_owned(), TcpListener::bind(address).await)),
        (None, Some(address)) => Some((address.to_string(), TcpListener::bind(address).await)),
        (None, None) => None,
    };
    let metrics = metrics.map(|(address, bound)| bound.map_err(|error| NetworkError::Listen(address, error)));
    let metrics = metrics.transpose()?;
    let limits = resource_limits(configuration.period, &configuration.limits)
        .within(runtime::raise_files().unwrap_or(usize::MAX));
    let services = Services::new(&configuration.services, &configuration.geometry, limits.boxes, randomness.rng());
    let builder = NodeBuilder {
        name: name.clone(),
        kind: configuration.kind,
        identity: Arc::new(identity),
        link_key,
        addresses: configuration.public_addresses,
        listeners,
        authorities: configuration.authorities,
        clock: Clock::new(configuration.period),
        geometry: configuration.geometry,
        services,
        sends_decoys: configuration.sends_decoys,
        mix_key_folder: Some(configuration.data_folder.join(MIX_KEYS_FOLDER)),
        limits,
        randomness,
        faults: None,
    };
    let mut running = builder.start()?;
    if let Some(listener) = metrics {
        tokio::spawn(metrics::serve(Arc::clone(running.node()), listener));
    }
    tokio::select! {
        biased;
        () = stop_signals.next() => {}
        ended = running.ended() => return Ok(ended?),
    }
    // forward the packets that the node holds, within a time limit
    let ended = tokio::time::timeout(MAX_STOP, running.stop()).await.unwrap_or(Ok(()));
    tracing::info!(name, "stopped");
    drop(lock);
    Ok(ended?)
}

/// The configured limits, clamped to the node's bounds; defaults for limits that are not
/// configured.
fn resource_limits(period: Period, configured: &NodeLimits) -> ResourceLimits {
    let mut limits = ResourceLimits::for_period(period.duration());
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    limits.replays = packets_of(period.duration(), configured.packets_per_second);
    limits.boxes = configured.boxes;
    limits.queue = configured.queue.map_or(limits.queue, |packets| packets.min(limits.buffers));
    limits.delays.unwrap_millis = configured.unwrap_wait.map_or(limits.delays.unwrap_millis, millis);
    limits.delays.slack_millis = configured.release_slack.map_or(limits.delays.slack_millis, millis);
    limits.write_wait = configured.write_wait.unwrap_or(limits.write_wait);
    limits.decoy_grace = configured.decoy_grace.unwrap_or(limits.decoy_grace);
    limits
}

/// Folder of the mix keys, in the data folder.
const MIX_KEYS_FOLDER: &str = "mix";
const MAX_STOP: Duration = Duration::from_secs(5);
