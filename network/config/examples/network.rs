//! The files of a small network: written, read back, and converted into the types that nodes,
//! authorities and clients start with.
//!
//! `cargo run -p mixwell-config --example network -- /tmp/network`

use core::error::Error;
use mixwell_config::{
    AuthorityConfiguration, DEFAULT_RATES, Listing, NetworkFiles, OWN_FILE, ServerConfiguration, SharedSettings,
    read_client,
};
use mixwell_net::{
    address::Address,
    files,
    keys::{Identity, LinkKem, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::{Ed25519, Period};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use std::{env, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("usage: network FOLDER")?;
    run(Path::new(&folder))
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let randomness = Randomness::from_system()?;
    let shared = SharedSettings {
        scheme: &Ed25519,
        kem: LinkKem::default(),
        // a gateway, one layer of mixes and a service node
        geometry: Geometry::of::<X25519>(3, 2000, true)?,
        period: Period::default(),
    };
    // keys that already exist in the folder are kept
    let member = |name: &str, port: u16| -> Result<Listing, Box<dyn Error>> {
        let folder = folder.join(name);
        files::make_folder(&folder)?;
        let identity = Identity::load_or_generate(&folder, shared.scheme, &mut randomness.rng())?;
        let link = LinkKey::load_or_generate(&folder, shared.kem, &mut randomness.rng())?;
        Ok(Listing {
            identifier: name.to_owned(),
            identity_pem: identity.public_pem(),
            link_pem: link.public_pem(),
            address: Address::of(([127, 0, 0, 1], port).into()),
        })
    };
    files::make_folder(folder)?;
    let (authorities, gateways) = ([member("auth1", 30001)?], [member("gateway1", 30002)?]);
    let (mixes, services) = ([member("mix1", 30003)?], [member("servicenode1", 30004)?]);

    let network = NetworkFiles {
        shared,
        authorities: &authorities,
        gateways: &gateways,
        mixes: &mixes,
        services: &services,
        layers: 1,
        rates: DEFAULT_RATES,
    };
    let path = |member: &str, file: &str| folder.join(member).join(file);
    fs::write(path("auth1", "authority.toml"), network.authority(&authorities[0])?)?;
    for (own, kind) in
        [(&gateways[0], NodeKind::Gateway), (&mixes[0], NodeKind::Mix), (&services[0], NodeKind::Service)]
    {
        fs::write(path(&own.identifier, "katzenpost.toml"), network.server(own, kind, None)?)?;
    }
    fs::write(folder.join("client.toml"), network.client()?)?;
    // settings that Katzenpost's programs do not have, in a separate file beside each of the others
    for member in ["", "auth1", "gateway1", "mix1", "servicenode1"] {
        fs::write(path(member, OWN_FILE), network.own()?)?;
    }

    let authority = AuthorityConfiguration::read(&path("auth1", "authority.toml"), None)?;
    println!("{} permits {} nodes in {} layer", authority.identifier, authority.nodes.len(), authority.layers);
    let mix = ServerConfiguration::read(&path("mix1", "katzenpost.toml"), None)?;
    mix.notes.iter().for_each(mixwell_config::Note::log);
    println!("{} listens on {:?}", mix.identifier, mix.bind_addresses);
    let client = read_client(&folder.join("client.toml"), None)?;
    let gateways: Vec<&str> = client.gateways.iter().map(|gateway| gateway.name.as_str()).collect();
    println!("a client connects to {}, by {} links", gateways.join(" or "), client.kem.name());

    fs::write(folder.join("client.toml"), network.client()?.replace("XWING", "XWANG"))?;
    if let Err(error) = read_client(&folder.join("client.toml"), None) {
        println!("{error}");
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn files_are_written_and_read() -> Result<(), Box<dyn Error>> {
    run(tempfile::tempdir()?.path())
}
