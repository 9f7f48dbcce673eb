//! Every configuration file that the tool writes is one that the reference's programs read: they
//! refuse a table or key that they do not know.

use crate::run::succeed;
use core::net::SocketAddr;
use mixwell_config::{DEFAULT_RATES, Listing, NetworkFiles, OWN_FILE, SharedSettings};
use mixwell_net::{address::Address, keys::LinkKem, node_kind::NodeKind};
use mixwell_pki_types::{Ed25519, Period, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_testnet::reference::config::{ConfigurationFile, Refusal};
use std::{collections::BTreeMap, fs, path::Path};

/// The configuration files in a folder and those below it, but for those that are our own alone.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<String>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.entry(name).or_default().push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The program that reads a file of a name.
fn program(name: &str) -> ConfigurationFile {
    match name {
        "client.toml" => ConfigurationFile::Client,
        "katzenpost.toml" => ConfigurationFile::Server,
        "authority.toml" => ConfigurationFile::Authority,
        other => panic!("{other}"),
    }
}

#[test]
fn the_reference_reads_what_genconfig_writes() {
    for more in [&[][..], &["--scheme", "xwing", "--kem", "MLKEM768-X448", "--signatures", "Ed25519 Sphincs+"]] {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("net");
        let mut arguments = vec!["genconfig", net.to_str().unwrap(), "--authorities", "2", "--layers", "2"];
        arguments.extend(more);
        succeed(&arguments);
        let mut found = BTreeMap::new();
        files(&net, &mut found);
        let own = found.remove(OWN_FILE).unwrap();
        let numbers: Vec<_> = found.iter().map(|(name, texts)| (name.as_str(), texts.len())).collect();
        // a gateway, four mixes, a service node
        assert_eq!(numbers, [("authority.toml", 2), ("client.toml", 1), ("katzenpost.toml", 6)]);
        for (name, texts) in &found {
            for text in texts {
                assert_eq!(program(name).read(text), Ok(()), "{name}\n{text}");
                // our own settings would be refused in them: they have a file of their own
                let with_own = format!("{}\n{text}", own[0]);
                let refused = Err(Refusal::Unknown(vec!["EpochSeconds".to_owned()]));
                assert_eq!(program(name).read(&with_own), refused);
            }
        }
    }
}

/// With every setting that the writer leaves out where it has a default.
#[test]
fn the_reference_reads_what_the_configuration_crate_writes() {
    let listing = |name: &str| Listing {
        identifier: name.to_owned(),
        identity_pem: "-----BEGIN A-----\nAAAA\n-----END A-----\n".to_owned(),
        link_pem: "-----BEGIN B-----\nAAAA\n-----END B-----\n".to_owned(),
        address: Address::of(SocketAddr::from(([192, 0, 2, 1], 30001))),
    };
    let [authorities, gateways, mixes, services] =
        ["auth1", "gateway1", "mix1", "service1"].map(|name| vec![listing(name)]);
    let shared = SharedSettings {
        scheme: &Ed25519,
        kem: LinkKem::default(),
        geometry: Geometry::of::<X25519>(5, 2000, true).unwrap(),
        period: Period::default(),
    };
    let files = NetworkFiles {
        shared,
        authorities: &authorities,
        gateways: &gateways,
        mixes: &mixes,
        services: &services,
        layers: 1,
        rates: Rates { lambda_r: 0.125, ..DEFAULT_RATES },
    };
    let metrics = Some(SocketAddr::from(([127, 0, 0, 1], 9)));
    let authority = files.authority(&authorities[0]).unwrap();
    assert!(authority.contains("LambdaR"), "{authority}");
    assert_eq!(ConfigurationFile::Authority.read(&authority), Ok(()));
    for (node, kind) in
        [(&gateways[0], NodeKind::Gateway), (&mixes[0], NodeKind::Mix), (&services[0], NodeKind::Service)]
    {
        let server = files.server(node, kind, metrics).unwrap();
        assert!(server.contains("MetricsAddress"), "{server}");
        assert_eq!(ConfigurationFile::Server.read(&server), Ok(()));
    }
    assert_eq!(ConfigurationFile::Client.read(&files.client().unwrap()), Ok(()));
}
