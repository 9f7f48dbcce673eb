//! A mix with threads: each takes as many packets as wait, up to eight, and unwraps them together.
//! All share the mix keys of neighbouring epochs with their replay filters. `main` plays the
//! clients, one of whom replays packets, and restarts the mix.
//!
//! ```sh
//! cargo run --release -p mixwell-sphinx --example sphinx_mix_threads --features std,x25519
//! ```

use core::{error::Error, time::Duration};
use mixwell_sphinx::{
    Action, EpochRing, Geometry, Hop, Message, MixKey, NodeId, Opened, Path, RecipientId, RingError, RingTime, SaveKey,
    Scheme, SharedReplayFilter, Sphinx, X25519,
};
use std::{
    sync::{
        Mutex, PoisonError, RwLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Packets that are unwrapped together.
const BATCH: usize = 8;

/// Maximum number of packets in an epoch of 20 minutes: 2000 a second.
const MAX_PACKETS: usize = 2000 * 1200;

const EPOCH: u64 = 100;

/// The state that all threads of a mix share. The lock of the ring is taken for writing a few times
/// in an epoch, when keys are made and erased; the filters have locks of their own.
struct Mix<S: Scheme> {
    sphinx: Sphinx<S>,
    ring: RwLock<EpochRing<MixKey<S>>>,
    arrived: Mutex<Receiver<Vec<u8>>>,
}

/// The fate of a packet.
enum Outcome {
    /// To be held for the delay, then sent.
    Forward {
        next_hop: NodeId,
        delay_millis: u32,
        packet: Vec<u8>,
    },
    Delivered,
    Replay,
    Dropped,
}

impl<S: Scheme> Mix<S> {
    /// A thread of the mix, until no more packets come.
    fn run(&self, outcomes: &Sender<Outcome>) {
        loop {
            let mut batch: [Option<Vec<u8>>; BATCH] = Default::default();
            {
                let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
                let Ok(first) = arrived.recv() else { return };
                let packets = core::iter::once(first).chain(arrived.try_iter());
                batch.iter_mut().zip(packets).for_each(|(slot, packet)| *slot = Some(packet));
            }
            for outcome in self.unwrap_batch(batch) {
                if outcomes.send(outcome).is_err() {
                    return;
                }
            }
        }
    }

    fn unwrap_batch(&self, mut batch: [Option<Vec<u8>>; BATCH]) -> Vec<Outcome> {
        // key exchanges, MACs and the look-ups in the filters, for all of them
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let packets = batch.each_mut().map(|packet| packet.as_deref_mut());
        let mut outcomes = Vec::with_capacity(BATCH);
        let opened = ring.open_each(&self.sphinx, EPOCH, packets).map(|opened| match opened? {
            Ok(opened) => Some(opened),
            Err(error) => {
                outcomes.push(if error == RingError::Replay { Outcome::Replay } else { Outcome::Dropped });
                None
            }
        });
        // the layers are taken off in place
        let actions = Opened::finish_each(opened).map(|action| match action? {
            Ok(Action::Forward { next_hop, delay_millis: Some(delay) }) => Some(Some((next_hop, delay))),
            Ok(Action::Deliver { .. }) => {
                outcomes.push(Outcome::Delivered);
                Some(None)
            }
            _ => {
                outcomes.push(Outcome::Dropped);
                Some(None)
            }
        });
        let forwarded = actions.into_iter().zip(batch).filter_map(|(action, packet)| {
            let (next_hop, delay_millis) = action??;
            Some(Outcome::Forward { next_hop, delay_millis, packet: packet? })
        });
        outcomes.extend(forwarded);
        outcomes
    }
}

/// Sends packets to a mix with two threads, and counts what becomes of them.
fn count(
    ring: EpochRing<MixKey<X25519>>,
    sphinx: Sphinx<X25519>,
    packets: &[Vec<u8>],
) -> (EpochRing<MixKey<X25519>>, [usize; 4]) {
    let (arrive, arrived) = channel();
    let mix = Mix { sphinx, ring: RwLock::new(ring), arrived: Mutex::new(arrived) };
    let (sender, outcomes) = channel();
    let mut counts = [0; 4];
    thread::scope(|scope| {
        for _ in 0..2 {
            let (mix, sender) = (&mix, sender.clone());
            scope.spawn(move || mix.run(&sender));
        }
        drop(sender);
        for packet in packets {
            // the threads are there as long as the channel is
            let _ = arrive.send(packet.clone());
        }
        drop(arrive);
        for outcome in outcomes {
            let [forward, delivered, replays, dropped] = &mut counts;
            match outcome {
                Outcome::Forward { next_hop, delay_millis, packet } => {
                    assert_eq!((next_hop, delay_millis), (NodeId([2; 32]), 50));
                    assert_eq!(packet.len(), mix.sphinx.geometry().packet_len());
                    *forward += 1;
                }
                Outcome::Delivered => *delivered += 1,
                Outcome::Replay => *replays += 1,
                Outcome::Dropped => *dropped += 1,
            }
        }
    });
    (mix.ring.into_inner().unwrap_or_else(PoisonError::into_inner), counts)
}

fn main() -> Result<(), Failure> {
    let mut random = rand::rng();
    let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(5, 2000, true)?)?;
    // no consensus has proven the epoch yet
    let now = RingTime { epoch: EPOCH, proven: None, monotonic: Duration::ZERO };
    let mut ring = EpochRing::<MixKey<X25519>>::new();
    let stored = ring.advance(&now, MAX_PACKETS, &mut random)?;

    // packets for this epoch and for the next, by two hops
    let next = ring.get(EPOCH + 1).ok_or("no key")?.public;
    let mut packets = Vec::new();
    for number in 0..200 {
        let key = &ring.get(EPOCH + number % 2).ok_or("no key")?.public;
        let hops = [(1, key), (2, &next)].map(|(node, public_key)| Hop {
            id: NodeId([node; 32]),
            public_key,
            delay_millis: Some(50),
        });
        let path = Path { hops: &hops, recipient: RecipientId([9; 32]) };
        let mut packet = vec![0; sphinx.geometry().packet_len()];
        sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"hello" }, &mut random, &mut packet)?;
        packets.push(packet);
    }
    // every fourth packet twice, and noise
    let replays: Vec<_> = packets.iter().step_by(4).cloned().collect();
    packets.extend(replays);
    packets.push(vec![0; sphinx.geometry().packet_len()]);
    let (ring, counts) = count(ring, sphinx, &packets);
    println!("forwarded, delivered, replays, dropped: {counts:?}");
    assert_eq!(counts, [200, 0, 50, 1]);

    // stopped in good order, the filters go to the disk with their keys
    let mut disk = Vec::new();
    for (epoch, stored) in stored {
        let mut file = Vec::new();
        ring.get(epoch).ok_or("no key")?.replays.save(&SaveKey::of(&stored), &mut file)?;
        disk.push((epoch, stored, file));
    }
    drop(ring);
    let mut ring = EpochRing::new();
    for (epoch, stored, file) in &disk {
        let replays = SharedReplayFilter::load(&SaveKey::of(stored), MAX_PACKETS, file.as_slice())?;
        ring.insert(*epoch, MixKey::new(stored, replays)?, Duration::ZERO);
    }
    let (_, counts) = count(ring, sphinx, &packets);
    println!("the same after a restart: {counts:?}");
    assert_eq!(counts, [0, 0, 250, 1]);
    Ok(())
}
