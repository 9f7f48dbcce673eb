//! One hostile authority of three.

use crate::{
    canonical::{Digest, encode_signature, with_signatures},
    message::{Request, StatementKind},
    relay::{Entry, Subject, encode_relay, endorse, endorsement},
    shared_random::check_reveal,
    signer::Signer,
    tally::payload_of,
    tests::net::{FIRST, Net, Way},
};
use mixwell_net::{
    consensus::{Consensus, ConsensusFault},
    keys::Identity,
};
use mixwell_pki_types::{Certificate, Document, Epoch, LIFETIME, build::DocumentBuilder};
use std::{collections::BTreeMap, sync::Arc};

const ABOUT: Epoch = Epoch(FIRST.0 + 1);

/// The document that each of the two honest authorities publishes, and its number of signers.
fn published(net: &mut Net) -> [Option<(Vec<u8>, usize)>; 2] {
    [0, 1].map(|index| {
        let consensus = net.consensus(index, ABOUT)?;
        let payload = Certificate::parse(consensus.certificate()).unwrap().unverified_payload().to_vec();
        Some((payload, consensus.signers().len()))
    })
}

fn certified(identity: &Arc<Identity>, net: &Net, payload: &[u8], expiration: Epoch) -> Vec<u8> {
    let signer = Signer { identity, policy: &net.policy };
    signer.certify(payload, expiration, &mut net.randomness.rng()).unwrap()
}

/// Replaces the payload of a statement.
fn instead(request: &Request, payload: Vec<u8>) -> Way {
    let Request::Statement { kind, epoch, public_key, .. } = request else { panic!("{request:?}") };
    let (kind, epoch, public_key) = (*kind, *epoch, Arc::clone(public_key));
    Way::Change(Request::Statement { kind, epoch, public_key, payload: payload.into() })
}

/// The third authority withholds its reveal and sends it to only one of the others, in its
/// certificate.
#[test]
fn a_late_certificate_changes_nothing() {
    let mut net = Net::new(3);
    net.pass_epoch(|from, to, request| match request {
        Request::Statement { kind: StatementKind::Reveal, .. } if from == 2 => Way::Drop,
        Request::Statement { kind: StatementKind::Cert | StatementKind::Sig, .. } if from == 2 && to == 1 => Way::Drop,
        _ => Way::Pass,
    });
    let [first, second] = published(&mut net).map(Option::unwrap);
    assert!(first.0 == second.0, "two valid consensuses of one epoch");
}

/// The third authority votes for all nodes to the first and for all but one to the second, with the
/// same commit. If it `signs`, it signs for each of them the document that this one signs.
fn two_votes(signs: bool) -> [Option<(Vec<u8>, usize)>; 2] {
    let mut net = Net::new(3);
    for node in 0..7 {
        net.upload_one(node, ABOUT);
    }
    for index in [0, 2] {
        net.upload_to(7, ABOUT, index);
    }
    let left_out = net.nodes[7].id();
    let key = Arc::clone(&net.identities[2]);
    let helper = Net::new(3);
    let end = net.at_eighths(8);
    let mut second = None;
    net.run_until(end, |from, to, request| match request {
        Request::Statement { kind: StatementKind::Vote, payload, .. } if from == 2 && to == 1 => {
            let document = Document::parse(payload_of(payload).unwrap()).unwrap();
            let mut builder = DocumentBuilder::from(&document);
            for layer in builder.topology.as_mut().unwrap() {
                layer.retain(|node| mixwell_pki_types::Descriptor::parse(node).unwrap().id() != left_out);
            }
            instead(request, certified(&key, &helper, &builder.encode(), ABOUT.plus(LIFETIME)))
        }
        // the third authority signs, for the second, the document that the second certifies, as far
        // as a certificate passes for a consensus
        Request::Statement { kind: StatementKind::Cert, payload, .. } if from == 1 && to == 2 => {
            second = Some(Arc::clone(payload));
            Way::Pass
        }
        Request::Statement { kind: StatementKind::Cert, .. } if from == 2 && (!signs || to == 1) => Way::Drop,
        Request::Statement { kind: StatementKind::Sig, .. } if from == 2 && signs && to == 1 => {
            let document = payload_of(second.as_ref().unwrap()).unwrap();
            let signed = certified(&key, &helper, document, ABOUT.plus(LIFETIME));
            let signature = Certificate::parse(&signed).unwrap().signature_by(key.id()).unwrap().to_vec();
            instead(request, certified(&key, &helper, &encode_signature(key.id(), &signature), ABOUT))
        }
        Request::Statement { kind: StatementKind::Sig, .. } if from == 2 && !signs => Way::Drop,
        _ => Way::Pass,
    });
    published(&mut net)
}

#[test]
fn two_votes_with_one_commit_stall_nobody() {
    assert!(two_votes(false).iter().all(Option::is_some), "no consensus, though two of three are honest");
}

#[test]
fn two_votes_with_one_commit_split_nobody() {
    let [first, second] = two_votes(true).map(Option::unwrap);
    assert!(first.0 == second.0, "two valid consensuses of one epoch");
}

/// The third authority sends no reveal in time, and then a certificate with a reveal that does not
/// match its commit.
#[test]
fn a_reveal_that_does_not_match_comes_with_a_certificate() {
    let mut net = Net::new(3);
    let key = Arc::clone(&net.identities[2]);
    let helper = Net::new(3);
    net.pass_epoch(|from, _, request| match request {
        Request::Statement { kind: StatementKind::Reveal | StatementKind::Sig, .. } if from == 2 => Way::Drop,
        Request::Statement { kind: StatementKind::Cert, payload, .. } if from == 2 => {
            let document = Document::parse(payload_of(payload).unwrap()).unwrap();
            let mut builder = DocumentBuilder::from(&document);
            let mut bad = [7; 40];
            bad[..8].copy_from_slice(&ABOUT.0.to_be_bytes());
            let bad = certified(&key, &helper, &bad, ABOUT);
            builder.reveals.as_mut().unwrap().insert(key.id(), bad);
            instead(request, certified(&key, &helper, &builder.encode(), ABOUT.plus(LIFETIME)))
        }
        _ => Way::Pass,
    });
    let [first, second] = published(&mut net);
    assert!(first.is_some() && second.is_some(), "no consensus, though two of three are honest");
    let consensus = net.consensus(0, ABOUT).unwrap();
    assert_eq!(net.counted(&consensus, None), [0, 1]);
}

/// The third authority votes honestly and then signs two different reveals, or two different
/// certificates: its vote does not count either.
#[test]
fn who_signs_two_statements_of_a_kind_is_left_out() {
    for equivocal in [StatementKind::Reveal, StatementKind::Cert] {
        let mut net = Net::new(3);
        for node in 0..7 {
            net.upload_one(node, ABOUT);
        }
        // the third authority's vote would include this mix
        for index in [0, 2] {
            net.upload_to(7, ABOUT, index);
        }
        let (key, helper) = (Arc::clone(&net.identities[2]), Net::new(3));
        let end = net.at_eighths(8);
        net.run_until(end, |from, to, request| match request {
            Request::Statement { kind, payload, .. } if (from, to) == (2, 1) && *kind == equivocal => {
                let (other, expiration) = if equivocal == StatementKind::Reveal {
                    let mut reveal = payload_of(payload).unwrap().to_vec();
                    reveal[20] ^= 1;
                    (reveal, ABOUT)
                } else {
                    let mut document = DocumentBuilder::from(&Document::parse(payload_of(payload).unwrap()).unwrap());
                    document.rates.mu *= 2.0;
                    (document.encode(), ABOUT.plus(LIFETIME))
                };
                instead(request, certified(&key, &helper, &other, expiration))
            }
            _ => Way::Pass,
        });
        let [first, second] = published(&mut net).map(Option::unwrap);
        assert!(first.0 == second.0, "{equivocal}");
        let consensus = net.consensus(0, ABOUT).unwrap();
        assert_eq!(consensus.document().unwrap().mixes().len(), 5, "{equivocal}");
        assert_eq!(net.counted(&consensus, None), [0, 1], "{equivocal}");
    }
}

/// The documents that all three certify before the consensus carry their signatures, but are not
/// accepted as a consensus.
#[test]
fn certificates_make_no_consensus() {
    let mut net = Net::new(3);
    let mut certs = BTreeMap::new();
    net.pass_epoch(|from, _, request| {
        if let Request::Statement { kind: StatementKind::Cert, payload, .. } = request {
            certs.insert(from, Arc::clone(payload));
        }
        Way::Pass
    });
    let certificates: Vec<_> = certs.values().map(|cert| Certificate::parse(cert).unwrap()).collect();
    let [first, ..] = certificates[..] else { panic!() };
    let signatures: BTreeMap<_, _> = (0..3)
        .zip(&certificates)
        .map(|(index, cert)| (net.id(index), cert.signature_by(net.id(index)).unwrap()))
        .collect();
    let document = first.unverified_payload();
    let merged = with_signatures(first.key_type(), first.expiration(), document, &signatures);
    let keys = net.policy.authorities.keys();
    assert_eq!(Certificate::parse(&merged).unwrap().verify_all(&keys, ABOUT).map(|_| ()), Ok(()));
    let verified = Consensus::verify(merged, &net.policy.authorities, (ABOUT, ABOUT), None);
    assert!(matches!(verified, Err(ConsensusFault::NoSharedRandom)), "{verified:?}");
}

/// The third authority is silent after its vote.
#[test]
fn silence_after_a_vote() {
    let mut net = Net::new(3);
    net.pass_epoch(|from, _, request| match request {
        Request::Statement { kind: StatementKind::Reveal | StatementKind::Cert | StatementKind::Sig, .. }
            if from == 2 =>
        {
            Way::Drop
        }
        _ => Way::Pass,
    });
    let [first, second] = published(&mut net).map(Option::unwrap);
    assert_eq!(first, second);
}

/// An honest authority's commit that the third relays as its reveal does not count as a second
/// reveal.
#[test]
fn a_commit_is_no_reveal() {
    let mut net = Net::new(3);
    let first = net.id(0);
    let (key, helper) = (Arc::clone(&net.identities[2]), Net::new(3));
    let signer = Signer { identity: &key, policy: &helper.policy };
    let (mut commit, mut sent) = (None, false);
    net.pass_epoch(|from, to, request| match request {
        Request::Statement { kind: StatementKind::Vote, payload, .. } if (from, to) == (0, 2) => {
            let document = Document::parse(payload_of(payload).unwrap()).unwrap();
            commit = document.commits().next().map(|(_, commit)| commit.to_vec());
            Way::Pass
        }
        Request::Relay { epoch, public_key, .. } if (from, to) == (2, 1) => {
            let statement: Arc<[u8]> = commit.as_ref().unwrap().as_slice().into();
            assert!(check_reveal(signer, first, ABOUT, &statement).is_some(), "it has the form of a reveal");
            let digest = Digest::of(first, &Certificate::parse(&statement).unwrap());
            let subject = Subject { kind: StatementKind::Reveal, author: first, digest };
            let mut rng = helper.randomness.rng();
            let endorsements = [(key.id(), endorse(signer, ABOUT, &subject, &mut rng).unwrap())].into();
            let endorsement = endorsement(signer, ABOUT, &subject, &endorsements);
            let payload = encode_relay(&[Entry { endorsement, statement: Some(statement) }]).into();
            sent = true;
            let (epoch, public_key) = (*epoch, Arc::clone(public_key));
            Way::Change(Request::Relay { epoch, public_key, payload, is_complete: true })
        }
        _ => Way::Pass,
    });
    assert!(sent);
    let [first, second] = [0, 1].map(|index| net.consensus(index, ABOUT).unwrap());
    assert_eq!(first.signers().len(), 3);
    assert_eq!(net.counted(&second, None), [0, 1, 2]);
}
