//! Our gateway, with the recorded clients.
//!
//! Our gateway differs from the recorded one on purpose:
//! - Before its first command a client gets no `no_op`s: until then the gateway does not know
//!   whether it has the key that it claims. Clients of the reference ask for a consensus at once.
//! - `no_op`s go on while a pushed message is not acknowledged, until that is overdue: a client of
//!   the reference whose acknowledgement is long on its way would else hang up after 15 s.
//! - A newer connection with the same name and link key ends an older one by its first command, not
//!   by its handshake, which proves nothing of the initiator.
//! - A missing consensus of the present epoch is always "not found". The recorded gateway says so,
//!   or "gone" once its authorities do.
//! - A gateway without a consensus takes clients, which learn that it has none; the recorded one
//!   resets their connections.

use super::stage::{SEND_PACKET, Stage, send_packet};
use core::time::Duration;
use mixwell_net::{keys::LinkKey, randomness::Randomness};
use mixwell_sphinx::{RecipientId, SurbId};
use mixwell_testnet::recorded::{
    Cues, Ending, Heard, KeepAlives, PACE, Part, Places, Played, Player, RecordedNetwork, Refusal, Script, command_id,
    conversations, is_same, play_together, time_of_day,
};
use mixwell_vectors::conversation::{Said, Side};
use mixwell_wire::Link;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_gateway_answers_recorded_clients_as_the_reference_does() {
    let places = Arc::new(Places::of_all());
    // connections with the same name were open at the same time
    let mut by_name: BTreeMap<Vec<u8>, Vec<Played>> = BTreeMap::new();
    let mut groups = Vec::new();
    for played in conversations(Part::GatewayOfClients) {
        match &played.talk.initiator_ad {
            Some(ad) if places.of(ad).is_none() => by_name.entry(ad.to_vec()).or_default().push(played),
            _ => groups.push(vec![played]),
        }
    }
    groups.extend(by_name.into_values());
    play_together(groups.into_iter().map(|group| play(group, Arc::clone(&places))), 30).await;
}

/// Plays the connections of one client at one gateway.
async fn play(group: Vec<Played>, places: Arc<Places>) {
    let network = RecordedNetwork::of(&group[0].talk);
    let stage = Arc::new(Stage::new(&group[0].talk, 0));
    let shares_key = group.iter().all(|played| !played.talk.about.contains("different link keys"));
    let randomness = Randomness::from_seed(21);
    let key = || LinkKey::generate(network.kem, &mut randomness.rng()).unwrap();
    let shared = key();
    let first = group.iter().map(|played| time_of_day(&played.talk.began)).min().unwrap();
    let mut playing = JoinSet::new();
    for played in group {
        let key = if shares_key { shared.clone() } else { key() };
        let (stage, places) = (Arc::clone(&stage), Arc::clone(&places));
        let wait = (time_of_day(&played.talk.began) - first) / PACE;
        playing.spawn(async move {
            time::sleep(wait).await;
            connect(&played, &stage, &key, &places).await;
        });
    }
    while let Some(ended) = playing.join_next().await {
        ended.unwrap();
    }
}

/// Plays one connection.
async fn connect(Played { name, talk }: &Played, stage: &Stage, key: &LinkKey, places: &Places) {
    let network = RecordedNetwork::of(talk);
    let link = Link::client(network.sizes()).with_document_bound(1 << 16);
    let recorded_ad = talk.initiator_ad.as_ref().map_or(&[][..], |ad| ad);
    // a client may call itself as a node does
    let node_id = places.of(recorded_ad).map(|number| *stage.peers[number].id.as_bytes());
    let ad = node_id.as_ref().map_or(recorded_ad, |id| id);
    match Ending::of(talk) {
        Ending::Refused(Refusal::NotReady) => {
            stage.set_known(0, false);
            Player::dial(stage.address, key, ad, link).await.expect("our gateway takes clients without a consensus");
        }
        Ending::Refused(Refusal::Version) => {
            let message = vec![2; talk.handshake_lengths[0]];
            assert_closed(name, stage, &message, Duration::ZERO).await;
        }
        // at the real pace: the time for a handshake is not a setting
        Ending::Refused(Refusal::Silence) => assert_closed(name, stage, &[], Duration::from_millis(2500)).await,
        Ending::Refused(Refusal::Peer) => assert!(Player::dial(stage.address, key, ad, link).await.is_err(), "{name}"),
        Ending::ClosedBy(_) | Ending::Unclear => {
            let player = Player::dial(stage.address, key, ad, link).await;
            let player = player.unwrap_or_else(|error| panic!("{name}: {error}"));
            let keep_alives = KeepAlives::OnceProven;
            let script = Script { name, talk, side: Side::Initiator, epoch: stage.epoch, keep_alives };
            let mut client = Client { stage, script: &script, ad, pushed: 0, recorded: 0, asked: 0 };
            script.play(player, &mut client).await;
        }
    }
}

/// Sends bytes and waits for the gateway to close the connection unanswered, not sooner than after
/// `min`.
async fn assert_closed(name: &str, stage: &Stage, bytes: &[u8], min: Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    // it may be closed while this is written
    let _ = stream.write_all(bytes).await;
    let read = time::timeout(Duration::from_secs(20), stream.read(&mut [0])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{name}: {read:?}");
    assert!(begun.elapsed() >= min, "{name}: {:?}", begun.elapsed());
}

/// A client's part of what was recorded.
struct Client<'a> {
    stage: &'a Stage,
    script: &'a Script<'a>,
    ad: &'a [u8],
    /// Messages that our gateway has pushed.
    pushed: u32,
    /// Recorded sequence number of the last of them: some are left out of the recording.
    recorded: u32,
    /// Number of epochs from the present to that of the last consensus that was asked for.
    asked: i64,
}

impl Cues for Client<'_> {
    fn say(&mut self, said: &Said, usual: Option<Vec<u8>>, answer: Option<&Said>) -> Vec<u8> {
        if let Some(ahead) = self.script.epochs_ahead(said).filter(|_| Script::asks_for_consensus(said)) {
            self.asked = ahead;
            let status = answer.and_then(|answer| answer.front().get(6));
            if let (Ok(ahead), Some(status)) = (usize::try_from(ahead), status) {
                self.stage.set_known(ahead, *status == 0);
            }
        }
        match command_id(said.front()) {
            // the recorded packets are for other keys
            Some(SEND_PACKET) if !self.script.talk.is_deliberate() => send_packet(&self.stage.packet()),
            Some(MESSAGE_DELIVERED) if said.front().get(6..10) == Some(&self.recorded.to_be_bytes()) => {
                let mut text = usual.expect("recorded whole");
                text[6..10].copy_from_slice(&self.pushed.to_be_bytes());
                text
            }
            _ => usual.expect("recorded whole"),
        }
    }

    fn prompt(&mut self, said: &Said) {
        if command_id(said.front()) == Some(MESSAGE) {
            let recipient = RecipientId(self.ad.try_into().expect("messages are for queue ids"));
            self.stage.node.store_reply(recipient, SurbId([3; 16]), &[]);
        }
    }

    fn compare(&mut self, said: &Said, ours: &[u8]) -> Result<(), String> {
        let mut ours = ours.to_vec();
        match command_id(said.front()) {
            Some(MESSAGE) if ours.len() > 10 => {
                self.pushed += 1;
                self.recorded = u32::from_be_bytes(*said.front()[6..].first_chunk().unwrap());
                if ours[6..10] != self.pushed.to_be_bytes() {
                    return Err(format!("message {:?} instead of {}", &ours[6..10], self.pushed));
                }
                ours[6..10].copy_from_slice(&self.recorded.to_be_bytes());
            }
            // the recorded gateway says either of the present epoch
            Some(CONSENSUS2)
                if self.asked == 0 && (said.front().get(6), ours.get(6)) == (Some(&GONE), Some(&NOT_FOUND)) =>
            {
                ours[6] = GONE;
            }
            Some(CONSENSUS) if said.front().get(6) == Some(&OK) => self.consensus(&ours[7..]),
            _ => {}
        }
        is_same(said, &ours)
    }

    fn consensus(&mut self, certificate: &[u8]) {
        let want = &self.stage.consensuses[usize::try_from(self.asked).unwrap()];
        assert!(certificate == want.certificate(), "the consensus that was asked for");
    }
}

/// After each deliberate conversation that ended at once, the gateway serves another client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_recorded_client_harms_our_gateway() {
    let places = Places::of_all();
    for played in conversations(Part::GatewayOfClients).into_iter().filter(|played| played.talk.is_deliberate()) {
        let ends_at_once = played.talk.ended_ms.is_some_and(|ms| ms < 1000.0);
        if !ends_at_once {
            continue;
        }
        let network = RecordedNetwork::of(&played.talk);
        let stage = Stage::new(&played.talk, 0);
        let key = LinkKey::generate(network.kem, &mut Randomness::from_seed(22).rng()).unwrap();
        connect(&played, &stage, &key, &places).await;
        let link = Link::client(network.sizes());
        let mut other = Player::dial(stage.address, &key, &[b'a'; 32], link).await.unwrap();
        other.say(&vec![0; link.up_len()]).await.unwrap();
        assert!(matches!(other.hear(Duration::from_secs(20)).await, Heard::Command(_)), "{}", played.name);
    }
}

const MESSAGE_DELIVERED: u8 = 5;
const MESSAGE: u8 = 17;
const CONSENSUS: u8 = 19;
const CONSENSUS2: u8 = 31;
const OK: u8 = 0;
const NOT_FOUND: u8 = 1;
const GONE: u8 = 2;
