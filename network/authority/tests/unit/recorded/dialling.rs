//! Our authority as an initiator, at the recorded authorities.
//!
//! Our authority differs from the recorded ones on purpose:
//! - It asks for a consensus with its own id and link key, not as an unknown client, and for those
//!   that it lacks: of the present epoch and of the next. The recorded one asks for the past one.
//! - With its vote it asks whether the other relays statements, by a `get_vote`, which the recorded
//!   ones close unanswered. It then takes the other for one of the reference's, and asks no more.

use super::{CONSENSUS, GET_CONSENSUS, GET_VOTE, Stage, statement_of};
use crate::{
    Keeper,
    message::StatementKind,
    tasks::{Shell, run},
};
use core::time::Duration;
use mixwell_net::{clock::eighths, keys::PeerClaim};
use mixwell_pki_types::Certificate;
use mixwell_testnet::recorded::{
    Heard, KeepAlives, Part, Played, Player, RecordedNetwork, Script, command_id, conversations, is_same, play_together,
};
use mixwell_vectors::conversation::{Said, Side};
use mixwell_wire::{Link, PkiSizes, StreamError};
use std::time::Instant;
use tokio::{net::TcpListener, task::JoinSet, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_authority_speaks_to_recorded_ones_as_the_reference_does() {
    let all = conversations(Part::DiallingAuthority);
    play_together(all.into_iter().map(play), 15).await;
}

async fn play(Played { name, talk }: Played) {
    let (name, talk) = (&name[..], &talk);
    let network = RecordedNetwork::of(talk);
    let Some(first) = talk.commands.iter().find(|said| said.from == Side::Initiator) else {
        println!("{name} not played: the authority said nothing: {}", talk.about);
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stage = Stage::new(&network, network.phase(talk), false, Some(listener.local_addr().unwrap()));
    if let Some((_, kind)) = statement_of(talk) {
        // until just before it makes the statement
        let opens = stage.clock.period().start(stage.epoch) + eighths(stage.clock.period(), kind as u32 + 1);
        assert!(stage.clock.now() >= opens, "{name}: {kind} at {:?}", stage.clock.time());
        let _ = stage.run_round(opens - Duration::from_millis(1), StatementKind::Sig);
    }
    let keep_alives = KeepAlives::AsRecorded;
    let script = Script { name, talk, side: Side::Responder, epoch: stage.epoch.0, keep_alives };
    let state = stage.net.states[0].take().unwrap();
    let other = OtherAuthority { name, stage: &stage, listener };
    let shell = Shell {
        id: stage.net.id(0),
        link: stage.link.clone(),
        clock: stage.clock,
        listeners: Vec::new(),
        randomness: stage.net.randomness.branch(),
        keeper: Keeper::new(state, None),
    };
    let mut running = JoinSet::new();
    running.spawn(run(shell, core::future::pending()));
    let (mut player, text) = other.asked_for(first).await;
    is_same(first, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some((_, kind)) = statement_of(talk) {
        assert_eq!(text.get(6..14), script.epoch_for(first).map(u64::to_be_bytes).as_ref().map(|epoch| &epoch[..]));
        assert_eq!(&text[14..46], stage.net.identities[0].public(), "{name}: its public key");
        // votes and certs last for five epochs, the others until the round is over
        let expires = stage.epoch.plus(if matches!(kind, StatementKind::Vote | StatementKind::Cert) { 6 } else { 1 });
        let certificate = Certificate::parse(&text[46..]).unwrap();
        assert_eq!(certificate.expiration(), expires, "{name}");
        certificate.verify(&stage.net.identities[0].verifying().unwrap(), stage.epoch).unwrap();
    }
    for said in talk.commands.iter().filter(|said| said.from == Side::Responder).skip(1) {
        player.say(&said.text().expect("recorded whole")).await.unwrap();
    }
    assert_eq!(player.hear(PATIENCE).await, Heard::Closed, "{name}: one command, one answer");
    other.asks_no_more(&text).await;
}

/// The authority that ours connects to.
struct OtherAuthority<'a> {
    name: &'a str,
    stage: &'a Stage,
    listener: TcpListener,
}

impl OtherAuthority<'_> {
    /// Waits for the connection on which ours sends the recorded command.
    async fn asked_for(&self, first: &Said) -> (Player, Vec<u8>) {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "{}: ours does not speak", self.name);
            let Some((player, text)) = self.next_command().await else { continue };
            if command_id(&text) == command_id(first.front()) {
                return (player, text);
            }
            usual_answer(self.name, player, &text).await;
        }
    }

    /// The next connection of our authority, and the command on it; `None` if it hung up.
    async fn next_command(&self) -> Option<(Player, Vec<u8>)> {
        let (name, net) = (self.name, &self.stage.net);
        let stream = time::timeout(PATIENCE, self.listener.accept()).await;
        let (stream, _) = stream.unwrap_or_else(|_| panic!("{name}: ours does not connect")).unwrap();
        let link = Link::authority(PkiSizes { public_key: 32, document: 1 << 20 });
        let is_ours = |claim: &PeerClaim<'_>| claim.ad == net.id(0).0 && claim.link_key == self.stage.link.public();
        let mut player = match Player::accept(stream, &self.stage.link, &net.id(1).0, link, is_ours).await {
            Ok(player) => player,
            Err(StreamError::Closed | StreamError::Io(_)) => return None,
            Err(error) => panic!("{name}: {error}"),
        };
        match player.hear(PATIENCE).await {
            Heard::Command(text) => Some((player, text)),
            Heard::Closed => None,
            Heard::Nothing => panic!("{name}: ours says nothing"),
        }
    }

    /// Checks that an answered statement is not repeated at once.
    async fn asks_no_more(&self, said: &[u8]) {
        let until = time::Instant::now() + Duration::from_millis(500);
        while let Ok(next) = time::timeout_at(until, self.next_command()).await {
            let Some((player, text)) = next else { continue };
            assert_ne!(text, said, "{}: ours repeats its command", self.name);
            usual_answer(self.name, player, &text).await;
        }
    }
}

/// An answer of the reference to commands that the conversation does not have.
async fn usual_answer(name: &str, mut player: Player, text: &[u8]) {
    match command_id(text) {
        // closed unanswered
        Some(GET_VOTE) => {}
        Some(GET_CONSENSUS) => {
            let _ = player.say(&[CONSENSUS, 0, 0, 0, 0, 1, GONE]).await;
        }
        other => panic!("{name}: command {other:?} of our authority"),
    }
}

const GONE: u8 = 2;

/// Time for ours to do what it should, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
