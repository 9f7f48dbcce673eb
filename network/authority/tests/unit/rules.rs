//! The rules of a document, one by one: what a tally counts, and whose reveals count.

use crate::{
    Layers,
    differences::differences,
    message::{Peer, Reply, Request, StatementKind},
    shared_random::{ShareFault, Shares},
    signer::Signer,
    tally::{Context, Tallied, TallyError, document_of, payload_of, tally},
    tests::net::{FIRST, Net, Way},
};
use mixwell_net::{keys::Identity, node_kind::PermittedReplica};
use mixwell_pki_types::{
    Document, Ed25519, Epoch, KeyHash, LIFETIME, ReplicaUpload, Reveal,
    build::{DocumentBuilder, ReplicaBuilder},
};
use mixwell_wire::{Command, DescriptorStatus};
use std::{collections::BTreeSet, sync::Arc};

const ABOUT: Epoch = Epoch(FIRST.0 + 1);

fn proposal(net: &Net) -> DocumentBuilder {
    let context = Context { policy: &net.policy, epoch: ABOUT, previous: None };
    let uploads: Vec<Vec<u8>> = net.nodes.iter().map(|node| node.descriptor(ABOUT, 30000)).collect();
    Tallied::new(&context, net.policy.rates, uploads.iter().map(Vec::as_slice), []).unwrap().without_value()
}

/// The names of the mixes in the document that these votes give.
fn tallied(net: &Net, votes: &[DocumentBuilder]) -> Result<Vec<String>, TallyError> {
    let context = Context { policy: &net.policy, epoch: ABOUT, previous: None };
    let votes: Vec<Vec<u8>> = votes.iter().map(DocumentBuilder::encode).collect();
    let votes: Vec<Document<'_>> = votes.iter().map(|vote| Document::parse(vote).unwrap()).collect();
    let document = tally(&context, &votes)?.consensus([1; 32]).encode();
    let document = Document::parse(&document).unwrap();
    let mut names: Vec<String> = document.mixes().map(|mix| mix.name().to_owned()).collect();
    names.sort();
    Ok(names)
}

#[test]
fn a_vote_counts_once_for_each_node() {
    let net = Net::new(3);
    let (all, last) = (proposal(&net), net.nodes.last().unwrap());
    let mut without = all.clone();
    for layer in without.topology.as_mut().unwrap() {
        layer.retain(|node| *node != last.descriptor(ABOUT, 30000));
    }
    let mixes = |votes: &[&DocumentBuilder]| tallied(&net, &votes.iter().copied().cloned().collect::<Vec<_>>());
    assert_eq!(mixes(&[&all, &all, &without]).unwrap().len(), 6);
    assert_eq!(mixes(&[&all, &without, &without]).unwrap().len(), 5);
    // a vote that lists the mix three times, in several places, is still one vote
    let mut thrice = all.clone();
    thrice.topology.as_mut().unwrap()[0].push(last.descriptor(ABOUT, 30000));
    thrice.services.as_mut().unwrap().push(last.descriptor(ABOUT, 30000));
    assert_eq!(mixes(&[&thrice, &without, &without]).unwrap().len(), 5);
    // two votes for two different descriptors of the mix, and a third vote with both: its first
    // entry counts
    let mut other = without.clone();
    other.topology.as_mut().unwrap()[0].push(last.descriptor(ABOUT, 40000));
    let mut both = other.clone();
    both.topology.as_mut().unwrap()[0].push(last.descriptor(ABOUT, 30000));
    assert_eq!(mixes(&[&all, &other, &both]).unwrap().len(), 6, "the mix is listed once");
    assert_eq!(mixes(&[&all, &other, &without]).unwrap().len(), 5);
}

#[test]
fn what_makes_no_document() {
    let mut net = Net::new(3);
    let all = proposal(&net);
    assert_eq!(tallied(&net, core::slice::from_ref(&all)), Err(TallyError::Votes { got: 1, want: 2 }));
    let mut rates = all.clone();
    rates.rates.lambda_m += 0.1;
    assert_eq!(tallied(&net, &[all.clone(), rates.clone()]), Err(TallyError::Parameters));
    // LambdaG is not voted on
    rates.rates = all.rates;
    rates.rates.lambda_g += 0.1;
    assert_eq!(tallied(&net, &[all.clone(), rates]).unwrap().len(), 6);
    let change = |change: fn(&mut DocumentBuilder)| {
        let mut vote = all.clone();
        change(&mut vote);
        tallied(&net, &[vote.clone(), vote])
    };
    assert_eq!(change(|vote| vote.gateways = None), Err(TallyError::NoGateway));
    assert_eq!(change(|vote| vote.services = None), Err(TallyError::NoService));
    let short = |layer| Err(TallyError::Layer { layer, got: 0, want: 1 });
    assert_eq!(change(|vote| vote.topology.as_mut().unwrap().clear()), short(0));
    // a node that the configuration does not allow, or allows only as another kind
    let gone = net.policy.nodes.pop().unwrap();
    assert_eq!(tallied(&net, &[all.clone(), all.clone()]).unwrap().len(), 5);
    net.policy.nodes.push(gone);
    net.policy.layers = Layers::Fixed(vec![vec![net.nodes[2].id()], vec![KeyHash([1; 32])]]);
    assert_eq!(tallied(&net, &[all.clone(), all]), short(1));
}

#[test]
fn whose_reveals_count() {
    let net = Net::new(3);
    let mut rng = net.randomness.rng();
    let signers = [0, 1, 2].map(|index: usize| Signer { identity: &net.identities[index], policy: &net.policy });
    let ids = signers.map(|signer| signer.id());
    let reveals = [(); 4].map(|()| Reveal::generate(ABOUT, &mut rng));
    let mut sign = |by: usize, bytes: &[u8]| signers[by].certify(bytes, ABOUT, &mut rng).unwrap();
    let commits = [0, 1, 2, 3].map(|n: usize| sign(n.min(2), reveals[n].commit().as_bytes()));
    let opened = [0, 1, 2, 3].map(|n: usize| sign(n.min(2), reveals[n].as_bytes()));
    let document = |shares: &[(KeyHash, &Vec<u8>, &Vec<u8>)]| {
        let mut built = proposal(&net);
        built.commits = Some(shares.iter().map(|(of, commit, _)| (*of, (*commit).clone())).collect());
        built.reveals = Some(shares.iter().map(|(of, _, reveal)| (*of, (*reveal).clone())).collect());
        built
    };
    let add = |shares: &mut Shares<'_>, sender: usize, document: &DocumentBuilder| {
        shares.add(ids[sender], &Document::parse(&document.encode()).unwrap())
    };
    let counted = |shares: &Shares<'_>| -> Vec<usize> {
        let counted = shares.reveals(&BTreeSet::new());
        counted.iter().map(|(of, _)| ids.iter().position(|id| id == of).unwrap()).collect()
    };
    let pair = |n: usize| (ids[n.min(2)], &commits[n], &opened[n]);
    let sorted = |mut counted: Vec<usize>| {
        counted.sort_unstable();
        counted
    };
    // a reveal counts even if its author sends no certificate
    let mut shares = Shares::new(signers[0], ABOUT);
    add(&mut shares, 0, &document(&[pair(0), pair(1)])).unwrap();
    add(&mut shares, 1, &document(&[pair(0), pair(1), pair(2)])).unwrap();
    assert_eq!(sorted(counted(&shares)), [0, 1, 2]);
    assert_eq!(shares.reveals(&[ids[1]].into()).len(), 2, "an equivocating authority is excluded");
    // the third authority's certificate has another commit and reveal of its own
    add(&mut shares, 2, &document(&[pair(3)])).unwrap();
    assert_eq!(sorted(counted(&shares)), [0, 1]);
    // and a vote has a different commit from the one in the certificates
    shares.add_commit(ids[0], &reveals[1].commit());
    assert_eq!(counted(&shares), [1]);

    // each fault of a certificate excludes its sender and all shares in the certificate
    let stranger = Identity::generate(&Ed25519, &mut net.randomness.rng()).unwrap().id();
    let mut no_reveal = document(&[pair(0), pair(1)]);
    no_reveal.reveals.as_mut().unwrap().remove(&ids[1]);
    let mut no_commit = document(&[pair(0), pair(1)]);
    no_commit.commits.as_mut().unwrap().remove(&ids[1]);
    let mut tampered = commits[1].clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    for (document, fault) in [
        (document(&[pair(0), (stranger, &commits[1], &opened[1])]), ShareFault::Stranger(stranger)),
        (document(&[pair(0), (ids[1], &tampered, &opened[1])]), ShareFault::Commit(ids[1])),
        (document(&[pair(0), (ids[1], &commits[0], &opened[1])]), ShareFault::Commit(ids[1])),
        (document(&[pair(0), (ids[1], &commits[1], &commits[1])]), ShareFault::Reveal(ids[1])),
        (document(&[pair(0), (ids[1], &commits[1], &opened[0])]), ShareFault::Reveal(ids[1])),
        (document(&[pair(0), (ids[2], &commits[2], &opened[3])]), ShareFault::Reveal(ids[2])),
        (no_reveal, ShareFault::NoReveal(ids[1])),
        (no_commit, ShareFault::NoCommit),
    ] {
        let mut shares = Shares::new(signers[0], ABOUT);
        assert_eq!(add(&mut shares, 2, &document), Err(fault));
        assert_eq!(counted(&shares), [0; 0], "{fault}");
        // another authority's valid certificate brings back all the shares except the sender's
        let (first, second, third) = (pair(0), pair(1), pair(2));
        add(&mut shares, 0, &full(&net, [first, second, third])).unwrap();
        assert_eq!(sorted(counted(&shares)), [0, 1], "{fault}");
    }
}

/// A document with these commits and reveals.
fn full(net: &Net, shares: [(KeyHash, &Vec<u8>, &Vec<u8>); 3]) -> DocumentBuilder {
    let mut built = proposal(net);
    built.commits = Some(shares.iter().map(|(of, commit, _)| (*of, (*commit).clone())).collect());
    built.reveals = Some(shares.iter().map(|(of, _, reveal)| (*of, (*reveal).clone())).collect());
    built
}

/// Every 504 epochs the list of prior values starts over; votes carry the previous epoch's list.
#[test]
fn prior_shared_random() {
    let net = Net::new(3);
    let genesis = proposal(&net);
    let consensus = |epoch: u64, previous: Option<&[u8]>| {
        let epoch = Epoch(epoch);
        let uploads: Vec<Vec<u8>> = net.nodes.iter().map(|node| node.descriptor_for_any(epoch)).collect();
        let previous = previous.map(|bytes| Document::parse(bytes).unwrap());
        let context = Context { policy: &net.policy, epoch, previous };
        let tallied = Tallied::new(&context, net.policy.rates, uploads.iter().map(Vec::as_slice), []).unwrap();
        let value = [u8::try_from(epoch.0 % 200).unwrap(); 32];
        (tallied.without_value().prior_shared_random.unwrap(), tallied.consensus(value).encode(), value)
    };
    assert_eq!(genesis.prior_shared_random, Some(Vec::new()));
    let prior = |bytes: &[u8]| Document::parse(bytes).unwrap().prior_shared_random().collect::<Vec<_>>();
    let (_, first, value) = consensus(1006, None);
    assert_eq!(prior(&first), [value, value]);
    let (of_votes, second, _) = consensus(1007, Some(&first));
    assert_eq!((of_votes, prior(&second)), (vec![value, value], vec![value, value]));
    let (of_votes, third, third_value) = consensus(1008, Some(&second));
    assert_eq!((of_votes, prior(&third)), (vec![value, value], vec![third_value, [0; 32]]));
    let (_, fourth, _) = consensus(1009, Some(&third));
    assert_eq!(prior(&fourth), prior(&third));
}

#[test]
fn storage_replicas_stand_in_the_document_as_they_came() {
    let mut net = Net::new(3);
    let mut rng = net.randomness.rng();
    let identities = [1, 2].map(|_| Identity::generate(&Ed25519, &mut rng).unwrap());
    let permitted = |(identity, number): (&Identity, u8)| PermittedReplica {
        identifier: format!("replica{number}"),
        identity: identity.public().to_vec(),
        id: identity.id(),
        number,
    };
    net.policy.replicas = identities.iter().zip([4, 9]).map(permitted).collect();
    net.policy.replicas.sort_by(|a, b| a.identity.cmp(&b.identity));
    for index in 0..3 {
        net.start(index);
    }
    let mut upload = |identity: &Identity, number: u8, name: &str, epoch: Epoch| {
        let built = ReplicaBuilder {
            name: name.to_owned(),
            replica_id: number,
            epoch,
            identity_key: identity.public().to_vec(),
            ..ReplicaBuilder::default()
        };
        let (descriptor, key) = (built.encode(), identity.signing().unwrap());
        let mut upload = vec![0; 1000];
        let len = ReplicaUpload::sign(&descriptor, &key, &mut rng, &mut upload).unwrap();
        upload.truncate(len);
        (descriptor, upload)
    };
    let (descriptor, good) = upload(&identities[0], 4, "replica4", ABOUT);
    let (_, other_number) = upload(&identities[0], 5, "replica4", ABOUT);
    let (_, other_name) = upload(&identities[0], 4, "replica9", ABOUT);
    let (_, other_epoch) = upload(&identities[0], 4, "replica4", ABOUT.plus(1));
    let (first, second) = (Peer::Node(identities[0].id()), Peer::Node(identities[1].id()));
    let post = |net: &mut Net, index: usize, peer: Peer, payload: &[u8]| {
        let command = Command::PostReplicaDescriptor { epoch: ABOUT.0, payload };
        let reply = net.states[index].as_mut().unwrap().handle(net.now, peer, &command);
        net.save(index);
        let Reply::ReplicaDescriptor(status) = reply else { panic!("{reply:?}") };
        status
    };
    assert_eq!(post(&mut net, 0, Peer::Client, &good), DescriptorStatus::Forbidden);
    assert_eq!(post(&mut net, 0, second, &good), DescriptorStatus::Forbidden);
    assert_eq!(post(&mut net, 0, first, &other_name), DescriptorStatus::Forbidden);
    assert_eq!(post(&mut net, 0, first, &other_number), DescriptorStatus::Invalid);
    assert_eq!(post(&mut net, 0, first, &other_epoch), DescriptorStatus::Invalid);
    for index in [0, 1] {
        assert_eq!(post(&mut net, index, first, &good), DescriptorStatus::Ok);
        assert_eq!(post(&mut net, index, first, &good), DescriptorStatus::Ok);
    }
    net.restart(1);
    net.pass_epoch(|_, _, _| Way::Pass);
    for index in 0..3 {
        let consensus = net.consensus(index, ABOUT).unwrap();
        let document = consensus.document().unwrap();
        let replicas: Vec<_> = document.replicas().map(|replica| replica.encoded().to_vec()).collect();
        assert_eq!(replicas, core::slice::from_ref(&descriptor));
        let mut numbers = document.configured_replica_ids().to_vec();
        let keys: Vec<_> = document.configured_replica_identity_keys().map(<[u8]>::to_vec).collect();
        assert!(keys.is_sorted() && keys.len() == 2);
        numbers.sort_unstable();
        assert_eq!(numbers, [4, 9]);
    }
}

#[test]
fn what_differs_is_named() {
    let net = Net::new(3);
    let all = proposal(&net);
    let ours = all.encode();
    let ours = Document::parse(&ours).unwrap();
    let found = |theirs: &DocumentBuilder| -> Vec<String> {
        differences(&ours, &Document::parse(&theirs.encode()).unwrap()).iter().map(ToString::to_string).collect()
    };
    assert_eq!(found(&all), [""; 0]);
    let mut theirs = all.clone();
    theirs.rates.lambda_l = 0.25;
    theirs.sphinx_geometry_hash = [0; 32];
    let mut moved = theirs.topology.as_mut().unwrap()[0].pop().unwrap();
    let name = |encoded: &[u8]| mixwell_pki_types::Descriptor::parse(encoded).unwrap().name().to_owned();
    let gone = name(&theirs.topology.as_mut().unwrap()[2].pop().unwrap());
    let placed = name(&moved);
    theirs.topology.as_mut().unwrap()[1].push(core::mem::take(&mut moved));
    let listed = found(&theirs).join("\n");
    for want in [
        "LambdaL is 0 here and 0.25 there",
        "SphinxGeometry differs",
        &format!("node {gone} ("),
        &format!("node {placed} ("),
    ] {
        assert!(listed.contains(want), "{want}: {listed}");
    }
    assert!(
        listed.contains("is only in our document")
            && listed.contains("is in the mix layer 0 here and in the mix layer 1 there")
    );
}

/// Authorities alongside some that do not relay: all agree as long as nobody lies, and if a
/// majority relays, one liar stops nobody.
#[test]
fn beside_authorities_of_the_reference() {
    for set in 0..8_usize {
        let mut net = Net::new(3);
        net.references = (0..3).filter(|index| set >> index & 1 == 1).collect();
        let references = net.references.clone();
        for _ in 0..2 {
            net.pass_epoch(|from, to, request| {
                let reaches = !matches!(request, Request::Relay { .. }) || !references.contains(&to);
                assert!(reaches, "{from} relays to {to}, which does not");
                Way::Pass
            });
            for index in 0..3 {
                assert_eq!(net.consensus(index, net.epoch()).unwrap().signers().len(), 3, "{references:?}");
            }
        }
    }
    // the third authority, which does not relay, sends the first two different votes
    let mut net = Net::new(3);
    net.references = vec![2];
    let (key, helper) = (Arc::clone(&net.identities[2]), Net::new(3));
    net.pass_epoch(|from, to, request| match request {
        Request::Statement { kind: StatementKind::Vote, epoch, public_key, payload } if (from, to) == (2, 1) => {
            let mut document = DocumentBuilder::from(&document_of(payload).unwrap());
            document.topology.as_mut().unwrap()[0].pop();
            let signer = Signer { identity: &key, policy: &helper.policy };
            let vote = signer.certify(&document.encode(), ABOUT.plus(LIFETIME), &mut helper.randomness.rng());
            let (kind, epoch, public_key) = (StatementKind::Vote, *epoch, Arc::clone(public_key));
            Way::Change(Request::Statement { kind, epoch, public_key, payload: vote.unwrap().into() })
        }
        _ => Way::Pass,
    });
    let [first, second] = [0, 1].map(|index| net.consensus(index, ABOUT).unwrap());
    assert_eq!(payload_of(first.certificate()), payload_of(second.certificate()));
    assert_eq!(net.counted(&first, None), [0, 1]);
}
