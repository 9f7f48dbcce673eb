//! `mixwell genconfig`: creates the configuration and keys of a whole network in one folder.

mod files;
mod plan;
mod script;

use crate::{
    error::Error,
    network_error::NetworkError,
    output, scheme,
    scheme::SchemeName,
    style::{DIM, GOOD},
};
use clap::Args;
use core::net::IpAddr;
use mixwell_config::SharedSettings;
use mixwell_net::randomness::Randomness;
use mixwell_pki_types::Period;
use mixwell_sphinx::Geometry;
use plan::{Plan, Schemes};
use std::path::PathBuf;

/// Create the configuration and keys of a whole network
///
/// Creates a folder with one subfolder for each authority, gateway, mix and service node (its keys,
/// and a configuration in Katzenpost's format), a client.toml, and a script that runs the network
/// on this machine. To run a node on another machine, change its address in all configurations and
/// move its subfolder there.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder to create
    folder: PathBuf,

    /// Number of authorities
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    authorities: u8,

    /// Number of layers of mixes
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    layers: u8,

    /// Number of mixes in each layer
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=50))]
    mixes: u8,

    /// Number of gateways
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    gateways: u8,

    /// Number of service nodes, each with the services echo and rendezvous
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    services: u8,

    /// Length of an epoch; production networks have 1200
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(2..=604_800))]
    epoch_seconds: u64,

    /// The NIKE or KEM of the packets; `mixwell schemes` lists them
    #[arg(long, value_parser = SchemeName::parse, default_value = "x25519")]
    scheme: SchemeName,

    /// User payload bytes in each packet
    #[arg(long, value_name = "BYTES", default_value_t = 2000)]
    payload: usize,

    /// The KEM of the links
    #[arg(long, value_name = "NAME", default_value = "XWING")]
    kem: String,

    /// The signature scheme of authorities and nodes
    #[arg(long, value_name = "NAME", default_value = "Ed25519")]
    signatures: String,

    /// The IP address that all authorities and nodes listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    address: IpAddr,

    /// The first port; the others follow consecutively
    #[arg(long, value_name = "PORT", default_value_t = 30_001)]
    port: u16,
}

const EXAMPLES: &str = "\
Examples:
  mixwell genconfig net && net/run                            three authorities and eight nodes on this machine
  mixwell genconfig net --layers 5 --mixes 4 --kem MLKEM768-X448
  mixwell genconfig net --epoch-seconds 20                    a consensus within seconds, for experiments";

/// Creates the folder and prints instructions for it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let schemes = Schemes::by_names(&arguments.signatures, &arguments.kem)?;
    let info = arguments.scheme.run(scheme::Info);
    let hops = usize::from(arguments.layers).saturating_add(2);
    let geometry = Geometry::new(info, hops, arguments.payload, true)?;
    let seconds = core::time::Duration::from_secs(arguments.epoch_seconds);
    let plan = Plan {
        authorities: arguments.authorities.into(),
        layers: arguments.layers,
        mixes: u16::from(arguments.layers).saturating_mul(arguments.mixes.into()),
        gateways: arguments.gateways.into(),
        services: arguments.services.into(),
        shared: SharedSettings {
            scheme: schemes.signatures,
            kem: schemes.kem,
            geometry,
            period: Period::new(seconds).unwrap_or_default(),
        },
        address: arguments.address,
        first_port: arguments.port,
    };
    if arguments.folder.symlink_metadata().is_ok() {
        return Err(NetworkError::Exists(arguments.folder.clone()).into());
    }
    let made = plan.make(&arguments.folder, &Randomness::from_system()?)?;
    let folder = arguments.folder.display();
    output::print(&format!(
        "{GOOD}ok{GOOD:#} {folder}: {} authorities, {} nodes, epochs of {} s\n\
         {DIM}run it on this machine:{DIM:#}  {folder}/run\n\
         {DIM}one of them alone:{DIM:#}       mixwell authority --config {folder}/auth1/authority.toml\n\
         {DIM}its consensus:{DIM:#}           mixwell fetch --config {folder}/client.toml --wait {}\n",
        made.authorities,
        made.nodes,
        arguments.epoch_seconds,
        arguments.epoch_seconds.saturating_mul(2),
    ))
}
