//! An attacker on the links, who replays packets and flips bits in them. Hops must refuse all such
//! packets.

use super::{
    hop::{HopNode, Refusal},
    network::random_below,
};
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{FinishError, Scheme, Sphinx};

/// The attacker tampers with every 16th packet.
const ONE_IN: usize = 16;

/// Number of messages that the attacker tampers with, of `messages`.
pub(super) const fn attempts(messages: usize) -> usize {
    messages.div_ceil(ONE_IN)
}

/// The attacker and the attempts so far.
#[derive(Default)]
pub(super) struct Attacker {
    links: usize,
    messages: usize,
    /// Packets sent to the same hop a second time.
    pub(super) replayed: Attempts,
    /// Packets with a bit of the header changed.
    pub(super) changed_header: Attempts,
    /// Packets with a bit of the payload changed.
    pub(super) changed_payload: Attempts,
}

/// Attempts of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// Number of tampered packets sent.
    pub tried: usize,
    /// Number of those that hops refused.
    pub refused: usize,
}

impl Attacker {
    /// Whether to tamper with the message just sent.
    pub(super) fn wants_message(&mut self) -> bool {
        one_in(&mut self.messages)
    }

    /// Whether to tamper with the packet on a link.
    pub(super) fn wants_packet(&mut self) -> bool {
        one_in(&mut self.links)
    }

    /// Sends a copy with one bit of the header flipped, ahead of the packet.
    pub(super) fn change_header<S: Scheme>(
        &mut self,
        sphinx: &Sphinx<S>,
        node: &mut HopNode<S>,
        packet: &[u8],
        rng: &mut ChaCha20Rng,
    ) {
        let (mut changed, mut kept) = (packet.to_vec(), packet.to_vec());
        let (at, bit) = (random_below(rng, sphinx.geometry().header_len()), random_below(rng, 8));
        flip(&mut changed, at, bit);
        flip(&mut kept, at, bit);
        let refused = matches!(node.unwrap(sphinx, &mut changed), Err(Refusal::Open(_)));
        // a refused packet must be unchanged, so that a hop can try the key of another epoch
        self.changed_header.count(refused && changed == kept);
    }

    /// Sends a packet that the hop has already unwrapped.
    pub(super) fn replay<S: Scheme>(&mut self, sphinx: &Sphinx<S>, node: &mut HopNode<S>, packet: &mut [u8]) {
        let refused = matches!(node.unwrap(sphinx, packet), Err(Refusal::Replay));
        self.replayed.count(refused);
    }

    /// Flips a bit of the payload, which only the last hop can notice.
    pub(super) fn change_payload<S: Scheme>(sphinx: &Sphinx<S>, packet: &mut [u8], rng: &mut ChaCha20Rng) {
        let geometry = sphinx.geometry();
        let at = geometry.header_len().saturating_add(random_below(rng, geometry.payload_len()));
        flip(packet, at, random_below(rng, 8));
    }

    /// Counts the last hop's verdict on a packet with a changed payload.
    pub(super) fn count_changed_payload(&mut self, refusal: Option<&Refusal>) {
        self.changed_payload.count(refusal == Some(&Refusal::Finish(FinishError::PayloadTag)));
    }
}

impl Attempts {
    /// Whether every attempt was refused.
    #[must_use]
    pub const fn all_refused(&self) -> bool {
        self.refused == self.tried
    }

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
