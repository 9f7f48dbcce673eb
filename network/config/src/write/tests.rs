//! Written configurations are read back unchanged.

use super::*;
use crate::{AuthorityConfiguration, DEFAULT_RATES, OWN_FILE, ServerConfiguration, read_client};
use core::time::Duration;
use mixwell_net::{
    keys::{Identity, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::{Ed25519, KeyHash, scheme};
use mixwell_pq_kem::X25519;
use serde::de::DeserializeOwned;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// A network of one member of each kind, and a folder for its files.
struct Written {
    folder: TempDir,
    shared: SharedSettings,
    members: Vec<Listing>,
    ids: Vec<KeyHash>,
}

impl Written {
    fn new(scheme: &'static dyn SignatureScheme, kem: LinkKem) -> Self {
        let mut rng = Randomness::from_seed(7).rng();
        let (mut members, mut ids) = (Vec::new(), Vec::new());
        for (name, port) in ["auth1", "gateway1", "mix1", "service1"].into_iter().zip(1..) {
            let identity = Identity::generate(scheme, &mut rng).unwrap();
            ids.push(identity.id());
            members.push(Listing {
                identifier: name.to_owned(),
                identity_pem: identity.public_pem(),
                link_pem: LinkKey::generate(kem, &mut rng).unwrap().public_pem(),
                address: Address::of(SocketAddr::from(([192, 0, 2, 1], port))),
            });
        }
        let geometry = Geometry::of::<X25519>(5, 2000, true).unwrap();
        let period = Period::new(Duration::from_secs(77)).unwrap();
        let shared = SharedSettings { scheme, kem, geometry, period };
        Self { folder: tempfile::tempdir().unwrap(), shared, members, ids }
    }

    fn files(&self) -> NetworkFiles<'_> {
        let [authorities, gateways, mixes, services] = [0, 1, 2, 3].map(|member| &self.members[member..=member]);
        let rates = Rates { mu: 0.25, lambda_r: 1e-7, ..DEFAULT_RATES };
        NetworkFiles { shared: self.shared, authorities, gateways, mixes, services, layers: 1, rates }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.folder.path().join(OWN_FILE), self.files().own().unwrap()).unwrap();
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn every_file_of_a_network_is_read_back() {
    let both = scheme("Ed25519 Sphincs+").unwrap();
    for (scheme, kem) in [(&Ed25519 as &dyn SignatureScheme, "XWING"), (both, "MLKEM768-X448"), (&Ed25519, "X25519")] {
        let kem = LinkKem::by_name(kem).unwrap();
        let written = Written::new(scheme, kem);
        let files = written.files();
        let [authority, gateway, mix, service] = [0, 1, 2, 3].map(|member| &written.members[member]);

        let path = written.write("authority.toml", &files.authority(authority).unwrap());
        let read = AuthorityConfiguration::read(&path, None).unwrap();
        assert_eq!((read.identifier.as_str(), read.kem, read.layers), ("auth1", kem, 1));
        assert_eq!((read.scheme.name(), read.period), (scheme.name(), written.shared.period));
        assert_eq!((read.rates, read.min_per_layer), (files.rates, 1));
        assert_eq!(read.bind_addresses, *core::slice::from_ref(&authority.address));
        assert_eq!(read.geometry.hash(), written.shared.geometry.hash());
        let nodes: Vec<_> = read.nodes.iter().map(|node| (node.identifier.as_str(), node.kind, node.id)).collect();
        assert_eq!(
            nodes,
            [
                ("mix1", NodeKind::Mix, written.ids[2]),
                ("gateway1", NodeKind::Gateway, written.ids[1]),
                ("service1", NodeKind::Service, written.ids[3]),
            ]
        );

        let metrics = Some(SocketAddr::from(([127, 0, 0, 1], 9)));
        for (node, kind) in [(gateway, NodeKind::Gateway), (mix, NodeKind::Mix), (service, NodeKind::Service)] {
            let path = written.write("katzenpost.toml", &files.server(node, kind, metrics).unwrap());
            let read = ServerConfiguration::read(&path, None).unwrap();
            assert_eq!((&read.identifier, read.kind, read.kem), (&node.identifier, kind, kem));
            assert_eq!((read.metrics, read.sends_decoys, read.generate_only), (metrics, true, false));
            assert_eq!(read.bind_addresses, *core::slice::from_ref(&node.address));
            let ids: Vec<_> = read.authorities.iter().map(|authority| authority.peer.id).collect();
            assert_eq!(ids, written.ids[..1]);
            assert!(read.notes.is_empty(), "{:?}", read.notes);
        }

        let path = written.write("client.toml", &files.client().unwrap());
        let read = read_client(&path, None).unwrap();
        assert_eq!((read.kem, read.period), (kem, written.shared.period));
        let [pinned] = &read.gateways[..] else { panic!("{:?}", read.gateways) };
        assert_eq!((pinned.name.as_str(), pinned.id), ("gateway1", written.ids[1]));
        assert_eq!(pinned.addresses, *core::slice::from_ref(&gateway.address));
    }
}

/// A file's text, parsed and written again.
fn again<T: DeserializeOwned + Serialize>(written: &str) -> String {
    text(&toml::from_str::<T>(written).unwrap()).unwrap()
}

#[test]
fn what_was_read_is_written_equal() {
    let written = Written::new(&Ed25519, LinkKem::default());
    let files = written.files();
    let authority = files.authority(&written.members[0]).unwrap();
    assert_eq!(again::<authority::File>(&authority), authority);
    let server = files.server(&written.members[2], NodeKind::Mix, None).unwrap();
    assert_eq!(again::<server::File>(&server), server);
    let client = files.client().unwrap();
    assert_eq!(again::<client::File>(&client), client);
    let own = files.own().unwrap();
    assert_eq!(again::<own::File>(&own), own.split_once('\n').unwrap().1);
}

#[test]
fn the_layout_leaves_every_value_as_it_is() {
    #[derive(Serialize)]
    struct Hostile {
        name: &'static str,
        keys: Vec<&'static str>,
        section: Section,
    }
    #[derive(Serialize)]
    struct Section {
        pem: &'static str,
        text: &'static str,
    }
    let pem = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
    for name in ["plain", "a \"quoted\" one", "two\nlines", "[x]\n[y]\n", "'''", "\"\"\"\n", "a\\b\n]\n", "\r\n\t\u{1}"]
    {
        let hostile = Hostile { name, keys: vec![name, name], section: Section { pem, text: name } };
        let laid_out = text(&hostile).unwrap();
        let read: toml::Table = toml::from_str(&laid_out).unwrap();
        assert_eq!(read["name"].as_str(), Some(name), "{laid_out}");
        assert_eq!(read["keys"][1].as_str(), Some(name), "{laid_out}");
        assert_eq!(read["section"]["text"].as_str(), Some(name), "{laid_out}");
        assert_eq!(read["section"]["pem"].as_str(), Some(pem), "{laid_out}");
        if name == "plain" {
            assert!(laid_out.contains("[section]\n  pem = '''\n-----BEGIN"), "{laid_out}");
        }
    }
}
