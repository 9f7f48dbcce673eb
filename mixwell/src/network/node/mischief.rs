//! What a mix may do that should not: to one in four of the packets that it sends on. For tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::Node;
use crate::network::buffer_pool::Packet;
use mixwell_mixdelay::Instant;
use mixwell_sphinx::NodeId;
use std::sync::Mutex;

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Drop,
    /// Holds it longer than it was asked to, by [`DELAY_MILLIS`].
    Delay,
    Replay,
    /// Changes a bit of the header, or of the payload.
    Tamper,
}

pub(crate) const DELAY_MILLIS: u64 = 700;

#[derive(Default)]
pub(crate) struct Mischief(Mutex<State>);

#[derive(Default)]
struct State {
    wrong: Option<Wrong>,
    seen: u64,
    done: u64,
    held: Vec<(Instant, NodeId, Packet)>,
}

impl Mischief {
    pub(crate) fn set(&self, wrong: Option<Wrong>) {
        self.0.lock().unwrap().wrong = wrong;
    }

    /// To how many packets it was done.
    pub(crate) fn done(&self) -> u64 {
        self.0.lock().unwrap().done
    }

    pub(super) fn send(&self, node: &Node, now: Instant, next_hop: NodeId, mut packet: Packet) {
        let mut state = self.0.lock().unwrap();
        let due: Vec<_> = state.held.extract_if(.., |(until, ..)| *until <= now).collect();
        for (_, next_hop, packet) in due {
            node.routes.send(now, next_hop, packet, node.mix.counters());
        }
        state.seen += 1;
        let chosen = state.wrong.filter(|_| state.seen.is_multiple_of(4));
        state.done += u64::from(chosen.is_some());
        match chosen {
            Some(Wrong::Drop) => return,
            Some(Wrong::Delay) => {
                state.held.push((now.plus_millis(DELAY_MILLIS), next_hop, packet));
                return;
            }
            Some(Wrong::Replay) => {
                let mut again = node.mix.pool().take().unwrap();
                again.copy_from_slice(&packet);
                node.routes.send(now, next_hop, again, node.mix.counters());
            }
            Some(Wrong::Tamper) => {
                let last = packet.len() - 1;
                packet[if state.done.is_multiple_of(2) { 60 } else { last }] ^= 1;
            }
            None => {}
        }
        node.routes.send(now, next_hop, packet, node.mix.counters());
    }
}
