//! Our mix, gateway and service node, with the recorded initiators of links between nodes.
//!
//! They differ from the recorded ones on purpose:
//! - A newer link of the same node ends an older one by its first command, not by its handshake,
//!   which proves nothing of the initiator.
//! - A node without a consensus refuses its peers after message 3, when it knows who they are; the
//!   recorded ones reset the connection before message 2. Both are dialled again.

use super::stage::{SEND_PACKET, Stage, send_packet};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_net::{keys::LinkKey, randomness::Randomness};
use mixwell_node::counters::{DropReason, PacketEvent};
use mixwell_testnet::recorded::{
    Cues, Ending, Heard, KeepAlives, Part, Places, Played, Player, RecordedNetwork, Refusal, Script, command_id,
    conversations, play_together,
};
use mixwell_vectors::conversation::{Said, Side};
use mixwell_wire::Link;
use std::sync::Arc;
use tokio::time::{self, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_nodes_answer_recorded_nodes_as_the_reference_does() {
    let places = Arc::new(Places::of_all());
    let all = conversations(Part::CalledNode).into_iter();
    play_together(all.map(|played| play(played, Arc::clone(&places))), 20).await;
}

async fn play(played: Played, places: Arc<Places>) {
    let Played { name, talk } = &played;
    let network = RecordedNetwork::of(talk);
    let stage = Stage::new(talk, places.of_side(talk, Side::Responder));
    let link = Link::node(network.sizes());
    let recorded_ad = talk.initiator_ad.as_ref().map_or(&[][..], |ad| ad);
    match Ending::of(talk) {
        Ending::Refused(Refusal::Peer) => {
            let stranger = LinkKey::generate(network.kem, &mut Randomness::from_seed(31).rng()).unwrap();
            let known = places.of(recorded_ad).map(|number| &stage.peers[number]);
            let ad = known.map_or(recorded_ad, |known| known.id.as_bytes());
            // a node of the layer before is refused for its key alone, any other for its place
            let is_before = places.of(recorded_ad).is_some_and(|number| number + 1 == stage.number);
            let key = known.filter(|_| !is_before).map_or(&stranger, |known| &known.key);
            assert!(Player::dial(stage.address, key, ad, link).await.is_err(), "{name}");
            assert_eq!(stage.node.connections().refused.load(Relaxed), 1, "{name}");
        }
        Ending::Refused(Refusal::NotReady) => {
            stage.set_known(0, false);
            let peer = &stage.peers[places.of_side(talk, Side::Initiator)];
            while stage.node.admits(peer.id) {
                time::sleep(Duration::from_millis(5)).await;
            }
            assert!(Player::dial(stage.address, &peer.key, peer.id.as_bytes(), link).await.is_err(), "{name}");
        }
        Ending::Refused(refusal) => panic!("{name}: no link between nodes is refused for {refusal:?}"),
        Ending::ClosedBy(_) | Ending::Unclear => link_up(&played, &stage, &places, link).await,
    }
}

async fn link_up(Played { name, talk }: &Played, stage: &Stage, places: &Places, link: Link) {
    let peer = &stage.peers[places.of_side(talk, Side::Initiator)];
    while !stage.node.admits(peer.id) {
        time::sleep(Duration::from_millis(5)).await;
    }
    let dial = || Player::dial(stage.address, &peer.key, peer.id.as_bytes(), link);
    let mut player = dial().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let keep_alives = KeepAlives::AsRecorded;
    let script = Script { name, talk, side: Side::Initiator, epoch: stage.epoch, keep_alives };
    let mut sender = Sender { stage, script: &script, valid: 0, malformed: 0 };
    let begun = Instant::now();
    let spoken = script.play_commands(&mut player, begun, &mut sender).await;
    let (valid, malformed) = (sender.valid, sender.malformed);
    if talk.ends.contains("newer connection") {
        let mut newer = dial().await.unwrap();
        assert_eq!(player.hear(Duration::from_millis(300)).await, Heard::Nothing, "{name}: no more than a handshake");
        newer.say(&send_packet(&stage.packet())).await.unwrap();
        received(name, stage, valid + 1).await;
        assert_eq!(newer.hear(Duration::from_millis(100)).await, Heard::Nothing, "{name}: the newer one stays");
    } else if talk.ends.contains("SIGTERM at the responder") {
        received(name, stage, valid).await;
        stage.stop.send_replace(true);
        script.wait_until_closed(&mut player).await;
    } else {
        script.end(player, begun, spoken).await;
        received(name, stage, valid + malformed).await;
    }
    let counters = stage.node.counters();
    let dropped = |reasons: &[DropReason]| reasons.iter().map(|reason| counters.dropped(*reason)).sum::<u64>();
    assert_eq!(dropped(&[DropReason::Replay, DropReason::Commands, DropReason::Early]), 0, "{name}: {counters:?}");
    let junk = dropped(&[DropReason::Malformed, DropReason::GroupElement, DropReason::Mac]);
    assert_eq!(junk, malformed, "{name}: {counters:?}");
}

/// Waits until the node has received as many packets as were sent.
async fn received(name: &str, stage: &Stage, number: u64) {
    let begun = Instant::now();
    let counters = stage.node.counters();
    while counters.of(PacketEvent::Received) < number {
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {counters:?}");
        time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(counters.of(PacketEvent::Received), number, "{name}");
}

/// An initiator's packets.
struct Sender<'a> {
    stage: &'a Stage,
    script: &'a Script<'a>,
    valid: u64,
    malformed: u64,
}

impl Cues for Sender<'_> {
    fn say(&mut self, said: &Said, usual: Option<Vec<u8>>, _: Option<&Said>) -> Vec<u8> {
        let valid = || send_packet(&self.stage.packet());
        match command_id(said.front()) {
            // the recorded packets are for other keys
            Some(SEND_PACKET) if !self.script.talk.is_deliberate() => {
                let text = valid();
                self.valid += 1;
                text
            }
            Some(SEND_PACKET) => {
                let text = usual.expect("recorded whole");
                self.malformed += u64::from(text.len() == valid().len());
                text
            }
            _ => usual.expect("recorded whole"),
        }
    }
}
