//! Our nodes at recorded authorities: uploads and questions for a consensus.
//!
//! They differ from the recorded ones on purpose:
//! - They ask for a consensus with their own id and link key, not as an unknown client: whoever may
//!   upload is known to the authority anyway.
//! - They ask for the present epoch's consensus and for the next one alone, and one authority after
//!   the other, each once the one before has failed or is slow. The recorded ones ask all
//!   authorities at once.
//! - At their start they upload a descriptor for the present epoch too: a vote may still want it.
//! - A descriptor names its version, `v0`, which the recorded ones leave empty, and comes without
//!   statistics of loops.

use core::time::Duration;
use mixwell_net::{
    address::{Address, ListedAddress, PublicAddresses},
    authorities::{Authorities, Authority},
    clock::Clock,
    keys::{Identity, LinkKey, PeerClaim},
    node_kind::NodeKind,
    services::ServiceSpec,
};
use mixwell_node::{NodeBuilder, ResourceLimits, RunningNode, Services};
use mixwell_pki_types::{Certificate, Descriptor, Ed25519, Epoch, KeyHash, Rates, Upload, certify};
use mixwell_testnet::{
    Plan,
    recorded::{
        Heard, KeepAlives, Part, Played, Player, RecordedNetwork, Script, command_id, conversations, is_same,
        period_at, play_together, with_epoch,
    },
};
use mixwell_vectors::conversation::{Conversation, Said, Side};
use mixwell_wire::{Link, PkiSizes, StreamError};
use std::sync::Arc;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{self, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_nodes_upload_and_ask_authorities_as_the_reference_does() {
    play_together(conversations(Part::NodeAtAuthority).into_iter().map(play), 8).await;
}

async fn play(Played { name, talk }: Played) {
    let (name, talk) = (&name[..], &talk);
    let network = RecordedNetwork::of(talk);
    let Some((first, answers)) = request(talk) else {
        println!("{name} not played: the node asked for nothing: {}", talk.about);
        return;
    };
    let ours = Arc::new(OurNode::start(&network, talk, first));
    let keep_alives = KeepAlives::AsRecorded;
    let script = Script { name, talk, side: Side::Responder, epoch: ours.epoch.0, keep_alives };
    let epoch = script.epoch_for(first);
    if epoch.is_some_and(|epoch| command_id(first.front()) == Some(GET_CONSENSUS) && epoch < ours.epoch.0) {
        println!("{name} not played: ours asks for no consensus of the past: {}", talk.about);
        return;
    }
    // the other authority answers once this one was asked
    let (asked, is_asked) = watch::channel(false);
    let mut other_authority = JoinSet::new();
    other_authority.spawn(Arc::clone(&ours).other_authority(epoch, is_asked));
    let (mut player, text) = ours.asked_for(name, first, epoch).await;
    asked.send_replace(true);
    is_same(first, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
    ours.check_upload(name, first, &text);
    for said in answers {
        let text = if command_id(said.front()) == Some(CONSENSUS) && said.front().get(6) == Some(&OK) {
            consensus(&ours.consensus(Epoch(epoch.unwrap())))
        } else {
            said.text().expect("recorded whole")
        };
        player.say(&text).await.unwrap();
    }
    // whether or not it waits for an answer, ours closes the connection after one command
    assert_eq!(player.hear(PATIENCE).await, Heard::Closed, "{name}");
    if !answers.is_empty() {
        ours.asks_no_more(name, first, epoch).await;
    }
}

/// The node's command and the authority's answers to it, if there were any.
fn request(talk: &Conversation) -> Option<(&Said, &[Said])> {
    let at = talk.commands.iter().position(|said| said.from == Side::Initiator)?;
    let (first, answers) = talk.commands[at..].split_first()?;
    assert!(answers.iter().all(|said| said.from == Side::Responder), "one command and its answer");
    Some((first, answers))
}

/// A node of ours and its two authorities, which are played.
struct OurNode {
    plan: Plan,
    epoch: Epoch,
    authorities: [PlayedAuthority; 2],
    link: Link,
    id: KeyHash,
    link_public: Vec<u8>,
    _running: RunningNode,
}

struct PlayedAuthority {
    identity: Identity,
    key: LinkKey,
    listener: std::net::TcpListener,
}

/// Rates without decoys.
const RATES: Rates = Rates { mu: 0.1, lambda_p: 0.04, lambda_l: 0.0, lambda_m: 0.0, lambda_g: 0.0, lambda_r: 0.0 };

impl OurNode {
    /// Starts a node at the recorded time of an epoch, with the recorded name and address if it
    /// uploaded them.
    fn start(network: &RecordedNetwork, talk: &Conversation, first: &Said) -> Self {
        let clock = Clock::new(period_at(network.phase(talk)));
        let plan = Plan::with_links((clock, network.kem), network.geometry, (1, &[1, 1, 1]), RATES);
        let mut rng = plan.randomness.rng();
        let mut authority = || PlayedAuthority {
            identity: Identity::generate(&Ed25519, &mut rng).unwrap(),
            key: LinkKey::generate(network.kem, &mut rng).unwrap(),
            listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        };
        let authorities = [authority(), authority()];
        let listed = authorities.each_ref().map(|authority| {
            let addresses = vec![Address::of(authority.listener.local_addr().unwrap())];
            let (identity, link) = (authority.identity.public().to_vec(), authority.key.public().to_vec());
            Authority::new("authority".to_owned(), identity, link, addresses)
        });
        let listed = Arc::new(Authorities::new(&Ed25519, network.kem, listed.into()));
        let upload = first.text().filter(|_| command_id(first.front()) == Some(POST_DESCRIPTOR));
        let upload = upload.as_ref().map(|text| Upload::parse(&text[14..]).unwrap().unverified_descriptor());
        let kind = match &upload {
            Some(descriptor) if descriptor.is_service() => NodeKind::Service,
            Some(descriptor) if descriptor.is_gateway() => NodeKind::Gateway,
            _ => NodeKind::Mix,
        };
        let planned = plan.nodes.iter().find(|planned| planned.kind == kind).unwrap();
        let recorded = upload.as_ref().and_then(|descriptor| {
            let address = descriptor.addresses().flat_map(|(_, list)| list).next()?;
            Some((descriptor.name().to_owned(), address.parse().ok()?))
        });
        let (node_name, address) =
            recorded.unwrap_or_else(|| (planned.name.clone(), Address::of(planned.listener.local_addr().unwrap())));
        let limits = ResourceLimits { replays: 20_000, ..ResourceLimits::for_period(Duration::from_mins(20)) };
        let specs = ServiceSpec::defaults(&network.geometry);
        let builder = NodeBuilder {
            name: node_name,
            kind,
            identity: Arc::clone(&planned.identity),
            link_key: planned.link_key.clone(),
            addresses: PublicAddresses::new(vec![ListedAddress::Tcp(address)]),
            listeners: vec![planned.listener.try_clone().unwrap().try_into().unwrap()],
            authorities: listed,
            clock,
            geometry: network.geometry,
            services: Services::new(&specs, &network.geometry, limits.boxes, plan.randomness.rng()),
            sends_decoys: false,
            mix_key_folder: None,
            limits,
            randomness: plan.randomness.branch(),
            faults: None,
        };
        let (id, link_public) = (planned.identity.id(), planned.link_key.public().to_vec());
        let link = Link::authority(PkiSizes { public_key: 32, document: 1 << 20 });
        let running = builder.start().unwrap();
        Self { epoch: clock.epoch(), plan, authorities, link, id, link_public, _running: running }
    }

    /// Waits for the connection on which the node sends the recorded command; answers all others as
    /// an authority without a consensus does.
    async fn asked_for(&self, name: &str, first: &Said, epoch: Option<u64>) -> (Player, Vec<u8>) {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "{name}: ours does not ask");
            let Some((mut player, text)) = self.next_request(0, name).await else { continue };
            if is_about(&text, first, epoch) {
                return (player, text);
            }
            // it may have been closed
            let _ = player.say(&self.usual_answer(&text)).await;
        }
    }

    /// The node's next connection to an authority, and the command on it; `None` if it hung up, as
    /// it does once another authority has answered.
    async fn next_request(&self, authority: usize, name: &str) -> Option<(Player, Vec<u8>)> {
        let PlayedAuthority { identity, key, listener } = &self.authorities[authority];
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
        let stream = time::timeout(PATIENCE, listener.accept()).await;
        let (stream, _) = stream.unwrap_or_else(|_| panic!("{name}: ours does not ask")).unwrap();
        let is_ours = |claim: &PeerClaim<'_>| claim.ad == self.id.0 && claim.link_key == self.link_public;
        let mut player = match Player::accept(stream, key, &identity.id().0, self.link, is_ours).await {
            Ok(player) => player,
            Err(StreamError::Closed | StreamError::Io(_)) => return None,
            Err(error) => panic!("{name}: {error}"),
        };
        match player.hear(PATIENCE).await {
            Heard::Command(text) => Some((player, text)),
            Heard::Closed => None,
            Heard::Nothing => panic!("{name}: ours asks for nothing"),
        }
    }

    fn usual_answer(&self, text: &[u8]) -> Vec<u8> {
        match command_id(text) {
            Some(POST_DESCRIPTOR) => vec![POST_DESCRIPTOR_STATUS, 0, 0, 0, 0, 1, OK],
            Some(GET_CONSENSUS) => {
                let is_past = text[6..14] <= self.epoch.0.to_be_bytes()[..];
                vec![CONSENSUS, 0, 0, 0, 0, 1, if is_past { GONE } else { NOT_FOUND }]
            }
            other => panic!("a node asks with command {other:?}"),
        }
    }

    /// Plays the other authority: it has the consensus of the recorded question, and gives it once
    /// the first was asked.
    async fn other_authority(self: Arc<Self>, recorded: Option<u64>, mut is_asked: watch::Receiver<bool>) {
        loop {
            let Some((mut player, text)) = self.next_request(1, "the other authority").await else { continue };
            let epoch = u64::from_be_bytes(*text[6..].first_chunk().unwrap());
            let answer = if command_id(&text) == Some(GET_CONSENSUS) && Some(epoch) == recorded {
                if is_asked.wait_for(|asked| *asked).await.is_err() {
                    return;
                }
                consensus(&self.consensus(Epoch(epoch)))
            } else {
                self.usual_answer(&text)
            };
            let _ = player.say(&answer).await;
        }
    }

    /// The consensus of an epoch with the signatures of both authorities.
    fn consensus(&self, epoch: Epoch) -> Vec<u8> {
        let mut rng = self.plan.randomness.rng();
        let [first, second] = &self.authorities;
        let document = self.plan.document(epoch).encode();
        let mut out = vec![0; document.len() + 2000];
        let signing = first.identity.signing().unwrap();
        let length = certify(&document, epoch.plus(5), &signing, &mut rng, &mut out).unwrap();
        let once = out[..length].to_vec();
        let signing = second.identity.signing().unwrap();
        let certificate = Certificate::parse(&once).unwrap();
        let length = certificate.add_own_signature(&signing, self.epoch, &mut rng, &mut out).unwrap();
        out.truncate(length);
        out
    }

    /// Checks an upload against the recorded one: the same fields but keys, and a descriptor of the
    /// same length where services and its version don't matter.
    fn check_upload(&self, name: &str, recorded: &Said, ours: &[u8]) {
        let Some(recorded) = recorded.text().filter(|_| command_id(ours) == Some(POST_DESCRIPTOR)) else { return };
        let [want, got] = [&recorded[14..], &ours[14..]].map(|upload| Upload::parse(upload).unwrap());
        let got = got.verify(&Ed25519).unwrap_or_else(|error| panic!("{name}: {error}"));
        let want = want.verify(&Ed25519).unwrap_or_else(|error| panic!("{name}: {error}"));
        let addresses = |descriptor: &Descriptor<'_>| -> Vec<(String, Vec<String>)> {
            let all = descriptor.addresses();
            all.map(|(transport, list)| (transport.to_owned(), list.map(str::to_owned).collect())).collect()
        };
        assert_eq!(addresses(&got), addresses(&want), "{name}");
        assert_eq!(got.name(), want.name(), "{name}");
        assert_eq!((got.is_gateway(), got.is_service()), (want.is_gateway(), want.is_service()), "{name}");
        assert_eq!(got.mix_keys().count(), want.mix_keys().count(), "{name}");
        assert_eq!(got.id(), self.id, "{name}");
        let lengths = [&got, &want].map(|descriptor| descriptor.encoded().len() - descriptor.version().len());
        assert!(got.is_service() || lengths[0] == lengths[1], "{name}: {lengths:?} bytes");
    }

    /// Checks that an answered command is not repeated at once.
    async fn asks_no_more(&self, name: &str, first: &Said, epoch: Option<u64>) {
        let until = Instant::now() + Duration::from_millis(500);
        while let Ok(next) = time::timeout_at(until, self.next_request(0, name)).await {
            let Some((mut player, text)) = next else { continue };
            assert!(!is_about(&text, first, epoch), "{name}: ours repeats its command");
            let _ = player.say(&self.usual_answer(&text)).await;
        }
    }
}

/// Whether a command of ours is the recorded one, about our epoch for the recorded one.
fn is_about(text: &[u8], recorded: &Said, epoch: Option<u64>) -> bool {
    let is_same_epoch = epoch.is_none_or(|epoch| with_epoch(text.to_vec(), epoch) == text);
    command_id(text) == command_id(recorded.front()) && is_same_epoch
}

/// The answer that has a consensus.
fn consensus(certificate: &[u8]) -> Vec<u8> {
    let length = u32::try_from(certificate.len() + 1).unwrap().to_be_bytes();
    [&[CONSENSUS, 0], &length[..], &[OK], certificate].concat()
}

const GET_CONSENSUS: u8 = 18;
const CONSENSUS: u8 = 19;
const POST_DESCRIPTOR: u8 = 20;
const POST_DESCRIPTOR_STATUS: u8 = 21;
const OK: u8 = 0;
const NOT_FOUND: u8 = 1;
const GONE: u8 = 2;

/// Time for ours to do what it should, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
