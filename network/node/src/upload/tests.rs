//! Uploads to authorities that hang or whose clock is slow.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::any_sphinx::AnySphinx;
use mixwell_net::{
    address::Address,
    authorities::{Authorities, Authority},
    directory_client::{encoded_bound, pki_sizes},
    keys::LinkKem,
};
use mixwell_pki_types::{Ed25519, Period};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_wire::{
    Ad, Command, Link, Timeouts,
    tokio::{Reader, Writer, await_proof},
};
use tokio::{net::TcpListener, sync::mpsc};

/// An authority that answers `Invalid` to the first upload, as one with a slow clock would, and
/// accepts the others.
async fn behind(listener: TcpListener, own: (KeyHash, LinkKey), link: Link, seen: mpsc::Sender<Epoch>) {
    let (mut rng, timeouts) = (Randomness::from_seed(2).rng(), Timeouts::default());
    let mut status = DescriptorStatus::Invalid;
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; own.1.handshake_len()];
        let ad = Ad::node(&own.0.0);
        let session = own.1.respond(&mut stream, ad, &mut rng, &mut buffer, &timeouts, |_| Some(link));
        let session = session.await.unwrap();
        let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
        let (from, to) = stream.split();
        let mut reader = Reader::new(from, session.receiver, vec![0; 1 << 17], &timeouts);
        let Command::PostDescriptor { epoch, .. } = reader.receive().await.unwrap() else { panic!("an upload") };
        seen.send(Epoch(epoch)).await.unwrap();
        let answer = Command::PostDescriptorStatus(status);
        status = DescriptorStatus::Ok;
        let mut writer = Writer::new(to, session.sender, vec![0; encoded_bound(&answer)], &timeouts);
        writer.send(&answer).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_keeps_nothing_from_others_and_who_is_behind_is_asked_again() {
    let randomness = Randomness::from_seed(1);
    let mut rng = randomness.rng();
    let (mut list, mut sockets) = (Vec::new(), Vec::new());
    for identifier in ["hangs", "behind"] {
        let identity = Identity::generate(&Ed25519, &mut rng).unwrap();
        let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![Address::of(listener.local_addr().unwrap())];
        let (name, link_key) = (identifier.to_owned(), link.public().to_vec());
        list.push(Authority::new(name, identity.public().to_vec(), link_key, addresses));
        sockets.push((listener, (identity.id(), link)));
    }
    let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list));
    let (seen, mut uploads) = mpsc::channel(10);
    let (listener, own) = sockets.pop().unwrap();
    tokio::spawn(behind(listener, own, Link::authority(pki_sizes(&authorities)), seen));

    // a period whose epoch does not end, and restart the uploads, during the test
    let periods = [64, 65, 67].map(|seconds| Clock::new(Period::new(Duration::from_secs(seconds)).unwrap()));
    let clock = *periods.iter().max_by_key(|clock| clock.time().left).unwrap();
    let identity = Arc::new(Identity::generate(&Ed25519, &mut rng).unwrap());
    let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
    let client = DirectoryClient::new(authorities, link.clone(), Some(identity.id()), randomness.branch());
    let description =
        NodeDescription { name: "mix".to_owned(), addresses: Addresses::new(), kaetzchen: None, kind: NodeKind::Mix };
    let keys = Arc::new(MixKeys::in_memory(AnySphinx::new(Geometry::of::<X25519>(5, 500, true).unwrap()).unwrap()));
    keys.advance(clock.epoch(), time::Instant::now(), &mut rng).unwrap();
    let randomness = randomness.branch();
    let addresses = PublicAddresses::new(vec!["tcp://127.0.0.1:1".parse().unwrap()]);
    let uploader = Uploader { client, clock, description, addresses, identity, link, keys, randomness };
    let uploading = tokio::spawn(uploader.run());
    // the first two uploads are sent at once; one of them is rejected and retried
    let mut epochs = Vec::new();
    for _ in 0..3 {
        epochs.push(time::timeout(Duration::from_secs(30), uploads.recv()).await.unwrap().unwrap());
    }
    assert_eq!(epochs[2], epochs[0], "the rejected upload is retried");
    assert_ne!(epochs[0], epochs[1]);
    assert!(time::timeout(Duration::from_secs(1), uploads.recv()).await.is_err(), "accepted uploads are not repeated");
    uploading.abort();
    drop(sockets);
}
