//! An attacker on the links: sends packets again and changes bits in them. All of that must be refused.

use super::{
    network::random_below,
    node::{Node, Refusal},
};
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{FinishError, Scheme, Sphinx};

/// The attacker tries one packet in so many.
const ONE_IN: usize = 16;

/// On how many of `messages` the attacker tries something.
pub(super) const fn attempts(messages: usize) -> usize {
    messages.div_ceil(ONE_IN)
}

/// What the attacker has tried.
#[derive(Default)]
pub(super) struct Attacker {
    links: usize,
    messages: usize,
    /// Packets sent again to the hop that had them.
    pub(super) replayed: Tally,
    /// Packets with a bit of the header changed.
    pub(super) changed_header: Tally,
    /// Packets with a bit of the payload changed.
    pub(super) changed_payload: Tally,
}

/// How often something was tried, and how often it was refused.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) tried: usize,
    pub(super) refused: usize,
}

impl Attacker {
    /// Whether to try something with a message that was just sent.
    pub(super) fn wants_message(&mut self) -> bool {
        one_in(&mut self.messages)
    }

    /// Whether to try something with a packet on a link.
    pub(super) fn wants_packet(&mut self) -> bool {
        one_in(&mut self.links)
    }

    /// Sends a copy with a bit of the header changed, ahead of the packet.
    pub(super) fn change_header<S: Scheme>(
        &mut self,
        sphinx: &Sphinx<S>,
        node: &mut Node<S>,
        packet: &[u8],
        rng: &mut ChaCha20Rng,
    ) {
        let (mut changed, mut kept) = (packet.to_vec(), packet.to_vec());
        let (at, bit) = (random_below(rng, sphinx.geometry().header_len()), random_below(rng, 8));
        flip(&mut changed, at, bit);
        flip(&mut kept, at, bit);
        let refused = matches!(node.unwrap(sphinx, &mut changed), Err(Refusal::Open(_)));
        // a hop leaves alone what it refuses, so that it can try the key of another epoch
        self.changed_header.count(refused && changed == kept);
    }

    /// Sends a packet that the hop has had already.
    pub(super) fn replay<S: Scheme>(&mut self, sphinx: &Sphinx<S>, node: &mut Node<S>, packet: &mut [u8]) {
        let refused = matches!(node.unwrap(sphinx, packet), Err(Refusal::Replay));
        self.replayed.count(refused);
    }

    /// Changes a bit of the payload, which only the last hop can tell.
    pub(super) fn change_payload<S: Scheme>(sphinx: &Sphinx<S>, packet: &mut [u8], rng: &mut ChaCha20Rng) {
        let geometry = sphinx.geometry();
        let at = geometry.header_len().saturating_add(random_below(rng, geometry.payload_len()));
        flip(packet, at, random_below(rng, 8));
    }

    /// What became of a packet with a changed payload at the last hop.
    pub(super) fn count_changed_payload(&mut self, refusal: Option<&Refusal>) {
        self.changed_payload.count(refusal == Some(&Refusal::Finish(FinishError::PayloadTag)));
    }

    /// Whether everything was refused.
    pub(super) fn has_failed(&self) -> bool {
        [&self.replayed, &self.changed_header, &self.changed_payload].iter().all(|tally| tally.refused == tally.tried)
    }
}

impl Tally {
    fn count(&mut self, refused: bool) {
        self.tried = self.tried.saturating_add(1);
        self.refused = self.refused.saturating_add(usize::from(refused));
    }
}

fn one_in(count: &mut usize) -> bool {
    let wants = count.is_multiple_of(ONE_IN);
    *count = count.saturating_add(1);
    wants
}

fn flip(packet: &mut [u8], at: usize, bit: usize) {
    if let Some(byte) = packet.get_mut(at) {
        *byte ^= 1 << bit;
    }
}
