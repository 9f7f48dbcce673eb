//! `mixwell node`: a mix, gateway or service node of a network.

use crate::{
    error::Error,
    network::{
        config::ServerConfiguration,
        error::NetworkError,
        launch::{Launch, Launched},
        metrics,
        mix::Kind,
        node::{Sizes, packets_of},
    },
    station::{Keys, Owner, Told, ignore_hang_ups},
};
use clap::Args;
use mixwell_net::{
    address::Address,
    clock::Clock,
    runtime::{self, HangUps, StopSignals},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{net::TcpListener, sync::watch};

/// Run a mix, gateway or service node
///
/// It uploads its descriptor to the authorities, finds its neighbours in the consensus, and passes packets on. The
/// configuration and the key files have the form of Katzenpost's server. Its keys have to be in the data
/// folder; mix keys are stored there too, until their time is over. It runs until SIGINT or SIGTERM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    told: Told,
}

const EXAMPLES: &str = "\
Examples:
  mixwell node --config mix1/katzenpost.toml
  mixwell node --config mix1/katzenpost.toml --generate-only     its public keys, for the authorities";

/// Runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    arguments.told.start_log();
    let configuration = ServerConfiguration::read(&arguments.told.config).map_err(NetworkError::from)?;
    let (folder, scheme, kem) = (&configuration.data_folder, configuration.scheme, configuration.kem);
    let runtime = runtime::start()?;
    let Some(keys) = arguments.told.keys(&Owner { folder, scheme, kem })? else { return Ok(()) };
    Ok(runtime.block_on(start(configuration, keys))?)
}

async fn start(configuration: ServerConfiguration, keys: Keys) -> Result<(), NetworkError> {
    let Keys { identity, link: link_key, randomness, lock } = keys;
    // from here on signals are heard
    let mut stop_signals = StopSignals::new();
    tokio::spawn(ignore_hang_ups(HangUps::new()));
    let name = configuration.identifier;
    let bind =
        if configuration.bind_addresses.is_empty() { &configuration.addresses } else { &configuration.bind_addresses };
    let mut listeners = Vec::new();
    for address in bind {
        listeners.push(address.listen().await.map_err(|error| NetworkError::Listen(address.to_string(), error))?);
        tracing::info!(name, %address, "listening");
    }
    let kind = match (configuration.is_gateway, configuration.is_service) {
        (true, _) => Kind::Gateway,
        (_, true) => Kind::Service,
        _ => Kind::Mix,
    };
    let period = configuration.period.duration();
    let (stopper, stop) = watch::channel(false);
    let launch = Launch {
        name: name.clone(),
        kind,
        identity: Arc::new(identity),
        link_key,
        addresses: by_transport(&configuration.addresses),
        listeners,
        authorities: configuration.authorities,
        clock: Clock::new(configuration.period),
        geometry: configuration.geometry,
        folder: Some(configuration.data_folder.join(MIX_KEYS_FOLDER)),
        sizes: Sizes {
            replays: packets_of(period, configuration.packets_per_second),
            boxes: configuration.boxes,
            ..Sizes::for_period(period)
        }
        .within(runtime::raise_files().unwrap_or(usize::MAX)),
        randomness,
        stop,
    };
    let Launched { node, mut work } = launch.launch()?;
    if let Some(address) = configuration.metrics {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| NetworkError::Listen(address.to_string(), error))?;
        tokio::spawn(metrics::serve(node, listener));
    }
    tokio::select! {
        ended = &mut work => return ended,
        () = stop_signals.next() => {}
    }
    // what is under way is passed on, if it goes fast
    stopper.send_replace(true);
    let ended = tokio::time::timeout(LONGEST_STOP, work).await.unwrap_or(Ok(()));
    tracing::info!(name, "stopped");
    drop(lock);
    ended
}

fn by_transport(addresses: &[Address]) -> BTreeMap<String, Vec<String>> {
    let mut transports: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for address in addresses {
        transports.entry(address.transport().to_owned()).or_default().push(address.to_string());
    }
    transports
}

/// In the data folder.
const MIX_KEYS_FOLDER: &str = "mix";
const LONGEST_STOP: core::time::Duration = core::time::Duration::from_secs(5);
