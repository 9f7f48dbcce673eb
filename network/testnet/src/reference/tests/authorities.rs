//! Rounds of authorities, ours and the reference's.

use super::rounds::{FIRST, Net};
use crate::reference::{
    authority::AuthorityPeer,
    command::{OwnedCommand, StatementKind},
};
use core::time::Duration;
use mixwell_authority::message::Peer;
use mixwell_wire::{Command, DescriptorStatus, Statement};

#[test]
fn mixed_authorities_sign_the_same_bytes_for_three_epochs() {
    for (ours, theirs) in [(0, 3), (1, 2), (2, 1), (3, 0), (2, 3), (1, 1)] {
        let mut net = Net::new(ours, theirs);
        for epoch in (1..=3).map(|later| FIRST.plus(later)) {
            let certificates = net.round();
            for certificate in &certificates {
                let consensus = net.verify(certificate.as_ref().unwrap(), epoch);
                assert_eq!(consensus.signers().len(), ours + theirs, "{ours} of ours, {theirs} of theirs, {epoch}");
                assert_eq!(certificate, &certificates[0]);
                let document = consensus.document().unwrap();
                assert_eq!((document.genesis_epoch(), document.nodes().len()), (FIRST.plus(1), 7));
            }
        }
        // one question each round, which was not answered
        assert!(net.theirs().all(|authority| authority.refused_get_votes == 3 * ours as u64));
    }
}

/// `docs/spec/authority.md#weaknesses-of-the-reference`.
#[test]
fn a_withheld_reveal_stops_the_reference_and_not_ours() {
    for (ours, theirs, certificates) in [(0, 3, 0), (2, 1, 3)] {
        let mut net = Net::new(ours, theirs);
        net.theirs().last().unwrap().withholds_reveals = true;
        let consensuses = net.round();
        let got = consensuses.iter().flatten().count();
        assert_eq!(got, certificates, "{ours} of ours, {theirs} of theirs");
        for consensus in consensuses.iter().flatten() {
            assert!(net.verify(consensus, FIRST.plus(1)).signers().len() >= 2);
        }
    }
}

#[test]
fn a_repeated_descriptor_is_a_conflict() {
    let mut net = Net::new(1, 1);
    let epoch = FIRST.plus(1);
    let ok = Some(DescriptorStatus::Ok);
    assert!(net.upload(epoch).iter().flatten().all(|status| *status == ok));
    let again = net.upload(epoch);
    assert!(again.iter().all(|statuses| *statuses == [ok, Some(DescriptorStatus::Conflict)]), "{again:?}");
    let later = net.upload(FIRST.plus(2));
    assert!(later.iter().flatten().all(|status| *status == Some(DescriptorStatus::Invalid)));
}

/// The answers that are recorded, 4.4 s into an epoch of 40 s.
#[test]
fn answers_to_whom() {
    let mut net = Net::new(0, 3);
    net.now += Duration::from_secs(9);
    let (authority, node) = (net.identities[1].clone(), net.nodes[0].0.id());
    let (sender, voted_on) = (Peer::Authority(authority.id()), FIRST.0 + 1);
    let key = authority.public();
    let nodes_key = net.nodes[0].0.public().to_vec();
    let junk = |kind: StatementKind, epoch: u64, public_key: &[u8]| OwnedCommand::Statement {
        kind,
        epoch,
        public_key: public_key.to_vec(),
        payload: vec![1, 2, 3],
    };
    let mut says = |from, command: &Command<'_>| net.say(0, from, command).map(|answer| answer.command().id_and_code());
    let get_vote = Command::GetVote { epoch: voted_on, public_key: key };
    let post = Command::PostDescriptor { epoch: FIRST.0, payload: &[1, 2, 3] };
    let vote = Command::Vote(Statement { epoch: FIRST.0, public_key: key, payload: &[1, 2, 3] });
    for (from, command) in [
        (Peer::Client, Command::NoOp),
        (Peer::Client, Command::Disconnect),
        (Peer::Client, Command::SendPacket(&[1])),
        (Peer::Client, get_vote),
        (Peer::Client, post),
        (Peer::Node(node), get_vote),
        (Peer::Node(node), vote),
        (sender, get_vote),
        (sender, post),
    ] {
        assert_eq!(says(from, &command), None, "{from:?} {command:?}");
    }
    assert_eq!(says(Peer::Node(node), &post), Some((21, 1)));
    for (epoch, code) in [(FIRST.0 + 50, 1), (voted_on, 1), (FIRST.0, 2), (FIRST.0 - 50, 2)] {
        assert_eq!(says(Peer::Client, &Command::GetConsensus { epoch, padded: false }), Some((19, code)));
    }
    for (kind, epoch, key, code) in [
        (StatementKind::Vote, voted_on, key, (23, 4)),
        (StatementKind::Vote, voted_on + 2, key, (23, 1)),
        (StatementKind::Vote, voted_on - 1, key, (23, 2)),
        (StatementKind::Vote, voted_on, &nodes_key[..], (23, 3)),
        (StatementKind::Reveal, voted_on, key, (26, 11)),
        (StatementKind::Reveal, voted_on + 2, key, (26, 11)),
        (StatementKind::Reveal, voted_on, &nodes_key, (26, 10)),
        (StatementKind::Cert, voted_on, key, (30, 17)),
        (StatementKind::Cert, voted_on + 2, key, (30, 19)),
        (StatementKind::Cert, voted_on - 1, key, (30, 15)),
        (StatementKind::Cert, voted_on, &nodes_key, (30, 16)),
        (StatementKind::Sig, voted_on, key, (28, 22)),
        (StatementKind::Sig, voted_on + 2, key, (28, 24)),
        (StatementKind::Sig, voted_on - 1, key, (28, 23)),
        (StatementKind::Sig, voted_on, &nodes_key, (28, 21)),
    ] {
        assert_eq!(says(sender, &junk(kind, epoch, key).command()), Some(code), "{kind:?} {epoch}");
    }
}

/// The id and the status code of an answer.
trait IdAndCode {
    fn id_and_code(&self) -> (u8, u8);
}

impl IdAndCode for Command<'_> {
    fn id_and_code(&self) -> (u8, u8) {
        let code = match self {
            Command::Consensus { code, .. } => code.code(),
            Command::PostDescriptorStatus(status) => status.code(),
            Command::VoteStatus(status) => status.code(),
            Command::RevealStatus(status) => status.code(),
            Command::CertStatus(status) => status.code(),
            Command::SigStatus(status) => status.code(),
            other => panic!("{other:?}"),
        };
        (self.id(), code)
    }
}

#[test]
fn unknown_names_are_refused_after_message_3() {
    let net = Net::new(0, 3);
    let settings = &net.settings;
    let (authority, node) = (net.identities[1].id(), net.nodes[0].0.id());
    let of = |ad: &[u8], key: &[u8]| AuthorityPeer::of(settings, ad, key);
    assert_eq!(of(&[], &[1]), Some(AuthorityPeer::Client));
    assert_eq!(of(&node.0, &[1]), Some(AuthorityPeer::Node(node)));
    assert_eq!(of(&authority.0, &[7; 32]), Some(AuthorityPeer::Authority(authority)));
    assert_eq!(of(&authority.0, &[8; 32]), None);
    assert_eq!(of(&[0; 32], &[7; 32]), None);
    assert_eq!(of(&[0; 16], &[7; 32]), None);
}
