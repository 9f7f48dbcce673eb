//! The packets of a node of the reference (`docs/spec/network.md#a-mix`): unwrapping with the keys
//! of three epochs, delays, and the kinds of packets that may end at each kind of node.

use super::{service_node, times::Times};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_net::node_kind::NodeKind;
use mixwell_pki_types::{Epoch, build::EpochKeys};
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, NodeId, RecipientId, Sphinx};
use std::collections::{BTreeMap, BTreeSet};

/// The packets of a node: mix keys and packets that wait for their release.
pub struct Packets {
    kind: NodeKind,
    sphinx: Sphinx<X25519>,
    times: Times,
    keys: BTreeMap<Epoch, MixKey>,
    /// Waiting packets by the time of their release, and by the order of their arrival.
    held: BTreeMap<(Duration, u64), (NodeId, Vec<u8>)>,
    arrived: u64,
    counts: Counts,
}

struct MixKey {
    private: PrivateKey<X25519>,
    seen: BTreeSet<[u8; 32]>,
}

/// Counts of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "read by tests")]
pub struct Counts {
    /// Packets that were unwrapped and are to be forwarded.
    pub forwarded: u64,
    /// Requests that the echo service answered.
    pub answered: u64,
    /// Replies for a gateway's clients.
    pub replies: u64,
    /// Packets that were dropped.
    pub dropped: u64,
}

/// The fate of a packet that has arrived.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle all of them")]
pub enum Fate {
    /// The packet waits for its release, or was dropped.
    Done,
    /// A gateway's client is to get this reply.
    Reply {
        /// The queue id.
        recipient: RecipientId,
        /// The id of the SURB.
        surb_id: [u8; 16],
        /// The payload, tag included.
        payload: Vec<u8>,
    },
    /// The process crashes.
    Crash,
}

impl Packets {
    /// A node without keys.
    pub const fn new(kind: NodeKind, sphinx: Sphinx<X25519>, times: Times) -> Self {
        let counts = Counts { forwarded: 0, answered: 0, replies: 0, dropped: 0 };
        Self { kind, sphinx, times, keys: BTreeMap::new(), held: BTreeMap::new(), arrived: 0, counts }
    }

    /// Moves to an epoch. The keys of the epoch before, of this one and of the three after it stay
    /// or are made, in memory alone.
    pub fn advance(&mut self, epoch: Epoch, rng: &mut ChaCha20Rng) {
        self.keys.retain(|of, _| of.plus(1) >= epoch);
        for of in (0..=3).map(|later| epoch.plus(later)) {
            self.keys.entry(of).or_insert_with(|| MixKey { private: PrivateKey::generate(rng), seen: BTreeSet::new() });
        }
    }

    /// The public keys of a descriptor for an epoch: of it and of the two after it.
    pub fn public_keys(&self, epoch: Epoch) -> EpochKeys {
        let keys = self.keys.range(epoch..=epoch.plus(2));
        keys.map(|(of, key)| (*of, key.private.public_key().as_bytes().to_vec())).collect()
    }

    /// The counts so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a packet that arrived at this time since 1970, in this epoch.
    pub fn receive(&mut self, now: Duration, epoch: Epoch, mut packet: Vec<u8>) -> Fate {
        // `docs/spec/network.md#nodes-and-nodes`: such a packet ends a gateway of the reference
        if self.kind == NodeKind::Gateway && packet.get(2..34) == Some(&[0; 32]) {
            return Fate::Crash;
        }
        let fate = self.unwrap(now, epoch, &mut packet);
        fate.unwrap_or_else(|| {
            self.counts.dropped += 1;
            Fate::Done
        })
    }

    fn unwrap(&mut self, now: Duration, epoch: Epoch, packet: &mut [u8]) -> Option<Fate> {
        let before = epoch.0.checked_sub(1).map(Epoch);
        let epochs: Vec<Epoch> = [Some(epoch), before, Some(epoch.plus(1))].into_iter().flatten().collect();
        let epochs: Vec<Epoch> = epochs.into_iter().filter(|of| self.keys.contains_key(of)).collect();
        let keys: Vec<_> = epochs.iter().map(|of| &self.keys[of].private).collect();
        let (index, opened) = self.sphinx.open_any(packet, &keys).ok()?;
        let tag = *opened.replay_tag().as_bytes();
        if !self.keys.get_mut(&epochs[index])?.seen.insert(tag) {
            return None;
        }
        match opened.finish().ok()? {
            Action::Forward { next_hop, delay_millis: Some(delay) } => {
                self.counts.forwarded += 1;
                self.hold(now, delay, next_hop, packet.to_vec());
                Some(Fate::Done)
            }
            Action::Deliver { recipient, delay_millis: Some(delay), payload } if self.kind == NodeKind::Service => {
                let (next_hop, reply) = service_node::answer(&self.sphinx, recipient, payload)?;
                self.counts.answered += 1;
                self.hold(now, delay, next_hop, reply);
                Some(Fate::Done)
            }
            Action::Reply { recipient, surb_id, payload, .. } if self.kind == NodeKind::Gateway => {
                self.counts.replies += 1;
                Some(Fate::Reply { recipient, surb_id: surb_id.0, payload: payload.to_vec() })
            }
            // a packet that ends at a mix is the reply to one of its own decoys: this model sends
            // none, as in the reference's generated configurations
            _ => None,
        }
    }

    fn hold(&mut self, now: Duration, delay_millis: u32, next_hop: NodeId, packet: Vec<u8>) {
        self.arrived += 1;
        let due = now + Duration::from_millis(delay_millis.into());
        self.held.insert((due, self.arrived), (next_hop, packet));
    }

    /// When the next packet is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.held.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes out the packets that are due; those that are too late are dropped.
    pub fn due(&mut self, now: Duration) -> Vec<(NodeId, Vec<u8>)> {
        let mut due = Vec::new();
        while let Some(first) = self.held.first_entry().filter(|first| first.key().0 <= now) {
            let late = now.saturating_sub(first.key().0);
            let packet = first.remove();
            if late > self.times.release_slack {
                self.counts.dropped += 1;
            } else {
                due.push(packet);
            }
        }
        due
    }

    /// Counts a packet that could not be sent on.
    pub const fn count_drop(&mut self) {
        self.counts.dropped += 1;
    }
}
