//! Our nodes as initiators of links, at the recorded responders.
//!
//! They differ from the recorded ones on purpose:
//! - After the handshake they prove themselves by a `no_op` at once, and say one whenever a link is
//!   idle for 20 s; responders ignore both.
//! - They keep a link as long as it works; the recorded ones close it 120 s after its handshake and
//!   dial again.

use super::stage::{SEND_PACKET, Stage, send_packet};
use core::time::Duration;
use mixwell_net::keys::PeerClaim;
use mixwell_testnet::recorded::{
    Ending, Heard, KeepAlives, Part, Places, Played, Player, RecordedNetwork, Refusal, Script, command_id,
    conversations, play_together,
};
use mixwell_vectors::conversation::Side;
use mixwell_wire::Link;
use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{self, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_nodes_dial_recorded_nodes_as_the_reference_does() {
    let places = Arc::new(Places::of_all());
    let all = conversations(Part::DiallingNode).into_iter();
    play_together(all.map(|played| play(played, Arc::clone(&places))), 10).await;
}

async fn play(played: Played, places: Arc<Places>) {
    let Played { name, talk } = &played;
    let network = RecordedNetwork::of(talk);
    let stage = Arc::new(Stage::new(talk, places.of_side(talk, Side::Initiator)));
    let link = Link::node(network.sizes());
    let mut traffic = JoinSet::new();
    traffic.spawn(send(Arc::clone(&stage), link));
    let own = places.of_side(talk, Side::Responder);
    let listener = TcpListener::from_std(stage.peers[own].listener.try_clone().unwrap()).unwrap();
    let responder = Responder { name, stage: &stage, own, listener, link };
    match Ending::of(talk) {
        Ending::Refused(Refusal::NotReady) => {
            // a connection that ends before message 2
            drop(responder.connection().await);
            responder.accept().await;
        }
        Ending::Refused(refusal) => panic!("{name}: our nodes are not refused for {refusal:?}"),
        Ending::ClosedBy(_) | Ending::Unclear => link_up(&played, &responder).await,
    }
}

async fn link_up(Played { name, talk }: &Played, responder: &Responder<'_>) {
    let stage = responder.stage;
    let mut player = responder.accept().await;
    let keep_alives = KeepAlives::Optional;
    let script = Script { name, talk, side: Side::Responder, epoch: stage.epoch, keep_alives };
    script.play_commands(&mut player, Instant::now(), &mut ()).await;
    if talk.ends.contains("SIGTERM at the initiator") {
        stage.stop.send_replace(true);
        ends_without_a_word(name, &mut player).await;
    } else if talk.about.contains("there is no consensus") {
        stage.set_known(0, false);
        ends_without_a_word(name, &mut player).await;
    } else {
        // whichever side closed it: ours keeps it and, once it is closed, dials again
        let heard = player.hear(Duration::from_millis(300)).await;
        assert_ne!(heard, Heard::Closed, "{name}");
        drop(player);
        responder.accept().await;
    }
}

/// Sends packets to the node of ours, which it forwards, until this is dropped.
async fn send(stage: Arc<Stage>, link: Link) {
    let before = match stage.number {
        GATEWAY | SERVICE => LAST_MIX,
        FIRST_MIX => GATEWAY,
        mix => mix - 1,
    };
    let before = &stage.peers[before];
    loop {
        if let Ok(mut player) = Player::dial(stage.address, &before.key, before.id.as_bytes(), link).await {
            while player.say(&send_packet(&stage.packet())).await.is_ok() {
                time::sleep(Duration::from_millis(50)).await;
            }
        }
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for the end of the link: more packets may come, but no other command.
async fn ends_without_a_word(name: &str, player: &mut Player) {
    let begun = Instant::now();
    loop {
        match player.hear(Duration::from_secs(20)).await {
            Heard::Closed => return,
            Heard::Command(text) => {
                assert!(matches!(command_id(&text), Some(NO_OP | SEND_PACKET)), "{name}: {:02x?}", &text[..6]);
                assert!(begun.elapsed() < Duration::from_secs(20), "{name}: the link stays");
            }
            Heard::Nothing => panic!("{name}: the link stays"),
        }
    }
}

/// The node that ours dials.
struct Responder<'a> {
    name: &'a str,
    stage: &'a Stage,
    /// Its number in the network.
    own: usize,
    listener: TcpListener,
    link: Link,
}

impl Responder<'_> {
    /// Waits for a connection of ours.
    async fn connection(&self) -> TcpStream {
        let accepted = time::timeout(Duration::from_secs(30), self.listener.accept()).await;
        accepted.unwrap_or_else(|_| panic!("{}: ours does not dial", self.name)).unwrap().0
    }

    /// Accepts a link of ours, which names itself as the consensus does.
    async fn accept(&self) -> Player {
        let stream = self.connection().await;
        let (own, ours) = (&self.stage.peers[self.own], &self.stage.peers[self.stage.number]);
        let is_ours = |claim: &PeerClaim<'_>| claim.ad == ours.id.as_bytes() && claim.link_key == ours.key.public();
        let accepted = Player::accept(stream, &own.key, own.id.as_bytes(), self.link, is_ours).await;
        accepted.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// Numbers of nodes in the network.
const GATEWAY: usize = 0;
const FIRST_MIX: usize = 1;
const LAST_MIX: usize = 3;
const SERVICE: usize = 4;

const NO_OP: u8 = 0;
