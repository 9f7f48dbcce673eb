//! A faulty mix, which mistreats one in four of the packets that it forwards.

use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_node::{Fault, Faults};
use std::sync::Mutex;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum Wrong {
    /// Drops the packet.
    Drop,
    /// Holds the packet for [`DELAY`] longer than requested.
    Delay,
    /// Sends the packet twice.
    Replay,
    /// Flips a bit of the header, or of the payload.
    Tamper,
}

/// The time that a faulty mix adds to the delay of a packet.
pub const DELAY: Duration = Duration::from_millis(700);

/// The faults of one node, initially none.
#[derive(Debug, Default)]
pub struct FaultyMix {
    wrong: Mutex<Option<Wrong>>,
    seen: AtomicU64,
    done: AtomicU64,
}

impl FaultyMix {
    /// Sets the fault from now on.
    pub fn set(&self, wrong: Option<Wrong>) {
        *self.wrong.lock().unwrap() = wrong;
    }

    /// Number of packets mistreated so far.
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }
}

impl Faults for FaultyMix {
    fn on_send(&self, packet: &mut [u8]) -> Fault {
        let chosen = (self.seen.fetch_add(1, Relaxed) + 1).is_multiple_of(4);
        let Some(wrong) = self.wrong.lock().unwrap().filter(|_| chosen) else { return Fault::Sent };
        let done = self.done.fetch_add(1, Relaxed) + 1;
        match wrong {
            Wrong::Drop => Fault::Dropped,
            Wrong::Delay => Fault::Delayed(DELAY),
            Wrong::Replay => Fault::Replayed,
            Wrong::Tamper => {
                let last = packet.len() - 1;
                packet[if done.is_multiple_of(2) { 60 } else { last }] ^= 1;
                Fault::Sent
            }
        }
    }
}
