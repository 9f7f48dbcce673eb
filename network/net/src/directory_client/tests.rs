use super::*;
use crate::{address::Address, keys::LinkKem};
use mixwell_pki_types::Ed25519;
use mixwell_wire::tokio::await_proof;
use std::time::Instant;
use tokio::net::TcpListener;

/// An authority that accepts a request and then sends no-ops without end.
async fn stall(listener: TcpListener, id: KeyHash, key: LinkKey, link: Link) {
    let (mut rng, timeouts) = (Randomness::from_seed(2).rng(), Timeouts::default());
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut buffer = vec![0; key.buffer_len(&link)];
    let session = key.respond(&mut stream, Ad::node(&id.0), &mut rng, &mut buffer, &timeouts, |_| Some(link));
    let session = session.await.unwrap();
    let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
    let mut writer = Writer::new(stream, session.sender, buffer, &timeouts);
    while writer.send(&Command::NoOp).await.is_ok() {
        time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn no_ops_do_not_prolong_a_round_trip() {
    let randomness = Randomness::from_seed(1);
    let key = || LinkKey::generate(LinkKem::default(), &mut randomness.rng()).unwrap();
    let (own, theirs) = (key(), key());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = vec![Address::of(listener.local_addr().unwrap())];
    let identity = vec![7; 32];
    let authority = Authority::new("stalls".to_owned(), identity, theirs.public().to_vec(), addresses);
    let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), vec![authority.clone()]));
    let link = Link::authority(pki_sizes(&authorities));
    tokio::spawn(stall(listener, authority.peer.id, theirs, link));
    let client = DirectoryClient::new(authorities, own, None, randomness.branch());
    let client = DirectoryClient { exchange_timeout: Duration::from_millis(500), ..client };
    let begun = Instant::now();
    let fetched = time::timeout(Duration::from_secs(20), client.fetch_from(&authority, Epoch(1), Epoch(1))).await;
    let error = fetched.unwrap().unwrap_err();
    assert!(matches!(error, ExchangeError::Stream(StreamError::Timeout)), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(500));
}
