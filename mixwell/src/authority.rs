//! `mixwell authority`: one of the authorities of a network.

use crate::{
    error::Error,
    network::{
        authority::{AuthorityNode, Rules, State, serve},
        clock::Clock,
        config::AuthorityConfiguration,
        error::NetworkError,
        files,
        keys::{Identity, LinkKey},
        listener::{Listener, ListenerLimits},
        logging::{self, LogLevel},
        randomness::Randomness,
        runtime,
    },
};
use clap::Args;
use std::{path::PathBuf, sync::Arc};

/// Run a directory authority
///
/// It takes the descriptors of the nodes that its configuration names, agrees with the other authorities on a consensus in
/// each epoch, and hands it to whoever asks. The configuration has the form of Katzenpost's authority.toml. Keys that
/// are not in the data folder are made there. It runs until SIGINT or SIGTERM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// Make the keys that are missing, print the public ones, and end
    #[arg(long)]
    generate_only: bool,

    /// How much to tell on standard error
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "info")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell authority --config auth1/authority.toml
  mixwell authority --config auth1/authority.toml --generate-only     its public keys, for the others";

/// Runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let configuration = AuthorityConfiguration::read(&arguments.config).map_err(NetworkError::from)?;
    let randomness = Randomness::from_system()?;
    let mut rng = randomness.rng();
    files::make_folder(&configuration.data_folder)?;
    let identity = Identity::load_or_generate(&configuration.data_folder, configuration.scheme, &mut rng)?;
    let link = LinkKey::load_or_generate(&configuration.data_folder, configuration.kem, &mut rng)?;
    if arguments.generate_only {
        return crate::output::print(&format!("{}{}", identity.public_pem(), link.public_pem()));
    }
    let own = configuration.authorities.by_id(identity.id());
    if own.is_none_or(|own| own.link_key != link.public()) {
        return Err(NetworkError::NotNamed(arguments.config.clone()).into());
    }
    Ok(runtime::run(start(&configuration, identity, link, randomness))?)
}

async fn start(
    configuration: &AuthorityConfiguration,
    identity: Identity,
    link: LinkKey,
    randomness: Randomness,
) -> Result<(), NetworkError> {
    let mut listeners = Vec::new();
    for address in &configuration.bind_addresses {
        let listener = address.listen().await.map_err(|error| NetworkError::Listen(address.to_string(), error))?;
        listeners.push(Listener::new(listener, ListenerLimits::default()));
        tracing::info!(name = configuration.identifier, %address, "listening");
    }
    let clock = Clock::new(configuration.period);
    let identity = Arc::new(identity);
    let state = State::new(Arc::clone(&identity), Rules::from(configuration), clock.now(), randomness.rng());
    let authorities = Arc::clone(&configuration.authorities);
    let node = AuthorityNode { id: identity.id(), link, authorities, clock, listeners, randomness };
    serve(node, state, runtime::stop_signal()).await;
    tracing::info!(name = configuration.identifier, "stopped");
    Ok(())
}
