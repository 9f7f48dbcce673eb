//! Whole rounds, honest and faulty.

use crate::{
    message::{Peer, Request, StatementKind},
    round::Round,
    signer::Signer,
    tally::payload_of,
    tests::net::{FIRST, Net, Way},
};
use mixwell_net::consensus::Consensus;
use mixwell_pki_types::{Document, Epoch, KeyHash, Layer};
use mixwell_wire::Command;
use std::collections::{BTreeMap, BTreeSet};

fn pass(_: usize, _: usize, _: &Request) -> Way {
    Way::Pass
}

fn payload(consensus: &Consensus) -> Vec<u8> {
    mixwell_pki_types::Certificate::parse(consensus.certificate()).unwrap().unverified_payload().to_vec()
}

fn layers(document: &Document<'_>) -> BTreeMap<KeyHash, Layer> {
    document.nodes().map(|node| (node.id(), node.place().layer)).collect()
}

#[test]
fn three_agree_epoch_after_epoch() {
    let mut net = Net::new(3);
    let mut before: Option<BTreeMap<KeyHash, Layer>> = None;
    let mut values = BTreeSet::new();
    for epoch in (1..=4).map(|n| FIRST.plus(n)) {
        net.pass_epoch(pass);
        let all: Vec<Consensus> = (0..3).map(|index| net.consensus(index, epoch).unwrap()).collect();
        for consensus in &all {
            assert_eq!(payload(consensus), payload(&all[0]));
            assert_eq!(consensus.signers().len(), 3);
        }
        let document = all[0].document().unwrap();
        let genesis = FIRST.plus(1);
        assert_eq!((document.epoch(), document.genesis_epoch()), (epoch, genesis));
        assert_eq!(document.prior_shared_random().count(), 2);
        assert_eq!((document.commits().count(), document.reveals().count()), (0, 0));
        let previous = (epoch != genesis).then(|| net.consensus(0, Epoch(epoch.0 - 1)).unwrap());
        assert_eq!(net.counted(&all[0], previous.as_ref()), [0, 1, 2]);
        assert!(values.insert(*document.shared_random_value()), "the shared random value is new");
        assert!(document.layers().all(|layer| layer.len() == 2));
        let layers = layers(&document);
        assert!(before.is_none_or(|before| before == layers), "no node changes its layer");
        before = Some(layers);
    }
}

/// One authority's clock steps back or forward by an epoch at any point of a round and is then
/// corrected: it makes no statement in a round twice, the other two agree, and soon all three do.
#[test]
fn the_clock_of_one_steps() {
    for (eighth, forward) in (1..=6).flat_map(|eighth| [(eighth, false), (eighth, true)]) {
        let mut net = Net::new(3);
        net.pass_epoch(pass);
        net.upload(net.epoch().plus(1));
        let mut votes = BTreeMap::new();
        let mut count = |from: usize, request: &Request| {
            if let (2, Request::Statement { kind: StatementKind::Vote, epoch, payload, .. }) = (from, request) {
                let first = votes.entry(*epoch).or_insert_with(|| payload.clone());
                assert_eq!(first, payload, "a second vote in the round about {epoch}");
            }
        };
        let (start, there) = (net.now, net.at_eighths(eighth));
        net.run_until(there, |from, _, request| {
            count(from, request);
            Way::Pass
        });
        let wrong = if forward { there + super::net::PERIOD } else { there - super::net::PERIOD };
        let state = net.states[2].as_mut().unwrap();
        for at in [wrong, there] {
            for outgoing in state.tick(at) {
                count(2, &outgoing.request);
            }
            assert!(state.next_tick(at) > at);
        }
        let end = net.at_eighths(8);
        net.run_until(end, |from, _, request| {
            count(from, request);
            Way::Pass
        });
        assert_eq!(net.now, start + super::net::PERIOD);
        let epoch = net.epoch();
        let [first, second] = [0, 1].map(|index| net.consensus(index, epoch).unwrap());
        assert_eq!(payload(&first), payload(&second), "{eighth} {forward}");
        assert!(first.signers().len() >= 2);
        // it takes part again after at most two rounds
        net.pass_epoch(pass);
        net.pass_epoch(pass);
        let consensus = net.consensus(0, net.epoch()).unwrap();
        assert_eq!(consensus.signers().len(), 3, "{eighth} {forward}");
    }
}

/// A clock steps back by more rounds than are remembered: the authority makes no second vote in any
/// of them.
#[test]
fn the_clock_steps_back_by_many_rounds() {
    let mut net = Net::new(2);
    let about = FIRST.plus(1);
    let uploads: Vec<_> = net.nodes.iter().map(|node| (node.id(), node.upload(about, 30000))).collect();
    let back = net.now;
    for _ in 0..60 {
        net.pass_epoch(pass);
    }
    let there = net.now;
    let state = net.states[0].as_mut().unwrap();
    let votes = [back, there, back].map(|at| {
        for (id, upload) in uploads.iter().filter(|_| at == back) {
            let command = Command::PostDescriptor { epoch: about.0, payload: upload };
            let _ = state.handle(at, Peer::Node(*id), &command);
        }
        let said = state.tick(at + super::net::PERIOD / 8);
        said.iter().filter(|said| matches!(said.request, Request::Statement { kind: StatementKind::Vote, .. })).count()
    });
    assert_eq!(votes, [0, 0, 0]);
}

#[test]
fn every_number_of_authorities() {
    for count in [1, 2, 4, 5] {
        let mut net = Net::new(count);
        net.pass_epoch(pass);
        for index in 0..count.into() {
            assert_eq!(net.consensus(index, FIRST.plus(1)).unwrap().signers().len(), usize::from(count));
        }
    }
}

#[test]
fn one_of_three_is_down() {
    let mut net = Net::new(3);
    net.states[1] = None;
    net.pass_epoch(pass);
    let (first, third) = (net.consensus(0, FIRST.plus(1)).unwrap(), net.consensus(2, FIRST.plus(1)).unwrap());
    assert_eq!(payload(&first), payload(&third));
    assert_eq!(first.signers().len(), 2);
    assert_eq!(net.counted(&first, None), [0, 2]);

    // it restarts with an empty disk in the middle of an epoch, takes no part in the current round,
    // and does in the next
    net.upload(FIRST.plus(2));
    let middle = net.at_eighths(3);
    net.run_until(middle, pass);
    net.start(1);
    let end = net.at_eighths(8);
    net.run_until(end, pass);
    let consensus = net.consensus(0, FIRST.plus(2)).unwrap();
    assert_eq!(net.counted(&consensus, Some(&first)), [0, 2]);
    assert_eq!(net.states[1].as_ref().unwrap().missing(net.now), [FIRST.plus(2)]);
    net.states[1].as_mut().unwrap().insert_consensus(FIRST.plus(2), consensus.certificate());
    net.pass_epoch(pass);
    for index in 0..3 {
        let next = net.consensus(index, FIRST.plus(3)).unwrap();
        assert_eq!((next.signers().len(), net.counted(&next, Some(&consensus))), (3, vec![0, 1, 2]));
    }
}

#[test]
fn two_of_three_are_down() {
    let mut net = Net::new(3);
    net.states[1] = None;
    net.states[2] = None;
    net.pass_epoch(pass);
    assert!(net.consensus(0, FIRST.plus(1)).is_none());
}

#[test]
fn it_goes_down_in_the_middle_of_a_round() {
    // wherever it stops, the other two agree
    for eighth in 1..=5 {
        let mut net = Net::new(3);
        net.upload(FIRST.plus(1));
        let stop = net.at_eighths(eighth);
        net.run_until(stop, pass);
        net.states[2] = None;
        let end = net.at_eighths(8);
        net.run_until(end, pass);
        let (first, second) = (net.consensus(0, FIRST.plus(1)).unwrap(), net.consensus(1, FIRST.plus(1)).unwrap());
        assert_eq!(payload(&first), payload(&second), "stopped after {eighth} eighths");
    }
}

#[test]
fn what_only_one_heard_of_the_others_learn() {
    // the third authority reaches only the first, with all its statements or those up to some kind,
    // and relays nothing
    for last in [StatementKind::Vote, StatementKind::Reveal, StatementKind::Cert] {
        let mut net = Net::new(3);
        net.pass_epoch(|from, to, request| match request {
            Request::Statement { kind, .. } if from == 2 && (to == 1 || *kind > last) => Way::Drop,
            Request::Relay { .. } if from == 2 => Way::Drop,
            _ => Way::Pass,
        });
        let (first, second) = (net.consensus(0, FIRST.plus(1)).unwrap(), net.consensus(1, FIRST.plus(1)).unwrap());
        assert_eq!(payload(&first), payload(&second), "silent after {last:?}");
        assert_eq!(net.counted(&first, None).contains(&2), last >= StatementKind::Reveal);
        assert_eq!(first.signers().len(), 2);
    }
}

/// A second vote of an authority and its reveal, as if the authority had drawn other randomness.
fn other_statements(net: &Net, index: usize, vote: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let signer = Signer { identity: &net.identities[index], policy: &net.policy };
    let document = Document::parse(payload_of(vote).unwrap()).unwrap();
    let mut round = Round::new(FIRST.plus(1));
    let vote = round.vote(signer, (&document).into(), &mut net.randomness.rng()).unwrap();
    (vote.to_vec(), round.reveal(signer).unwrap().to_vec())
}

#[test]
fn one_tells_each_something_else() {
    let mut net = Net::new(3);
    net.upload(FIRST.plus(1));
    // the first two authorities get different votes and reveals from the third
    let mut other: Option<(Vec<u8>, Vec<u8>)> = None;
    let helper = Net::new(3);
    let end = net.at_eighths(8);
    net.run_until(end, |from, to, request| match request {
        Request::Statement { kind, epoch, public_key, payload }
            if from == 2 && to == 1 && *kind <= StatementKind::Reveal =>
        {
            let (vote, reveal) = other.get_or_insert_with(|| other_statements(&helper, 2, payload)).clone();
            let payload = if *kind == StatementKind::Vote { vote } else { reveal };
            let (epoch, public_key) = (*epoch, public_key.clone());
            Way::Change(Request::Statement { kind: *kind, epoch, public_key, payload: payload.into() })
        }
        _ => Way::Pass,
    });
    let (first, second) = (net.consensus(0, FIRST.plus(1)).unwrap(), net.consensus(1, FIRST.plus(1)).unwrap());
    assert_eq!(payload(&first), payload(&second));
    assert_eq!(net.counted(&first, None), [0, 1], "an equivocating authority's reveal does not count");
}

#[test]
fn what_is_tampered_with_counts_for_nothing() {
    for kind in [StatementKind::Vote, StatementKind::Reveal, StatementKind::Cert, StatementKind::Sig] {
        let mut net = Net::new(3);
        net.pass_epoch(|from, _, request| match request {
            Request::Statement { kind: sent, epoch, public_key, payload } if from == 2 && *sent == kind => {
                let mut payload = payload.to_vec();
                let middle = payload.len() / 2;
                payload[middle] ^= 1;
                let (kind, epoch, public_key) = (*sent, *epoch, public_key.clone());
                Way::Change(Request::Statement { kind, epoch, public_key, payload: payload.into() })
            }
            _ => Way::Pass,
        });
        let (first, second) = (net.consensus(0, FIRST.plus(1)).unwrap(), net.consensus(1, FIRST.plus(1)).unwrap());
        assert_eq!(payload(&first), payload(&second), "{kind:?}");
    }
}

#[test]
fn a_node_that_only_one_authority_heard_of_is_left_out() {
    let mut net = Net::new(3);
    for node in 0..7 {
        net.upload_one(node, FIRST.plus(1));
    }
    net.upload_to(7, FIRST.plus(1), 0);
    let end = net.at_eighths(8);
    net.run_until(end, pass);
    let consensus = net.consensus(0, FIRST.plus(1)).unwrap();
    let document = consensus.document().unwrap();
    assert_eq!(document.mixes().len(), 5);
    assert!(document.mixes().by_hash(net.nodes[7].id()).is_none());
    assert_eq!(consensus.signers().len(), 3);
}

#[test]
fn what_is_past_is_forgotten() {
    let mut net = Net::new(1);
    for _ in 0..9 {
        net.pass_epoch(pass);
    }
    let now = net.epoch();
    let known: Vec<Epoch> =
        (0..=10).map(|n| FIRST.plus(n)).filter(|epoch| net.consensus(0, *epoch).is_some()).collect();
    assert_eq!(known, (0..5).rev().map(|n| Epoch(now.0 - n)).collect::<Vec<_>>());
}
