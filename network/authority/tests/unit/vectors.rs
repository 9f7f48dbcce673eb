//! Recorded rounds of the reference's authorities, recomputed byte for byte.

use crate::{
    Layers, Policy,
    canonical::{decode_signature, encode_signature},
    lambda_g::lambda_g,
    message::{StatementKind, Verdict},
    policy::PacketFormat,
    round::Round,
    schedule::Schedule,
    signer::Signer,
    tally::{Context, document_of, payload_of},
};
use core::time::Duration;
use mixwell_net::{
    authorities::{Authorities, Authority},
    keys::{Identity, LinkKem},
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
};
use mixwell_pki_types::{Certificate, Epoch, KeyHash, Period, Rates, SignatureScheme, scheme};
use mixwell_vectors::{Hex, Vector, load};
use mixwell_wire::{Command, Link, PkiSizes, Statement};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    about: String,
    epoch: u64,
    period_seconds: u64,
    scheme: String,
    authorities: Vec<RecordedAuthority>,
    threshold: usize,
    parameters: Parameters,
    gateways_configured: usize,
    layers: usize,
    fixed_layers: Option<Vec<Vec<Hex>>>,
    sphinx_geometry_hash: Hex,
    previous_consensus: Option<Hex>,
    votes: Vec<Option<Hex>>,
    reveals: Vec<Option<Hex>>,
    certs: Vec<Option<Hex>>,
    sigs: Vec<Option<Hex>>,
    consensus: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedAuthority {
    name: String,
    identity_public_key: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    mu: f64,
    lambda_p: f64,
    lambda_l: f64,
    lambda_m: f64,
    lambda_r: f64,
}

impl Recorded {
    fn scheme(&self) -> &'static dyn SignatureScheme {
        scheme(&self.scheme).unwrap()
    }

    fn ids(&self) -> Vec<KeyHash> {
        self.authorities.iter().map(|authority| KeyHash::of(&authority.identity_public_key)).collect()
    }

    /// The policy of these authorities; it allows the nodes that are in the votes.
    fn policy(&self, authorities: Authorities) -> Policy {
        let nodes = self.votes.iter().flatten().flat_map(|vote| {
            let nodes = document_of(vote).unwrap().nodes();
            nodes.map(|node| {
                let kind = NodeKind::of(&node).unwrap();
                (node.id(), PermittedNode { identifier: node.name().to_owned(), id: node.id(), kind })
            })
        });
        let nodes: BTreeMap<KeyHash, PermittedNode> = nodes.collect();
        let fixed: Option<Vec<Vec<KeyHash>>> = self
            .fixed_layers
            .as_ref()
            .map(|layers| layers.iter().map(|layer| layer.iter().map(|id| KeyHash(id.array())).collect()).collect());
        let largest = fixed.iter().flatten().map(Vec::len).max().unwrap_or(0);
        let Parameters { mu, lambda_p, lambda_l, lambda_m, lambda_r } = self.parameters;
        let rates = Rates { mu, lambda_p, lambda_l, lambda_m, lambda_r, lambda_g: 0.0 };
        let mix_key_len = None;
        Policy {
            authorities: Arc::new(authorities),
            nodes: nodes.into_values().collect(),
            replicas: Vec::new(),
            layers: fixed.map_or(Layers::Dynamic(self.layers), Layers::Fixed),
            min_per_layer: 1,
            rates: Rates { lambda_g: lambda_g(&rates, self.gateways_configured, largest), ..rates },
            packets: PacketFormat { geometry_hash: self.sphinx_geometry_hash.array(), mix_key_len },
            period: Period::new(Duration::from_secs(self.period_seconds)).unwrap(),
        }
    }

    fn authorities(&self) -> Authorities {
        let list = self.authorities.iter().map(|authority| {
            Authority::new(authority.name.clone(), authority.identity_public_key.to_vec(), Vec::new(), Vec::new())
        });
        Authorities::new(self.scheme(), LinkKem::default(), list.collect())
    }
}

/// A round after all recorded statements of kinds up to `last`, with the reveals of authors for
/// which `has_reveal` is true.
fn played(test: &Recorded, signer: Signer<'_>, last: StatementKind, has_reveal: impl Fn(KeyHash) -> bool) -> Round {
    let schedule = Schedule::new(signer.policy.period, test.authorities.len());
    let mut round = Round::new(Epoch(test.epoch));
    for (kind, payloads) in
        [(StatementKind::Vote, &test.votes), (StatementKind::Reveal, &test.reveals), (StatementKind::Cert, &test.certs)]
    {
        for (author, payload) in test.ids().into_iter().zip(payloads).filter(|_| kind <= last) {
            if let Some(payload) = payload.as_ref().filter(|_| kind != StatementKind::Reveal || has_reveal(author)) {
                let key = test.authorities.iter().find(|by| KeyHash::of(&by.identity_public_key) == author).unwrap();
                let payload = over_a_link(kind, test.epoch, &key.identity_public_key, payload);
                let taken = |round: &mut Round| round.receive(signer, &schedule, kind, author, &payload);
                assert_eq!(taken(&mut round), Verdict::Ok, "{kind} of {author}");
                assert_eq!(taken(&mut round), Verdict::AlreadyReceived, "{kind} of {author}");
            }
        }
    }
    round
}

/// The payload of a statement as it comes out of the command that carries it from one authority to
/// another.
fn over_a_link(kind: StatementKind, epoch: u64, public_key: &[u8], payload: &[u8]) -> Vec<u8> {
    let sizes = PkiSizes { public_key: public_key.len(), document: payload.len() };
    let mut text = vec![0; 64 + public_key.len() + payload.len()];
    let statement = Statement { epoch, public_key, payload };
    let length = kind.command(statement).encode(&Link::authority_client(sizes), &mut text).unwrap();
    let command = Command::decode(&text[..length], &Link::authority(sizes)).unwrap();
    let (received, statement) = StatementKind::of(&command).unwrap();
    assert_eq!((received, statement.epoch, statement.public_key), (kind, epoch, public_key));
    statement.payload.to_vec()
}

#[test]
fn recorded_rounds() {
    let vectors: Vec<Vector<Recorded>> = load("authority_round");
    for Vector { name, test } in &vectors {
        eprintln!("{name}: {}", test.about);
        recompute(name, test);
    }
    eprintln!("{} rounds recomputed", vectors.len());
}

fn recompute(name: &str, test: &Recorded) {
    let epoch = Epoch(test.epoch);
    let count = test.authorities.len();
    for (list, payloads) in
        [("votes", &test.votes), ("reveals", &test.reveals), ("certs", &test.certs), ("sigs", &test.sigs)]
    {
        assert_eq!(payloads.len(), count, "{name}: {list}");
    }
    let mut rng = Randomness::from_seed(1).rng();
    let policy = test.policy(test.authorities());
    assert_eq!(policy.authorities.threshold(), test.threshold, "{name}");
    // the recomputing signer has its own key and no part in the round
    let identity = Identity::generate(test.scheme(), &mut rng).unwrap();
    let signer = Signer { identity: &identity, policy: &policy };
    let previous = test.previous_consensus.as_ref().map(|previous| document_of(previous).unwrap());
    if let Some(previous) = &previous {
        let keys = policy.authorities.keys();
        let certificate = Certificate::parse(test.previous_consensus.as_ref().unwrap()).unwrap();
        certificate.verify_threshold(&keys, test.threshold, epoch).unwrap();
        assert_eq!(previous.epoch().plus(1), epoch, "{name}");
    }
    let context = Context { policy: &policy, epoch, previous };

    // the certificate of each authority that signed the consensus, from the votes and the reveals
    // that the certificate has
    let want = Certificate::parse(&test.consensus).unwrap();
    let mut certified = 0;
    for (author, cert) in test.ids().into_iter().zip(&test.certs) {
        let Some(cert) = cert.as_ref().filter(|_| want.signers().any(|signer| signer == author)) else { continue };
        let has = |of: KeyHash| document_of(cert).unwrap().reveals().any(|(by, _)| by == of);
        let certificate = played(test, signer, StatementKind::Reveal, has).certify(signer, &context, &mut rng).unwrap();
        assert_eq!(shown(payload_of(&certificate).unwrap()), shown(payload_of(cert).unwrap()), "{name}");
        certified += 1;
    }
    assert!(certified >= test.threshold, "{name}: {certified} certificates");

    // the consensus, from the votes and certificates, and our own signature of it
    let mut round = played(test, signer, StatementKind::Cert, |_| true);
    let sig = round.sign(signer, &context, &mut rng).unwrap();
    let (own, _) = round.agreed(1).unwrap();
    assert_eq!(shown(payload_of(&own).unwrap()), shown(payload_of(&test.consensus).unwrap()), "{name}");
    let certificate = Certificate::parse(&own).unwrap();
    assert_eq!((certificate.expiration(), certificate.key_type()), (want.expiration(), want.key_type()), "{name}");
    certificate.verify(&identity.verifying().unwrap(), epoch).unwrap();
    let sig = Certificate::parse(&sig).unwrap();
    let (by, signature) = decode_signature(sig.unverified_payload()).unwrap();
    assert_eq!((by, Some(signature)), (identity.id(), certificate.signature_by(identity.id())), "{name}");
    assert_eq!(sig.expiration(), epoch, "{name}");

    // the other authorities' signatures, received one by one: the certificate as they store it,
    // plus our signature
    let mut signers = 1;
    for (author, payload) in test.ids().into_iter().zip(&test.sigs) {
        let Some(payload) = payload else { continue };
        let recorded = Certificate::parse(payload).unwrap();
        let (by, signature) = decode_signature(recorded.unverified_payload()).unwrap();
        assert_eq!(encode_signature(by, signature), recorded.unverified_payload(), "{name}");
        assert_eq!((by, recorded.expiration()), (author, epoch), "{name}");
        // the signature of an authority that computed another document is rejected
        let is_in = want.signers().any(|signer| signer == author);
        let verdict = round.receive_signature(signer, author, payload);
        assert_eq!(verdict, if is_in { Verdict::Ok } else { Verdict::NotSigned }, "{name}");
        signers += usize::from(is_in);
    }
    let (signed, count) = round.agreed(test.threshold).unwrap();
    assert_eq!(count, signers, "{name}");
    assert_eq!(count, want.signers().count() + 1, "{name}: every signature came by a sig");
    let signed = Certificate::parse(&signed).unwrap();
    let others = want.signers().map(|signer| (signer, signed.signature_by(signer).unwrap())).collect();
    let assembled =
        crate::canonical::with_signatures(want.key_type(), want.expiration(), want.unverified_payload(), &others);
    assert_eq!(shown(&assembled), test.consensus, "{name}");
}

/// Bytes that a failing test prints as hex.
fn shown(bytes: &[u8]) -> Hex {
    Hex(bytes.to_vec())
}
