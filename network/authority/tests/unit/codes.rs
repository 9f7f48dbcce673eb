//! Every status code of the protocol, and when it is sent.

use crate::{
    message::{Peer, Reply, Request, StatementKind, Verdict},
    tests::net::{FIRST, Net, Node, Way},
};
use core::time::Duration;
use mixwell_net::node_kind::{NodeKind, PermittedNode};
use mixwell_pki_types::Epoch;
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus, Statement};

fn post(net: &mut Net, peer: Peer, epoch: Epoch, payload: &[u8]) -> DescriptorStatus {
    let command = Command::PostDescriptor { epoch: epoch.0, payload };
    let reply = net.states[0].as_mut().unwrap().handle(net.now, peer, &command);
    let Reply::Descriptor(status) = reply else { panic!("{reply:?}") };
    status
}

fn node(net: &Net, index: usize) -> &Node {
    &net.nodes[index]
}

#[test]
fn descriptors() {
    let mut net = Net::new(3);
    let next = FIRST.plus(1);
    let peer = Peer::Node(node(&net, 2).id());
    let upload = node(&net, 2).upload(next, 1);

    assert_eq!(post(&mut net, Peer::Client, next, &upload), DescriptorStatus::Forbidden);
    let other = Peer::Node(node(&net, 3).id());
    assert_eq!(post(&mut net, other, next, &upload), DescriptorStatus::Forbidden, "another's");
    assert_eq!(post(&mut net, peer, next, b"junk"), DescriptorStatus::Invalid);
    assert_eq!(post(&mut net, peer, next, &[0; 200_000]), DescriptorStatus::Invalid);
    assert_eq!(post(&mut net, peer, FIRST, &upload), DescriptorStatus::Invalid, "for another epoch");
    let after = node(&net, 2).upload(FIRST.plus(2), 1);
    assert_eq!(post(&mut net, peer, FIRST.plus(2), &after), DescriptorStatus::Invalid);
    let end = upload.len() - 1;
    for at in [end, end / 2, end / 3] {
        let mut tampered = upload.clone();
        tampered[at] ^= 1;
        let status = post(&mut net, peer, next, &tampered);
        assert!(matches!(status, DescriptorStatus::Invalid | DescriptorStatus::Forbidden), "{at}: {status:?}");
    }

    assert_eq!(post(&mut net, peer, next, &upload), DescriptorStatus::Ok);
    assert_eq!(post(&mut net, peer, next, &upload), DescriptorStatus::Ok, "the same again");
    let (other, current) = (node(&net, 2).upload(next, 2), node(&net, 2).upload(FIRST, 2));
    assert_eq!(post(&mut net, peer, next, &other), DescriptorStatus::Conflict);
    assert_eq!(post(&mut net, peer, FIRST, &current), DescriptorStatus::Ok, "another epoch's");

    // no longer a node of the network, or one of another kind
    let kinds = [None, Some(NodeKind::Gateway), Some(NodeKind::Service)];
    for kind in kinds {
        let mut net = Net::new(3);
        let id = node(&net, 2).id();
        net.policy.nodes.retain(|node| node.id != id);
        net.policy.nodes.extend(kind.map(|kind| PermittedNode { identifier: "mix0".to_owned(), id, kind }));
        net.start(0);
        let upload = node(&net, 2).upload(next, 1);
        assert_eq!(post(&mut net, Peer::Node(id), next, &upload), DescriptorStatus::Forbidden);
    }
}

/// A descriptor stays accepted when the clock steps back by an epoch and forward again: no second
/// descriptor replaces it.
#[test]
fn a_descriptor_and_a_clock_that_steps() {
    let mut net = Net::new(3);
    let next = FIRST.plus(1);
    let peer = Peer::Node(node(&net, 2).id());
    let (upload, other) = (node(&net, 2).upload(next, 1), node(&net, 2).upload(next, 2));
    assert_eq!(post(&mut net, peer, next, &upload), DescriptorStatus::Ok);
    let now = net.now;
    for at in [net.policy.period.start(Epoch(FIRST.0 - 1)), now] {
        net.now = at;
        let _ = net.states[0].as_mut().unwrap().tick(at);
    }
    assert_eq!(post(&mut net, peer, next, &other), DescriptorStatus::Conflict);
    assert_eq!(post(&mut net, peer, next, &upload), DescriptorStatus::Ok);
    // no time makes the authority panic or accept a descriptor for a distant epoch
    for at in [Duration::ZERO, Duration::MAX, net.policy.period.start(FIRST.plus(1_000_000)), now] {
        net.now = at;
        let state = net.states[0].as_mut().unwrap();
        let _ = (state.tick(at), state.next_tick(at), state.missing(at));
        assert_eq!(post(&mut net, peer, FIRST.plus(7), &other), DescriptorStatus::Invalid);
    }
}

#[test]
fn replicas_are_not_taken() {
    let mut net = Net::new(1);
    let command = Command::PostReplicaDescriptor { epoch: FIRST.0, payload: b"x" };
    let reply = net.states[0].as_mut().unwrap().handle(net.now, Peer::Client, &command);
    assert_eq!(reply, Reply::ReplicaDescriptor(DescriptorStatus::Forbidden));
}

fn get(net: &mut Net, epoch: Epoch) -> ConsensusStatus {
    let command = Command::GetConsensus { epoch: epoch.0, padded: false };
    let Reply::Consensus(status, _) = net.states[0].as_mut().unwrap().handle(net.now, Peer::Client, &command) else {
        panic!()
    };
    status
}

#[test]
fn consensuses() {
    let mut net = Net::new(3);
    let next = FIRST.plus(1);
    assert_eq!(get(&mut net, FIRST), ConsensusStatus::Gone, "a young network");
    net.upload(next);
    let early = net.at_eighths(5) - Duration::from_millis(1);
    net.run_until(early, |_, _, _| Way::Pass);
    assert_eq!(get(&mut net, next), ConsensusStatus::NotFound);
    let published = net.at_eighths(5);
    net.run_until(published, |_, _, _| Way::Pass);
    assert_eq!(get(&mut net, next), ConsensusStatus::Ok);
    assert_eq!(get(&mut net, FIRST.plus(2)), ConsensusStatus::NotFound);
    assert_eq!(get(&mut net, Epoch(u64::MAX)), ConsensusStatus::NotFound);
    assert_eq!(get(&mut net, Epoch(0)), ConsensusStatus::Gone);
    let later = net.policy.period.start(FIRST.plus(20));
    net.run_until(later, |_, _, _| Way::Pass);
    assert_eq!(get(&mut net, next), ConsensusStatus::Gone);
}

/// The second authority's statements to the first in an honest round.
fn statements() -> Vec<(StatementKind, Request)> {
    let mut net = Net::new(3);
    let mut said = Vec::new();
    net.pass_epoch(|from, to, request| {
        if let Request::Statement { kind, .. } = request
            && (from, to) == (1, 0)
        {
            said.push((*kind, request.clone()));
        }
        Way::Pass
    });
    assert_eq!(said.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), StatementKind::ALL);
    said
}

fn say(net: &mut Net, peer: Peer, request: &Request, change: impl Fn(&mut Statement<'_>)) -> Verdict {
    let mut command = request.command();
    match &mut command {
        Command::Vote(statement) | Command::Reveal(statement) | Command::Cert(statement) | Command::Sig(statement) => {
            change(statement);
        }
        _ => panic!(),
    }
    match net.states[0].as_mut().unwrap().handle(net.now, peer, &command) {
        Reply::Verdict(_, verdict) => verdict,
        reply => panic!("{reply:?}"),
    }
}

#[test]
fn statements_at_every_time_by_everyone() {
    let said = statements();
    for (kind, request) in &said {
        // the same network again, but this statement from the second authority is dropped and
        // nobody relays
        let mut net = Net::new(3);
        net.upload(FIRST.plus(1));
        let by = Peer::Authority(net.id(1));
        let eighth = *kind as u32 + 1;
        let silent = |from: usize, to: usize, request: &Request| match request {
            Request::Statement { kind: sent, .. } if (from, to) == (1, 0) && sent == kind => Way::Drop,
            Request::Relay { .. } => Way::Drop,
            _ => Way::Pass,
        };
        let open = net.at_eighths(eighth);
        net.run_until(open, silent);

        for peer in [Peer::Client, Peer::Node(net.id(1)), Peer::Authority(net.id(2)), Peer::Node(net.nodes[0].id())] {
            assert_eq!(say(&mut net, peer, request, |_| {}), Verdict::NotAuthorized, "{kind:?} by {peer:?}");
        }
        let stranger = net.nodes[0].identity.public().to_vec();
        let by_stranger =
            say(&mut net, by, request, |statement| statement.public_key = stranger.as_slice().to_vec().leak());
        assert_eq!(by_stranger, Verdict::NotAuthorized);
        // statements of a later epoch and of an earlier one
        let [later, earlier] = if *kind == StatementKind::Reveal {
            [Verdict::NotSigned; 2]
        } else {
            [Verdict::TooLate, Verdict::TooEarly]
        };
        assert_eq!(say(&mut net, by, request, |statement| statement.epoch += 1), later);
        assert_eq!(say(&mut net, by, request, |statement| statement.epoch -= 1), earlier);
        assert_eq!(say(&mut net, by, request, |statement| statement.payload = b"junk"), Verdict::NotSigned);
        let mut other = request.clone();
        if let Request::Statement { payload, .. } = &mut other {
            let mut bytes = payload.to_vec();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            *payload = bytes.into();
        }
        assert_eq!(say(&mut net, by, &other, |_| {}), Verdict::NotSigned, "{kind:?}");

        assert_eq!(say(&mut net, by, request, |_| {}), Verdict::Ok, "{kind:?}");
        assert_eq!(say(&mut net, by, request, |_| {}), Verdict::AlreadyReceived, "{kind:?}");
    }
}

/// A statement is accepted from its author in the first half of its eighth of the epoch, and a
/// little earlier, because other authorities' clocks may be fast.
#[test]
fn statements_out_of_time() {
    let said = statements();
    for (kind, request) in said.iter().filter(|(kind, _)| *kind != StatementKind::Sig) {
        for (time, want) in [
            (super::net::PERIOD / 8 * (*kind as u32 + 1) - Duration::from_millis(1), Verdict::Ok),
            (super::net::PERIOD / 16 * (*kind as u32 * 2 + 3) - Duration::from_millis(1), Verdict::Ok),
            (super::net::PERIOD / 16 * (*kind as u32 * 2 + 3), Verdict::TooLate),
            (super::net::PERIOD / 8 * (*kind as u32 + 2), Verdict::TooLate),
        ] {
            let mut net = Net::new(3);
            net.upload(FIRST.plus(1));
            let by = Peer::Authority(net.id(1));
            let until = net.now + time;
            net.run_until(until, |from, to, request| match request {
                Request::Statement { kind: sent, .. } if (from, to) == (1, 0) && sent == kind => Way::Drop,
                Request::Relay { .. } => Way::Drop,
                _ => Way::Pass,
            });
            assert_eq!(say(&mut net, by, request, |_| {}), want, "{kind:?} at {time:?}");
        }
    }
}

#[test]
fn a_certificate_before_the_vote_is_too_early() {
    let (_, request) = statements().into_iter().find(|(kind, _)| *kind == StatementKind::Cert).unwrap();
    let mut net = Net::new(3);
    let by = Peer::Authority(net.id(1));
    assert_eq!(say(&mut net, by, &request, |_| {}), Verdict::TooEarly);
}

#[test]
fn votes_are_handed_to_authorities_alone() {
    let mut net = Net::new(3);
    net.upload(FIRST.plus(1));
    let time = net.at_eighths(2);
    net.run_until(time, |_, _, _| Way::Pass);
    let public_key = net.identities[1].public().to_vec();
    let (first, second) = (Peer::Authority(net.id(1)), Peer::Authority(net.id(2)));
    let mut ask = |peer, epoch: Epoch, public_key: &[u8]| {
        let command = Command::GetVote { epoch: epoch.0, public_key };
        net.states[0].as_mut().unwrap().handle(net.now, peer, &command)
    };
    assert!(matches!(ask(second, FIRST.plus(1), &public_key), Reply::Vote { .. }));
    assert!(matches!(ask(first, FIRST.plus(1), &public_key), Reply::Vote { .. }));
    let refused = |verdict| Reply::Verdict(StatementKind::Vote, verdict);
    assert_eq!(ask(Peer::Client, FIRST.plus(1), &public_key), refused(Verdict::NotAuthorized));
    assert_eq!(ask(second, FIRST, &public_key), refused(Verdict::NotFound));
    assert_eq!(ask(second, FIRST.plus(1), &[7; 32]), refused(Verdict::NotFound));
}
