//! An authority whose peers send anything: recorded statements of a real round, reordered and
//! changed; statements and relays that a hostile authority signs; and replies to the authority's
//! own messages. Nothing panics, each tick produces a bounded number of messages, and a published
//! consensus never changes.
#![no_main]

use blake2::{Blake2b256, Digest as _};
use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use mixwell_authority::{
    Keeper, Layers, Policy, Saved, Settings, State,
    message::{Outgoing, Peer, Reply},
};
use mixwell_net::{
    authorities::{Authorities, Authority},
    keys::{Identity, LinkKem},
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
};
use mixwell_pki_types::{Certificate, Document, Ed25519, Epoch, KeyHash, LIFETIME, Period, build::encode, certify};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_vectors::{Hex, load};
use mixwell_wire::{Command, ConsensusStatus, Statement};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The time before a message in thousandths of an epoch, the sender, the form, the recorded
/// statement, and changes of its bytes with the bytes that replace it, if any.
type Step = (u16, u8, u8, u16, (Vec<(u16, u8)>, Vec<u8>));

#[derive(Deserialize)]
struct Recorded {
    epoch: u64,
    period_seconds: u64,
    scheme: String,
    authorities: Vec<RecordedAuthority>,
    layers: usize,
    votes: Vec<Option<Hex>>,
    reveals: Vec<Option<Hex>>,
    certs: Vec<Option<Hex>>,
    sigs: Vec<Option<Hex>>,
}

#[derive(Deserialize)]
struct RecordedAuthority {
    identity_public_key: Hex,
}

/// The authorities of a recorded round, the one under test, and a hostile one.
struct Network {
    policy: Policy,
    epoch: Epoch,
    period: Period,
    own: Arc<Identity>,
    hostile: Identity,
    /// Public keys of all authorities but the one under test; the hostile one is last.
    peers: Vec<Vec<u8>>,
    /// Each recorded statement's kind, author and payload.
    statements: Vec<(u8, KeyHash, Vec<u8>)>,
}

fn network() -> &'static Network {
    static NETWORK: OnceLock<Network> = OnceLock::new();
    NETWORK.get_or_init(|| {
        let rounds = load::<Recorded>("authority_round").into_iter();
        let recorded = rounds.map(|vector| vector.test).find(|test| test.scheme == "Ed25519").unwrap();
        let mut rng = Randomness::from_seed(1).rng();
        let [own, hostile] = [(); 2].map(|()| Identity::generate(&Ed25519, &mut rng).unwrap());
        let mut peers: Vec<_> = recorded.authorities.iter().map(|other| other.identity_public_key.0.clone()).collect();
        peers.push(hostile.public().to_vec());
        let keys = peers.iter().cloned().chain([own.public().to_vec()]);
        let list = keys.map(|key| Authority::new("authority".to_owned(), key, Vec::new(), Vec::new()));
        let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list.collect()));
        let mut statements = Vec::new();
        for (kind, said) in (0..).zip([&recorded.votes, &recorded.reveals, &recorded.certs, &recorded.sigs]) {
            for (author, payload) in peers.iter().zip(said) {
                statements.extend(payload.as_ref().map(|payload| (kind, KeyHash::of(author), payload.0.clone())));
            }
        }
        let nodes: BTreeMap<_, _> = recorded
            .votes
            .iter()
            .flatten()
            .flat_map(|vote| {
                let payload = Certificate::parse(vote).unwrap().unverified_payload();
                Document::parse(payload).unwrap().nodes().map(|node| {
                    let kind = NodeKind::of(&node).unwrap();
                    (node.id(), PermittedNode { identifier: node.name().to_owned(), id: node.id(), kind })
                })
            })
            .collect();
        let first = Certificate::parse(recorded.votes.iter().flatten().next().unwrap()).unwrap();
        let period = Period::new(Duration::from_secs(recorded.period_seconds)).unwrap();
        let settings = Settings {
            authorities,
            nodes: nodes.into_values().collect(),
            replicas: Vec::new(),
            layers: Layers::Dynamic(recorded.layers),
            min_per_layer: 1,
            rates: Document::parse(first.unverified_payload()).unwrap().rates(),
            geometry: Geometry::of::<X25519>(5, 2000, true).unwrap(),
            period,
        };
        let (epoch, own) = (Epoch(recorded.epoch), Arc::new(own));
        Network { policy: settings.into(), epoch, period, own, hostile, peers, statements }
    })
}

impl Network {
    /// A certificate of the hostile authority.
    fn sign(&self, payload: &[u8], expiration: Epoch) -> Vec<u8> {
        let mut out = vec![0; payload.len() + 1000];
        let key = self.hostile.signing().unwrap();
        let len = certify(payload, expiration, &key, &mut Randomness::from_seed(2).rng(), &mut out).unwrap_or(0);
        out.truncate(len);
        out
    }

    /// The hostile authority's relay of a statement.
    fn relay(&self, kind: u8, author: KeyHash, statement: &[u8], is_complete: bool) -> Vec<u8> {
        let Ok(certificate) = Certificate::parse(statement) else { return Vec::new() };
        let hasher = Blake2b256::new_with_prefix(author.0).chain_update(certificate.expiration().0.to_le_bytes());
        let digest = hasher.chain_update(certificate.unverified_payload()).finalize();
        let epoch = self.epoch.0.to_be_bytes();
        let text = [b"mixwell endorsement 1 ", &[kind][..], &epoch, &author.0, &digest].concat();
        let endorsement = self.sign(&text, self.epoch);
        encode(|writer| {
            let pair = writer.array(1).array(2).bytes(&endorsement);
            if is_complete {
                pair.bytes(statement)
            } else {
                pair.null()
            };
        })
    }
}

/// The consensus's certificate, if there is a consensus.
fn published(keeper: &mut Keeper, now: Duration, epoch: Epoch) -> Option<Arc<[u8]>> {
    match keeper.handle(now, Peer::Client, &Command::GetConsensus { epoch: epoch.0, padded: false }) {
        Reply::Consensus(ConsensusStatus::Ok, certificate) => certificate,
        _ => None,
    }
}

fuzz_target!(|input: (Vec<Step>, i8)| {
    let (steps, start) = input;
    let network = network();
    let (epoch, thousandth) = (network.epoch, network.period.duration() / 1000);
    let mut now = network.period.start(Epoch(epoch.0 - 1)) + thousandth * u32::from(start.unsigned_abs());
    let rng = Randomness::from_seed(3).rng();
    let state = State::new(Arc::clone(&network.own), network.policy.clone(), now, rng, Saved::default());
    let mut keeper = Keeper::new(state, None);
    let mut sent: Vec<Outgoing> = Vec::new();
    let mut consensus = None;
    // a peer can send more, but no message costs more than another
    for (passed, sender, form, pick, (changes, bytes)) in steps.into_iter().take(64) {
        // at most two epochs in all
        let until = now + thousandth * u32::from(passed % 1000);
        while keeper.next_tick(now) <= until {
            now = keeper.next_tick(now);
            let ticked = keeper.tick(now);
            assert!(ticked.len() <= network.peers.len() * 16, "{} messages", ticked.len());
            sent.extend(ticked);
        }
        now = until;
        let (kind, author, recorded) = &network.statements[usize::from(pick) % network.statements.len()];
        let mut payload = if bytes.is_empty() { recorded.clone() } else { bytes };
        let len = payload.len();
        for (at, change) in changes {
            payload[usize::from(at) % len] ^= change;
        }
        if form & 8 != 0 {
            let inner = Certificate::parse(&payload).map_or(&payload[..], |read| read.unverified_payload());
            payload = network.sign(inner, if form & 16 != 0 { epoch.plus(LIFETIME) } else { epoch });
        }
        if form & 64 != 0 {
            payload = network.relay(*kind, *author, &payload, form & 128 != 0);
        }
        let public_key = &network.peers[usize::from(sender) % network.peers.len()];
        let peer = match sender {
            255 => Peer::Client,
            254 => Peer::Node(KeyHash::of(public_key)),
            _ => Peer::Authority(KeyHash::of(public_key)),
        };
        let of = epoch.0 + u64::from(sender & 64 != 0);
        let statement = Statement { epoch: of, public_key, payload: &payload };
        let command = match form & 7 {
            0 => Command::Vote(statement),
            1 => Command::Reveal(statement),
            2 => Command::Cert(statement),
            3 => Command::Sig(statement),
            4 => Command::GetVote { epoch: of, public_key },
            5 => Command::PostDescriptor { epoch: of, payload: &payload },
            6 => Command::PostReplicaDescriptor { epoch: of, payload: &payload },
            _ => Command::GetConsensus { epoch: of, padded: true },
        };
        if form & 32 != 0 {
            if let Some(outgoing) = sent.pop() {
                let following = keeper.answered(now, &outgoing, &command);
                assert!(following.len() <= (network.peers.len() + 1) * 3, "{} messages", following.len());
                sent.extend(following);
            }
        } else {
            let reply = keeper.handle(now, peer, &command);
            let _ = reply.command();
        }
        if now < network.period.start(epoch.plus(1)) {
            let found = published(&mut keeper, now, epoch);
            assert!(consensus.is_none() || found == consensus, "a published consensus has changed");
            consensus = found;
        }
    }
});
