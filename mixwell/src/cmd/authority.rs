//! `mixwell authority`: one of the authorities of a network.

use crate::{
    daemon_args::{DaemonArgs, Keys, Owner, heed_hang_ups},
    error::Error,
    logging::LogHandle,
    network_error::NetworkError,
};
use clap::Args;
use mixwell_authority::{AuthorityBuilder, Layers, Settings};
use mixwell_config::{AuthorityConfiguration, LogSettings};
use mixwell_net::{
    runtime,
    runtime::{HangUps, StopSignals},
};
use std::sync::Arc;

/// Run a directory authority
///
/// The authority accepts descriptors of the nodes in its configuration, agrees on a consensus with
/// the other authorities in each epoch, and serves it to everyone. The configuration has the format
/// of Katzenpost's authority.toml. The authority's keys have to be in the data folder. The program
/// runs until SIGINT or SIGTERM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    daemon: DaemonArgs,
}

const EXAMPLES: &str = "\
Examples:
  mixwell authority --config auth1/authority.toml
  mixwell authority --config auth1/authority.toml --generate-only     prints its public keys, for the others";

/// Runs the authority until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let log = arguments.daemon.start_log(&LogSettings::default())?;
    let configuration = AuthorityConfiguration::read(&arguments.daemon.config, arguments.daemon.epoch_seconds());
    let configuration = configuration.map_err(NetworkError::from)?;
    let (folder, scheme, kem) = (&configuration.data_folder, configuration.scheme, configuration.kem);
    let runtime = runtime::start()?;
    let Some(keys) = arguments.daemon.keys(&Owner { folder, scheme, kem, generate_only: false })? else {
        return Ok(());
    };
    let own = configuration.authorities.by_id(keys.identity.id());
    if own.is_none_or(|own| own.peer.link_key != keys.link.public()) {
        return Err(NetworkError::NotNamed(arguments.daemon.config.clone()).into());
    }
    Ok(runtime.block_on(start(&configuration, keys, log))?)
}

async fn start(configuration: &AuthorityConfiguration, keys: Keys, log: LogHandle) -> Result<(), NetworkError> {
    let Keys { identity, link, randomness, lock } = keys;
    // signals that arrive from now on are handled
    let mut stop_signals = StopSignals::new();
    tokio::spawn(heed_hang_ups(HangUps::new(), log));
    let mut listeners = Vec::new();
    for address in &configuration.bind_addresses {
        let listener = address.listen().await.map_err(|error| NetworkError::Listen(address.to_string(), error))?;
        listeners.push(listener);
        tracing::info!(name = configuration.identifier, %address, "listening");
    }
    let settings = Settings {
        authorities: Arc::clone(&configuration.authorities),
        nodes: configuration.nodes.clone(),
        replicas: configuration.replicas.clone(),
        layers: configuration.topology.clone().map_or(Layers::Dynamic(configuration.layers.into()), Layers::Fixed),
        min_per_layer: configuration.min_per_layer,
        rates: configuration.rates,
        geometry: configuration.geometry,
        period: configuration.period,
    };
    let builder = AuthorityBuilder::new(settings, identity, link, randomness).data_folder(&configuration.data_folder);
    let authority = listeners.into_iter().fold(builder, AuthorityBuilder::listener).start()?;
    stop_signals.next().await;
    authority.stop().await;
    drop(lock);
    tracing::info!(name = configuration.identifier, "stopped");
    Ok(())
}
