//! Our authority, with the recorded nodes, clients and authorities that connect to it.
//!
//! Our authority differs from the recorded one on purpose:
//! - A `get_vote` of an authority is answered: authorities of ours compare the votes that they got.
//!   The recorded one closes, and never asks.
//! - Whoever names itself as a node that is not configured may ask for a consensus, as any client
//!   may; its uploads are refused. The recorded one refuses the connection.

use super::{CONSENSUS, GET_VOTE, POST_DESCRIPTOR, Stage, kind_of, statement_of};
use crate::{
    Keeper,
    message::{Request, StatementKind},
    server,
    server::{Server, ServerLimits},
};
use blake2::{Blake2b, Digest as _, digest::consts::U32};
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{
    keys::{LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::Upload;
use mixwell_testnet::recorded::{
    Cues, Ending, Heard, KeepAlives, PACE, Part, Played, Player, RecordedNetwork, Refusal, Script, command_id,
    conversations, play_together,
};
use mixwell_vectors::conversation::{Conversation, Said, Side};
use mixwell_wire::{Link, PkiSizes};
use std::{sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    time,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_authority_answers_recorded_peers_as_the_reference_does() {
    let all = conversations(Part::CalledAuthority);
    play_together(all.into_iter().map(play), 55).await;
}

async fn play(Played { name, talk }: Played) {
    let (name, talk) = (&name[..], &talk);
    let network = RecordedNetwork::of(talk);
    let (mut stage, peer) = prepare(&network, talk);
    let (epoch, address) = (stage.epoch, listen(&mut stage, talk).await);
    let recorded_ad = talk.initiator_ad.as_ref().map_or(&[][..], |ad| ad);
    let stranger = stranger(network.kem);
    let (key, ad) = match (talk.initiator.as_str(), recorded_ad) {
        (_, []) => (&stranger, Vec::new()),
        ("authority", _) => (&stage.link, stage.net.id(1).0.to_vec()),
        ("node", _) if peer.is_known => (&stranger, stage.net.nodes[peer.node].id().0.to_vec()),
        _ => (&stranger, recorded_ad.to_vec()),
    };
    let link = Link::authority_client(PkiSizes { public_key: 32, document: 1 << 20 });
    match Ending::of(talk) {
        Ending::Refused(Refusal::Peer) if talk.initiator == "authority" => {
            assert!(Player::dial(address, &stranger, &ad, link).await.is_err(), "{name}");
        }
        // whoever names itself as a node may ask; its uploads are refused
        Ending::Refused(Refusal::Peer) => assert!(Player::dial(address, &stranger, &ad, link).await.is_ok(), "{name}"),
        Ending::Refused(Refusal::Version) => {
            assert_closed(name, address, &vec![2; talk.handshake_lengths[0]], Duration::ZERO).await;
        }
        Ending::Refused(Refusal::Silence) => assert_closed(name, address, &[], Duration::from_millis(2500)).await,
        Ending::Refused(Refusal::NotReady) => panic!("{name}: authorities need no consensus"),
        ending => {
            let mut player = Player::dial(address, key, &ad, link).await.unwrap_or_else(|e| panic!("{name}: {e}"));
            let keep_alives = KeepAlives::AsRecorded;
            let script = Script { name, talk, side: Side::Initiator, epoch: epoch.0, keep_alives };
            let mut cues = Initiator { stage: &stage, peer, script: &script };
            let begun = time::Instant::now();
            let spoken = script.play_commands(&mut player, begun, &mut cues).await;
            let last = talk.commands.iter().rfind(|said| said.from == Side::Initiator);
            let is_answered = talk.commands.last().is_some_and(|said| said.from == Side::Responder);
            if last.is_some_and(|said| command_id(said.front()) == Some(GET_VOTE)) && talk.initiator == "authority" {
                // our authorities ask each other
                let answer = vec![VOTE_STATUS, 0, 0, 0, 0, 1, VOTE_NOT_FOUND];
                assert_eq!(player.hear(Duration::from_secs(20)).await, Heard::Command(answer), "{name}");
                script.wait_until_closed(&mut player).await;
            } else if ending == Ending::ClosedBy(Side::Responder) {
                script.end(player, begun, spoken).await;
            } else if is_answered {
                // the recorded initiator closed as well: so does an authority after its answer
                script.wait_until_closed(&mut player).await;
            }
        }
    }
}

/// The initiator, played from the record.
struct Peer {
    /// The number of the node that it is, if it is one.
    node: usize,
    /// Whether the recorded authority knew it.
    is_known: bool,
    /// The statement that it makes, if it is an authority.
    statement: Option<Request>,
}

/// The authorities at the time of a conversation, with the consensus, the descriptors and the
/// statements that the recorded one had.
fn prepare(network: &RecordedNetwork, talk: &Conversation) -> (Stage, Peer) {
    let status_to = |ahead: i64| {
        let script =
            Script { name: "", talk, side: Side::Initiator, epoch: 1 << 30, keep_alives: KeepAlives::AsRecorded };
        let asks = |said: &&Said| Script::asks_for_consensus(said) && script.epochs_ahead(said) == Some(ahead);
        let at = talk.commands.iter().position(|said| asks(&said))?;
        let answer = talk.commands[at..].iter().find(|said| command_id(said.front()) == Some(CONSENSUS))?;
        answer.front().get(6).copied()
    };
    let mut stage = Stage::new(network, network.phase(talk), status_to(0) == Some(OK), None);
    let is_known = !matches!(Ending::of(talk), Ending::Refused(_));
    let mut peer = Peer { node: MIX, is_known, statement: None };
    let now = stage.clock.now();
    if let Some((said, kind)) = statement_of(talk)
        && !talk.is_deliberate()
    {
        peer.statement = stage.run_round(now, kind);
        assert!(peer.statement.is_some(), "{kind} at {:?} of {:?}: {said:?}", stage.clock.time(), stage.clock.period());
    } else if status_to(1) == Some(OK) {
        stage.net.upload(stage.epoch.plus(1));
        stage.net.run_until(now, |_, _, _| crate::tests::net::Way::Pass);
    } else {
        stage.net.run_until(now, |_, _, _| crate::tests::net::Way::Pass);
    }
    if let Some(upload) = talk.commands.iter().find(|said| command_id(said.front()) == Some(POST_DESCRIPTOR))
        && !talk.is_deliberate()
    {
        if let Some(text) = upload.text() {
            let descriptor = Upload::parse(&text[14..]).unwrap().unverified_descriptor();
            peer.node = if descriptor.is_gateway() {
                GATEWAY
            } else if descriptor.is_service() {
                SERVICE
            } else {
                MIX
            };
        }
        let status = talk.commands.iter().rfind(|said| said.from == Side::Responder).unwrap().front()[6];
        // a conflict is one with another descriptor that our authority has; else it has none
        let at = usize::from(status != CONFLICT);
        stage.net.upload_to(peer.node, stage.epoch.plus(1), at);
    }
    (stage, peer)
}

/// Starts the server of the first authority.
async fn listen(stage: &mut Stage, talk: &Conversation) -> SocketAddr {
    let Stage { net, clock, link, .. } = stage;
    let state = net.states[0].take().unwrap();
    let mut limits = ServerLimits::default();
    // a busy machine breaks no conversation that is not about a timeout
    if !matches!(Ending::of(talk), Ending::Refused(_)) {
        limits.accept.handshake_timeout = Duration::from_secs(20);
    }
    if talk.commands.iter().all(|said| said.from == Side::Responder) {
        limits.command_timeout /= PACE;
    }
    let keeper = Arc::new(Mutex::new(Keeper::new(state, None)));
    let server = Server::new(*clock, net.policy.clone(), keeper, limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server::listen(server, link.clone(), net.id(0), vec![listener], net.randomness.branch()));
    address
}

fn stranger(kem: LinkKem) -> LinkKey {
    LinkKey::generate(kem, &mut Randomness::from_seed(77).rng()).unwrap()
}

/// Sends bytes and waits for the authority to close the connection unanswered, not sooner than
/// after `min`.
async fn assert_closed(name: &str, address: SocketAddr, bytes: &[u8], min: Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // it may be closed while this is written
    let _ = stream.write_all(bytes).await;
    let read = time::timeout(Duration::from_secs(20), stream.read(&mut [0])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{name}: {read:?}");
    assert!(begun.elapsed() >= min, "{name}: {:?}", begun.elapsed());
}

/// The initiator's part of what was recorded.
struct Initiator<'a> {
    stage: &'a Stage,
    peer: Peer,
    script: &'a Script<'a>,
}

impl Initiator<'_> {
    /// Our key for a recorded one: the initiator's, our authority's, or a node's. One that is
    /// nobody's stays.
    fn key_for(&self, recorded: &[u8]) -> Vec<u8> {
        let (net, talk) = (&self.stage.net, self.script.talk);
        let id = Blake2b::<U32>::digest(recorded);
        let is = |ad: &Option<mixwell_vectors::Hex>| ad.as_ref().is_some_and(|ad| **ad == id[..]);
        if is(&talk.initiator_ad) {
            net.identities[1].public().to_vec()
        } else if is(&talk.responder_ad) {
            net.identities[0].public().to_vec()
        } else if recorded.iter().all(|byte| *byte == 0) {
            recorded.to_vec()
        } else {
            net.nodes[MIX].identity.public().to_vec()
        }
    }
}

impl Cues for Initiator<'_> {
    fn say(&mut self, said: &Said, usual: Option<Vec<u8>>, _: Option<&Said>) -> Vec<u8> {
        let (net, epoch) = (&self.stage.net, self.script.epoch_for(said));
        let is_deliberate = self.script.talk.is_deliberate();
        match command_id(said.front()) {
            Some(GET_VOTE) => with_key(usual.expect("recorded whole"), |key| self.key_for(key)),
            Some(_) if kind_of(said).is_some() && is_deliberate => {
                with_key(usual.expect("recorded whole"), |key| self.key_for(key))
            }
            // payloads are signed by other keys: the same statement by ours
            Some(_) if kind_of(said).is_some() => {
                let statement = self.peer.statement.as_ref().unwrap();
                let link = Link::authority_client(PkiSizes { public_key: 32, document: 1 << 20 });
                let mut text = vec![0; 1 << 20];
                let length = statement.command().encode(&link, &mut text).unwrap();
                text.truncate(length);
                assert_eq!(text.get(6..14), epoch.map(u64::to_be_bytes).as_ref().map(|epoch| &epoch[..]));
                let is_fixed = matches!(kind_of(said), Some(StatementKind::Reveal | StatementKind::Sig));
                assert!(!is_fixed || text.len() == said.length(), "{} of {} bytes", text.len(), said.length());
                text
            }
            Some(POST_DESCRIPTOR) if !is_deliberate => {
                let epoch = epoch.unwrap();
                let upload = net.nodes[self.peer.node].upload(mixwell_pki_types::Epoch(epoch), 30_001);
                let length = u32::try_from(upload.len() + 8).unwrap().to_be_bytes();
                [&[POST_DESCRIPTOR, 0], &length[..], &epoch.to_be_bytes(), &upload].concat()
            }
            _ => usual.expect("recorded whole"),
        }
    }
}

/// The same statement or request, with another public key.
fn with_key(mut text: Vec<u8>, key_for: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let key = key_for(&text[14..46]);
    text[14..46].copy_from_slice(&key);
    text
}

/// Numbers of nodes in the network of authorities.
const GATEWAY: usize = 0;
const SERVICE: usize = 1;
const MIX: usize = 2;

const VOTE_STATUS: u8 = 23;
const VOTE_NOT_FOUND: u8 = 7;
const OK: u8 = 0;
const CONFLICT: u8 = 2;
