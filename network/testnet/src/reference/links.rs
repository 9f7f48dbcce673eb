//! Both ends of a link between nodes (`docs/spec/network.md#nodes-and-nodes`).

use super::{
    command::{Action, OwnedCommand},
    neighbours::Neighbours,
    times::Times,
};
use core::time::Duration;
use mixwell_pki_types::KeyHash;
use mixwell_wire::Command;
use std::collections::BTreeMap;

/// The responder's end, after a handshake with a node of the layer before. It sends nothing.
#[derive(Debug)]
pub struct IncomingLink {
    peer: KeyHash,
    link_key: Vec<u8>,
}

impl IncomingLink {
    /// The link of a peer that may connect; `None` refuses it after message 3.
    pub fn accept(neighbours: &Neighbours, ad: &[u8], link_key: &[u8]) -> Option<Self> {
        let peer = neighbours.may_connect(ad, link_key)?;
        Some(Self { peer, link_key: link_key.to_vec() })
    }

    /// Takes a command. Packets are unwrapped, `no_op` is ignored, everything else closes.
    pub fn handle(&self, now: Duration, command: &Command<'_>, neighbours: &Neighbours) -> Option<Action> {
        match command {
            Command::SendPacket(packet) => neighbours.may_send(self.peer, now).then(|| Action::Unwrap(packet.to_vec())),
            Command::NoOp => None,
            _ => Some(Action::Close),
        }
    }

    /// Checks the peer against a new consensus.
    pub fn check(&self, neighbours: &Neighbours) -> Option<Action> {
        neighbours.may_connect(&self.peer.0, &self.link_key).is_none().then_some(Action::Close)
    }
}

/// The initiator's end: when to dial, and when to end the link.
#[derive(Debug)]
pub struct OutgoingLink {
    peer: KeyHash,
    period: Duration,
    times: Times,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No connection; one is dialled at this time.
    Waiting(Duration),
    /// A handshake is under way.
    Dialling,
    /// The handshake was over at this time; the peer is checked at the other.
    Up { since: Duration, check_at: Duration },
}

/// The next step of the initiator's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle all of them")]
pub enum Step {
    /// Connect and shake hands.
    Dial,
    /// Close the connection after its lifetime: no failure, it is dialled again at once.
    Expire,
    /// Close the connection of a peer that is no longer listed.
    Unlist,
    /// Nothing before this time.
    WaitUntil(Duration),
}

impl OutgoingLink {
    /// A link that is dialled at once.
    pub const fn new(peer: KeyHash, period: Duration, times: Times) -> Self {
        Self { peer, period, times, failures: 0, state: State::Waiting(Duration::ZERO) }
    }

    /// The next step.
    pub fn poll(&mut self, now: Duration, neighbours: &Neighbours) -> Step {
        match self.state {
            State::Waiting(at) if now < at => Step::WaitUntil(at),
            State::Waiting(_) => {
                self.state = State::Dialling;
                Step::Dial
            }
            State::Dialling => Step::WaitUntil(now + self.times.handshake),
            State::Up { since, check_at } => {
                let ends_at = since + self.times.link_life;
                if now >= ends_at {
                    (self.failures, self.state) = (0, State::Waiting(now));
                    return Step::Expire;
                }
                if now >= check_at {
                    if !neighbours.is_usable || !neighbours.targets().contains_key(&self.peer) {
                        self.fail(now);
                        return Step::Unlist;
                    }
                    self.state = State::Up { since, check_at: now + self.times.link_check };
                    return Step::WaitUntil(ends_at.min(now + self.times.link_check));
                }
                Step::WaitUntil(ends_at.min(check_at))
            }
        }
    }

    /// The handshake is over. The reference then sends nothing before its first packet.
    pub fn connected(&mut self, now: Duration) {
        self.failures = 0;
        self.state = State::Up { since: now, check_at: now + self.times.link_check };
    }

    /// The connection could not be made, or the peer has ended it.
    ///
    /// The pause is 0, *P*/64, 2 *P*/64, … at most *P*/8.
    pub fn fail(&mut self, now: Duration) {
        let pause = (self.period / 64).saturating_mul(self.failures).min(self.period / 8);
        self.failures += 1;
        self.state = State::Waiting(now + pause);
    }

    /// The peer has sent something after its first `no_op`: the reference closes at any byte.
    pub fn received(&mut self, now: Duration) -> Action {
        self.fail(now);
        Action::Close
    }

    /// Sends a packet; `None` while the link is down: the packet is dropped.
    pub fn send(&self, packet: Vec<u8>) -> Option<Action> {
        matches!(self.state, State::Up { .. }).then_some(Action::Send(OwnedCommand::SendPacket(packet)))
    }
}

/// The connections of peers, one for each `ad` and link key: the reference closes the older one
/// when the newer one's handshake is over, before any command. Anybody can end anybody's connection
/// so (`docs/spec/network.md#clients-and-gateways`).
#[derive(Debug, Default)]
pub struct Connections {
    newest: u64,
    open: BTreeMap<(Vec<u8>, Vec<u8>), u64>,
}

impl Connections {
    /// Notes a handshake; returns the number of the connection, and of the one to close.
    pub fn open(&mut self, ad: &[u8], link_key: &[u8]) -> (u64, Option<u64>) {
        self.newest += 1;
        (self.newest, self.open.insert((ad.to_vec(), link_key.to_vec()), self.newest))
    }

    /// Notes the end of a connection.
    pub fn ended(&mut self, number: u64) {
        self.open.retain(|_, open| *open != number);
    }
}
