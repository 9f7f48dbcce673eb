//! A node started by its builder, as an embedding program does.

use core::time::Duration;
use mixwell_mixdelay::Instant;
use mixwell_net::{
    address::{Address, PublicAddresses},
    authorities::{Authorities, Authority},
    clock::Clock,
    keys::{Identity, LinkKem, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_node::{NodeBuilder, ResourceLimits, Service, Services, metrics};
use mixwell_pki_types::{Ed25519, Period};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use std::{path::Path, sync::Arc};
use tokio::net::TcpListener;

const PERIOD: Duration = Duration::from_mins(20);

#[derive(Debug)]
struct Silent;

impl Service for Silent {
    fn answer<'a>(&self, _: Instant, _: &'a [u8], _: &'a mut [u8]) -> &'a [u8] {
        &[]
    }
}

/// A service node whose authority never answers.
async fn node(folder: &Path) -> NodeBuilder {
    let randomness = Randomness::from_seed(1);
    let mut rng = randomness.rng();
    let authority = Identity::generate(&Ed25519, &mut rng).unwrap();
    let authority_link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::new(
        "silent".to_owned(),
        authority.public().to_vec(),
        authority_link.public().to_vec(),
        vec![Address::of(silent.local_addr().unwrap())],
    );
    // it accepts connections and never answers
    core::mem::forget(silent);
    let mut services = Services::default();
    services.add("silent", "+silent", Arc::new(Silent)).unwrap();
    NodeBuilder {
        name: "embedded".to_owned(),
        kind: NodeKind::Service,
        identity: Arc::new(Identity::generate(&Ed25519, &mut rng).unwrap()),
        link_key: LinkKey::generate(LinkKem::default(), &mut rng).unwrap(),
        addresses: PublicAddresses::new(vec!["tcp://127.0.0.1:1".parse().unwrap()]),
        listeners: vec![TcpListener::bind("127.0.0.1:0").await.unwrap()],
        authorities: Arc::new(Authorities::new(&Ed25519, LinkKem::default(), vec![authority])),
        clock: Clock::new(Period::new(PERIOD).unwrap()),
        geometry: Geometry::of::<X25519>(5, 500, true).unwrap(),
        services,
        sends_decoys: true,
        mix_key_folder: Some(folder.to_path_buf()),
        limits: ResourceLimits { buffers: 100, queue: 50, replays: 1000, ..ResourceLimits::for_period(PERIOD) },
        randomness,
        faults: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_node_runs_until_it_is_stopped_and_starts_again_with_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut running = node(folder.path()).await.start().unwrap();
    let made = files();
    assert!(made >= 4, "{made} files of mix keys");
    let going_on = tokio::time::timeout(Duration::from_millis(200), running.ended()).await;
    assert!(going_on.is_err(), "it ended");
    let node_of_it = Arc::clone(running.node());
    assert!(!node_of_it.has_consensus() && node_of_it.links() == (0, 0));
    assert!(metrics::text(&node_of_it).contains("mixwell_consensus 0\n"));
    running.stop().await.unwrap();

    let again = node(folder.path()).await.start().unwrap();
    assert_eq!(files(), made, "the keys were read");
    again.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_folder_for_its_keys_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = node(&file).await.start().unwrap_err();
    assert!(matches!(error, mixwell_node::NodeError::KeyFile(_)), "{error:?}");
}
