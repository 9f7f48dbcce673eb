//! Each way in which a document or a descriptor can be malformed, with the fault's kind and place,
//! one change at a time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use mixwell_pki_types::{
    AddressFault, CertificateError, Commit, Descriptor, DescriptorFault, Document, DocumentFault, Ed25519, Epoch,
    KeyHash, Reveal, SharedRandomError, VerifyError,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::collections::BTreeMap;

fn fault(document: &DocumentBuilder, authorities: &[Pair]) -> Option<DocumentFault> {
    let (bytes, keys) = (document.encode(), authorities.iter().map(Pair::verifying).collect::<Vec<_>>());
    Document::parse(&bytes).unwrap().check(&keys, &mut [KeyHash::default(); 64]).err()
}

/// The fault after a change, and its message.
fn document_fault(change: impl FnOnce(&mut DocumentBuilder)) -> (DocumentFault, String) {
    let mut document = network::document(10);
    assert_eq!(fault(&document, &[]), None);
    change(&mut document);
    let fault = fault(&document, &[]).unwrap();
    (fault, fault.to_string())
}

#[test]
fn documents() {
    use DocumentFault as F;
    assert_eq!(document_fault(|d| d.version = "v2".to_owned()).0, F::Version);
    assert_eq!(document_fault(|d| d.genesis_epoch = Epoch(0)).0, F::NoGenesisEpoch);
    assert_eq!(document_fault(|d| d.prior_shared_random = None).0, F::NoPriorSharedRandom);
    assert_eq!(document_fault(|d| d.topology = None).0, F::NoLayers);
    assert_eq!(document_fault(|d| d.topology.as_mut().unwrap()[2].clear()).0, F::EmptyLayer { layer: 2 });
    assert_eq!(document_fault(|d| d.gateways = Some(vec![])).0, F::NoGateway);
    assert_eq!(document_fault(|d| d.services = None).0, F::NoService);

    let gateway = network::descriptor(7, "gateway").encode();
    let (found, words) = document_fault(|d| d.gateways.as_mut().unwrap().push(gateway));
    assert!(matches!(found, F::NotFlagged { .. }));
    assert_eq!(words, "gateway layer, node 1: descriptor does not say so");
    let nameless = DescriptorBuilder { name: String::new(), ..network::descriptor(7, "mix") }.encode();
    let (found, words) = document_fault(|d| d.topology.as_mut().unwrap()[1].push(nameless));
    assert!(matches!(found, F::Node { fault: DescriptorFault::Name { len: 0 }, .. }));
    assert_eq!(words, "mix layer 1, node 3: name is 0 bytes, want 1 to 32");
    let mix = network::descriptor(0, "mix");
    let id = KeyHash::of(&mix.identity_key);
    assert_eq!(document_fault(|d| d.topology.as_mut().unwrap()[2].push(mix.encode())).0, F::SameIdentity { id });

    // the genesis epoch has no prior value
    let mut genesis = network::document(10);
    (genesis.genesis_epoch, genesis.prior_shared_random) = (EPOCH, None);
    assert_eq!(fault(&genesis, &[]), None);
}

/// The authorities' certified statements, by key hash.
type Said = BTreeMap<KeyHash, Vec<u8>>;

fn certified(pair: &Pair, payload: &[u8]) -> (KeyHash, Vec<u8>) {
    certified_until(EPOCH, pair, payload)
}

fn certified_until(expiration: Epoch, pair: &Pair, payload: &[u8]) -> (KeyHash, Vec<u8>) {
    let mut out = vec![0; 400];
    let mut rng = ChaCha20Rng::from_seed([0; 32]);
    let len = certify(payload, expiration, &pair.signing(), &mut rng, &mut out).unwrap();
    out.truncate(len);
    (pair.verifying().hash(), out)
}

#[test]
fn shared_random() {
    use DocumentFault as F;
    let pairs = [1, 2].map(Pair::new);
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let reveals = [0, 1].map(|_| Reveal::generate(EPOCH, &mut rng));
    let commits = reveals.each_ref().map(Reveal::commit);
    let said = |payloads: [&[u8]; 2]| -> Said {
        pairs.iter().zip(payloads).map(|(pair, said)| certified(pair, said)).collect()
    };
    let commits_of = |[a, b]: [Commit; 2]| said([a.as_bytes(), b.as_bytes()]);
    let reveals_of = |[a, b]: &[Reveal; 2]| said([a.as_bytes(), b.as_bytes()]);
    let check = |commits: &Said, reveals: &Said, known: &[Pair]| {
        let document =
            DocumentBuilder { commits: Some(commits.clone()), reveals: Some(reveals.clone()), ..network::document(10) };
        fault(&document, known)
    };
    let (good_commits, good_reveals) = (commits_of(commits), reveals_of(&reveals));
    assert_eq!(check(&good_commits, &good_reveals, &pairs), None);

    // authorities are checked in the order of their hashes
    let [authority, other] = [0, 1].map(|n: usize| pairs[n].verifying().hash());
    let first = authority.min(other);
    assert_eq!(check(&good_commits, &good_reveals, &[]), Some(F::UnknownAuthority { authority: first }));
    let one = |all: &Said, authority: KeyHash| -> Said { [(authority, all[&authority].clone())].into() };
    assert_eq!(check(&good_commits, &one(&good_reveals, authority), &pairs), Some(F::NoReveal { authority: other }));
    let too_many = check(&one(&good_commits, authority), &good_reveals, &pairs);
    assert_eq!(too_many, Some(F::Reveals { commits: 1, reveals: 2 }));
    // a vote has one commit and no reveals
    assert_eq!(check(&one(&good_commits, authority), &Said::new(), &pairs), None);

    let replace = |all: &Said, bytes: Vec<u8>| -> Said {
        let mut all = all.clone();
        all.insert(authority, bytes);
        all
    };
    let nothing = check(&replace(&good_commits, vec![0xa0]), &good_reveals, &pairs);
    assert_eq!(nothing, Some(F::Certificate { authority, error: CertificateError::NoKeyType }));
    let of_other = check(&replace(&good_commits, good_commits[&other].clone()), &good_reveals, &pairs);
    assert_eq!(of_other, Some(F::Signature { authority, error: VerifyError::NotSigned { signer: authority } }));
    // a certificate that was still valid in the previous epoch, in which authorities vote
    let before = Epoch(EPOCH.0 - 1);
    let expired = certified_until(before, &pairs[0], reveals[0].as_bytes()).1;
    let error = VerifyError::Expired { expiration: before, now: before };
    let fault = check(&good_commits, &replace(&good_reveals, expired), &pairs);
    assert_eq!(fault, Some(F::Signature { authority, error }));
    let later = certified_until(EPOCH.plus(5), &pairs[0], reveals[0].as_bytes()).1;
    assert_eq!(check(&good_commits, &replace(&good_reveals, later), &pairs), None);
    let short = check(&good_commits, &replace(&good_reveals, certified(&pairs[0], b"short").1), &pairs);
    assert_eq!(short, Some(F::SharedRandom { authority, error: SharedRandomError::Length { got: 5 } }));
    let fresh = Reveal::generate(EPOCH, &mut rng);
    let not_committed = check(&good_commits, &replace(&good_reveals, certified(&pairs[0], fresh.as_bytes()).1), &pairs);
    assert_eq!(not_committed, Some(F::SharedRandom { authority, error: SharedRandomError::Mismatch }));
    let next = Reveal::generate(EPOCH.plus(1), &mut rng);
    let commit = next.commit();
    let late = check(&replace(&good_commits, certified(&pairs[0], commit.as_bytes()).1), &good_reveals, &pairs);
    assert_eq!(late, Some(F::CommitEpoch { authority, commit: EPOCH.plus(1), epoch: EPOCH }));
}

/// The fault of a service node's descriptor after a change.
fn descriptor_fault(change: impl FnOnce(&mut DescriptorBuilder)) -> DescriptorFault {
    let echo = [("endpoint".to_owned(), "+echo".into())].into();
    let mut node = DescriptorBuilder {
        is_service: true,
        kaetzchen: Some([("echo".to_owned(), echo)].into()),
        ..network::descriptor(1, "service")
    };
    assert_eq!(Descriptor::parse(&node.encode()).unwrap().check(EPOCH), Ok(()));
    change(&mut node);
    Descriptor::parse(&node.encode()).unwrap().check(EPOCH).unwrap_err()
}

#[test]
fn descriptors() {
    use DescriptorFault as F;
    assert_eq!(descriptor_fault(|d| d.name.clear()), F::Name { len: 0 });
    assert_eq!(descriptor_fault(|d| d.name = "n".repeat(33)), F::Name { len: 33 });
    assert_eq!(descriptor_fault(|d| d.link_key.clear()), F::NoLinkKey);
    assert_eq!(descriptor_fault(|d| d.identity_key.clear()), F::NoIdentityKey);
    assert_eq!(descriptor_fault(|d| d.mix_keys = None), F::NoMixKey { epoch: EPOCH });
    // an empty key counts as missing
    assert_eq!(descriptor_fault(|d| d.mix_keys = Some([(EPOCH, vec![])].into())), F::NoMixKey { epoch: EPOCH });
    for far in [Epoch(EPOCH.0 - 1), EPOCH.plus(3)] {
        let fault = descriptor_fault(|d| drop(d.mix_keys.as_mut().unwrap().insert(far, vec![1])));
        assert_eq!(fault, F::MixKeyEpoch { of: far, epoch: EPOCH });
    }
    assert_eq!(descriptor_fault(|d| d.addresses = None), F::NoAddresses);
    let addresses = |d: &mut DescriptorBuilder, list: &[&str]| {
        let list = list.iter().map(|address| (*address).to_owned()).collect();
        d.addresses.as_mut().unwrap().insert("ws".to_owned(), list);
    };
    // keys are ordered by length first, so "ws" comes before "tcp4"
    assert_eq!(descriptor_fault(|d| addresses(d, &[])), F::EmptyTransport { transport: 0 });
    let bad = F::Address { transport: 0, index: 1, fault: AddressFault::Host };
    assert_eq!(descriptor_fault(|d| addresses(d, &["ws://192.0.2.1:80", "ws://:80"])), bad);
    assert_eq!(bad.to_string(), "address 1 of transport 0: no host");
    assert_eq!(descriptor_fault(|d| d.is_service = false), F::CapabilityOffService);
    let services = |d: &mut DescriptorBuilder, name: &str, parameters: &[(&str, &str)]| {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        d.kaetzchen.as_mut().unwrap().insert(name.to_owned(), parameters);
    };
    assert_eq!(descriptor_fault(|d| services(d, "", &[("endpoint", "+e")])), F::CapabilityName { capability: 0 });
    assert_eq!(descriptor_fault(|d| services(d, "other", &[("cost", "1")])), F::NoEndpoint { capability: 1 });
    assert_eq!(
        descriptor_fault(|d| services(d, "e", &[("endpoint", "")])),
        F::EndpointLength { capability: 0, len: 0 }
    );
    let long = "+".repeat(33);
    assert_eq!(
        descriptor_fault(|d| services(d, "e", &[("endpoint", &long)])),
        F::EndpointLength { capability: 0, len: 33 }
    );
    let number = |d: &mut DescriptorBuilder| {
        d.kaetzchen.as_mut().unwrap().insert("e".to_owned(), [("endpoint".to_owned(), 7_u64.into())].into());
    };
    assert_eq!(descriptor_fault(number), F::EndpointNotText { capability: 0 });
}

#[test]
fn an_upload_of_no_descriptor() {
    use mixwell_pki_types::{DecodeError, ReplicaUpload, UploadError};
    let (pair, mut rng) = (Pair::new(1), ChaCha20Rng::from_seed([0; 32]));
    let refused = ReplicaUpload::sign(b"\x80", &pair.signing(), &mut rng, &mut []);
    let no_map = DecodeError::Kind { field: "ReplicaDescriptor", got: "a list", want: "a map" };
    assert_eq!(refused, Err(UploadError::Decode(no_map)));
    assert_eq!(
        ReplicaUpload::parse(b"\xa1\x71ReplicaDescriptor\xa0").unwrap().verify(&Ed25519).unwrap_err(),
        UploadError::NotSigned
    );
}
