//! Links between nodes, at a mix of the first layer.

use super::node::{Net, start};
use crate::{
    consensus,
    reference::{
        Times,
        command::{Action, OwnedCommand},
        links::{Connections, IncomingLink, OutgoingLink, Step},
        neighbours::Neighbours,
    },
};
use core::time::Duration;
use mixwell_net::{
    authorities::{Authorities, Authority},
    directory::Consensuses,
    keys::{Identity, LinkKem},
    randomness::Randomness,
};
use mixwell_pki_types::{
    Descriptor, Ed25519,
    build::{DescriptorBuilder, DocumentBuilder},
};
use mixwell_wire::Command;
use std::sync::Arc;

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn only_nodes_of_the_layer_before_may_connect_with_their_listed_keys() {
    let net: Net = start();
    let [first, second] = [1, 2].map(|node| net.neighbours(node));
    for (neighbours, before, others) in [(&first, &[0, 3][..], &[1, 2][..]), (&second, &[1], &[0, 2, 3])] {
        for node in before {
            let (id, key) = (net.ids[*node], &net.link_keys[*node]);
            assert!(IncomingLink::accept(neighbours, &id.0, key).is_some());
            assert!(IncomingLink::accept(neighbours, &id.0, &net.link_keys[2]).is_none(), "another link key");
        }
        for node in others {
            assert!(IncomingLink::accept(neighbours, &net.ids[*node].0, &net.link_keys[*node]).is_none());
        }
        assert!(IncomingLink::accept(neighbours, &[b'a'; 32], &net.link_keys[0]).is_none(), "a client");
    }
    let none = net.neighbours_without_a_consensus(1);
    assert!(!none.is_usable && none.targets().is_empty());
}

/// Our descriptors list TCP addresses under `tcp4` and `tcp6` for this reason.
#[tokio::test]
async fn a_node_that_lists_itself_under_tcp_is_not_dialled() {
    let net = start();
    let mut rng = Randomness::from_seed(6).rng();
    let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
    let authority = Authority::new("authority".to_owned(), signer.public().to_vec(), Vec::new(), Vec::new());
    let authorities = Authorities::new(&Ed25519, LinkKem::default(), vec![authority]);
    let voted = net.known.current.clone().unwrap();
    for (transports, socket) in [
        (&[("tcp", "tcp://192.0.2.1:1")][..], None),
        (&[("quic", "quic://192.0.2.1:1"), ("tcp", "tcp://192.0.2.1:2")], None),
        (&[("tcp4", "tcp://192.0.2.1:3"), ("quic", "quic://192.0.2.1:1")], Some("192.0.2.1:3")),
        (&[("tcp6", "tcp://[2001:db8::1]:4")], Some("[2001:db8::1]:4")),
    ] {
        let mut document = DocumentBuilder::from(&voted.document().unwrap());
        let mix = &mut document.topology.as_mut().unwrap()[0][0];
        let mut descriptor = DescriptorBuilder::from(&Descriptor::parse(mix).unwrap());
        let addresses = transports.iter().map(|(transport, url)| ((*transport).to_owned(), vec![(*url).to_owned()]));
        descriptor.addresses = Some(addresses.collect());
        *mix = descriptor.encode();
        let other = Arc::new(consensus(&document, &signer, &authorities, &mut rng));
        let known = Consensuses { epoch: other.epoch(), current: Some(other), ..Consensuses::default() };
        let neighbours = Neighbours::new(net.ids[0], &known, net.clock);
        let target = &neighbours.targets()[&net.ids[1]];
        assert_eq!(target.socket(), socket.map(|socket| socket.parse().unwrap()), "{transports:?}");
        assert!(target.addresses.iter().all(|(transport, _)| transport != "tcp"));
    }
}

#[tokio::test]
async fn a_responder_takes_packets_and_no_ops_and_says_nothing() {
    let net = start();
    let neighbours = net.neighbours(1);
    let link = IncomingLink::accept(&neighbours, &net.ids[0].0, &net.link_keys[0]).unwrap();
    let packet = vec![7; 100];
    let answer = |command: &Command<'_>| link.handle(net.now(), command, &neighbours);
    assert_eq!(answer(&Command::SendPacket(&packet)), Some(Action::Unwrap(packet.clone())));
    assert_eq!(answer(&Command::NoOp), None);
    for command in [Command::Disconnect, Command::GetConsensus2 { epoch: 1 }, Command::SendRetrievePacket(&packet)] {
        assert_eq!(answer(&command), Some(Action::Close), "{command:?}");
    }
    assert_eq!(link.check(&neighbours), None);
    assert_eq!(link.check(&net.neighbours_without_a_consensus(1)), Some(Action::Close));
}

#[tokio::test]
async fn a_link_ends_after_its_lifetime_and_is_dialled_at_once() {
    let net = start();
    let neighbours = net.neighbours(0);
    let (times, begin) = (Times::REFERENCE, net.now());
    let mut link = OutgoingLink::new(net.ids[1], net.period(), times);
    assert_eq!(link.send(vec![1]), None, "not up");
    assert_eq!(link.poll(begin, &neighbours), Step::Dial);
    link.connected(begin);
    let sent = Some(Action::Send(OwnedCommand::SendPacket(vec![1])));
    let mut now = begin;
    while now < begin + times.link_life {
        assert_eq!(link.send(vec![1]), sent);
        // whatever the traffic
        let Step::WaitUntil(at) = link.poll(now, &neighbours) else { panic!("{:?}", now.saturating_sub(begin)) };
        assert!(at > now && at <= now + times.link_check);
        now = at;
    }
    assert_eq!(now, begin + times.link_life);
    assert_eq!(link.poll(now, &neighbours), Step::Expire);
    assert_eq!(link.poll(now, &neighbours), Step::Dial, "at once");
}

#[tokio::test]
async fn pauses_grow_to_an_eighth_of_the_epoch() {
    let net = start();
    let neighbours = net.neighbours(0);
    let (period, mut now) = (Duration::from_secs(40), net.now());
    let mut link = OutgoingLink::new(net.ids[1], period, Times::REFERENCE);
    let mut pauses = Vec::new();
    assert_eq!(link.poll(now, &neighbours), Step::Dial);
    for _ in 0..12 {
        link.fail(now);
        let begin = now;
        while let Step::WaitUntil(at) = link.poll(now, &neighbours) {
            now = at;
        }
        pauses.push(now.saturating_sub(begin).as_millis());
    }
    // as recorded with epochs of 40 s
    assert_eq!(pauses[..4], [0, 625, 1250, 1875], "{pauses:?}");
    assert_eq!(pauses[11], 5000);
    // a link that was up forgets failures
    link.connected(now);
    assert_eq!(link.received(now), Action::Close, "a byte after the first no_op");
    assert_eq!(link.poll(now, &neighbours), Step::Dial);
}

#[tokio::test]
async fn an_epoch_without_a_consensus_ends_links_at_the_next_check() {
    let net = start();
    let (listed, unlisted) = (net.neighbours(0), net.neighbours_without_a_consensus(0));
    let begin = net.now();
    let mut link = OutgoingLink::new(net.ids[1], net.period(), Times::REFERENCE);
    assert_eq!(link.poll(begin, &listed), Step::Dial);
    link.connected(begin);
    assert_eq!(link.poll(begin + MINUTE / 4, &unlisted), Step::WaitUntil(begin + MINUTE / 2));
    assert_eq!(link.poll(begin + MINUTE / 2, &unlisted), Step::Unlist);
}

#[test]
fn a_newer_connection_ends_the_older_one_of_the_same_name_and_key() {
    let mut connections = Connections::default();
    let (first, none) = connections.open(b"a", b"key");
    assert_eq!(none, None);
    let (_, none) = connections.open(b"a", b"other key");
    assert_eq!(none, None);
    let (second, older) = connections.open(b"a", b"key");
    assert_eq!(older, Some(first));
    connections.ended(second);
    assert_eq!(connections.open(b"a", b"key").1, None);
}
