use super::*;
use crate::{
    authorities::{Authorities, Authority},
    keys::{Identity, LinkKem},
};
use mixwell_pki_types::{
    Ed25519, Period,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};
use std::collections::BTreeMap;

const EPOCH: Epoch = Epoch(1000);

fn clock() -> Clock {
    Clock::new(Period::default())
}

/// The time when `count` sixteenths of [`EPOCH`] have passed.
fn sixteenths(count: u32) -> Duration {
    clock().eighths_into(EPOCH, 0) + clock().sixteenth() * count
}

fn follower(fetch_time: FetchTime, now: Duration) -> Follower {
    Follower::new(clock(), fetch_time, now)
}

fn due(follower: &mut Follower, now: Duration) -> Vec<u64> {
    follower.due(now).map(|epoch| epoch.0).collect()
}

/// A consensus signed by one authority.
fn consensus(epoch: u64) -> Arc<Consensus> {
    let mut rng = Randomness::from_seed(epoch).rng();
    let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
    let authority = Authority::new("authority".to_owned(), signer.public().to_vec(), Vec::new(), Vec::new());
    let authorities = Authorities::new(&Ed25519, LinkKem::default(), vec![authority]);
    let mut node = |is_gateway, is_service| {
        let identity = Identity::generate(&Ed25519, &mut rng).unwrap();
        let descriptor = DescriptorBuilder {
            name: format!("gateway {is_gateway}, service {is_service}"),
            epoch: Epoch(epoch),
            identity_key: identity.public().to_vec(),
            link_key: vec![1; 32],
            mix_keys: Some(BTreeMap::from([(Epoch(epoch), vec![1; 32])])),
            addresses: Some(BTreeMap::from([("tcp4".to_owned(), vec!["tcp://127.0.0.1:1".to_owned()])])),
            is_gateway,
            is_service,
            version: "v0".to_owned(),
            ..DescriptorBuilder::default()
        };
        vec![descriptor.encode()]
    };
    let document = DocumentBuilder {
        epoch: Epoch(epoch),
        genesis_epoch: Epoch(epoch),
        topology: Some(vec![node(false, false)]),
        gateways: Some(node(true, false)),
        services: Some(node(false, true)),
        shared_random_value: [1; 32],
        version: "v1".to_owned(),
        signature_scheme: "Ed25519".to_owned(),
        ..DocumentBuilder::default()
    };
    let payload = document.encode();
    let mut certificate = vec![0; payload.len() + 1000];
    let expiration = Epoch(epoch + 5);
    let length = certify(&payload, expiration, &signer.signing().unwrap(), &mut rng, &mut certificate).unwrap();
    certificate.truncate(length);
    let epochs = (Epoch(epoch), Epoch(epoch));
    Arc::new(Consensus::verify(certificate, &authorities, epochs, None).unwrap())
}

#[test]
fn clients_fetch_at_uniformly_distributed_times_in_the_window() {
    let randomness = Randomness::from_seed(1);
    let (begin, end) = (sixteenths(10), sixteenths(16));
    let window = clock().sixteenth() * 5;
    let mut fifths = [0_u32; 5];
    for _ in 0..5000 {
        let at = follower(FetchTime::Random(randomness.clone()), begin).next_at;
        assert!(at >= begin && at + clock().sixteenth() <= end, "{at:?}");
        let fifth = at.saturating_sub(begin).as_millis() * 5 / window.as_millis();
        fifths[usize::try_from(fifth).unwrap()] += 1;
    }
    // each count within five standard deviations
    assert!(fifths.iter().all(|count| (860..1140).contains(count)), "{fifths:?}");
    // a different random time in the next epoch
    let mut follower = follower(FetchTime::Random(randomness), begin);
    let offset = follower.next_at.saturating_sub(begin);
    assert!(follower.advance(begin + clock().period().duration()));
    assert_ne!(follower.next_at, begin + clock().period().duration() + offset);
}

#[test]
fn the_current_consensus_is_due_at_once_and_again_each_sixteenth() {
    let mut follower = follower(FetchTime::OnPublication, sixteenths(2));
    assert_eq!(due(&mut follower, sixteenths(2)), [1000]);
    assert!(due(&mut follower, sixteenths(2)).is_empty());
    assert_eq!(follower.wake_at(), sixteenths(3));
    assert_eq!(due(&mut follower, sixteenths(3)), [1000]);
    follower.insert(consensus(1000));
    assert!(due(&mut follower, sixteenths(4)).is_empty());
    assert_eq!(follower.wake_at(), sixteenths(10));
}

#[test]
fn the_next_consensus_is_due_on_publication_even_without_the_current_one() {
    let mut node = follower(FetchTime::OnPublication, sixteenths(9));
    node.insert(consensus(1000));
    assert!(due(&mut node, sixteenths(9)).is_empty());
    assert_eq!(node.wake_at(), sixteenths(10));
    assert_eq!(due(&mut node, sixteenths(10)), [1001]);
    assert_eq!(node.wake_at(), sixteenths(11));
    node.insert(consensus(1001));
    assert_eq!(node.wake_at(), sixteenths(16));
    assert!(node.advance(sixteenths(16)));
    let known = node.known();
    let epoch = |consensus: &Option<Arc<Consensus>>| consensus.as_ref().map(|consensus| consensus.epoch().0);
    assert_eq!([&known.previous, &known.current, &known.next].map(epoch), [Some(1000), Some(1001), None]);

    // in a network without a consensus for this epoch
    let mut node = follower(FetchTime::OnPublication, sixteenths(10));
    assert_eq!(due(&mut node, sixteenths(10)), [1000, 1001]);
}

#[test]
fn what_was_asked_before_the_publication_does_not_delay_the_next_consensus() {
    let mut node = follower(FetchTime::OnPublication, sixteenths(9));
    let late = sixteenths(10).saturating_sub(Duration::from_secs(1));
    assert_eq!(due(&mut node, late), [1000]);
    node.insert(consensus(1000));
    assert_eq!(node.wake_at(), sixteenths(10));
    assert_eq!(due(&mut node, sixteenths(10)), [1001]);
}

#[test]
fn a_new_source_is_asked_at_once() {
    let mut client = follower(FetchTime::Random(Randomness::from_seed(2)), sixteenths(1));
    assert_eq!(due(&mut client, sixteenths(1)), [1000]);
    assert!(due(&mut client, sixteenths(1)).is_empty());
    client.source_changed();
    assert_eq!(due(&mut client, sixteenths(1)), [1000]);
}

#[test]
fn a_clock_that_steps_is_followed() {
    let mut client = follower(FetchTime::Random(Randomness::from_seed(3)), sixteenths(0));
    for epoch in [EPOCH, EPOCH.plus(1), Epoch(EPOCH.0 - 3), EPOCH.plus(100_000), Epoch(0), EPOCH] {
        let now = clock().eighths_into(epoch, 0);
        client.advance(now);
        assert_eq!(due(&mut client, now), [epoch.0]);
        assert_eq!(client.wake_at(), now + clock().sixteenth());
    }
    // a step back within the epoch: requests made in the future do not count
    client.advance(sixteenths(8));
    assert_eq!(due(&mut client, sixteenths(8)), [1000]);
    assert_eq!(due(&mut client, sixteenths(4)), [1000]);
    // after a jump, stored consensuses are found again
    client.insert(consensus(1000));
    assert!(client.advance(sixteenths(1000)) && client.known().current.is_none());
    assert!(client.advance(sixteenths(4)) && client.known().current.is_some());
    // before the first epoch, and at the end of time
    for now in [Duration::ZERO, Duration::MAX] {
        client.advance(now);
        assert!(!due(&mut client, now).is_empty());
    }
}
