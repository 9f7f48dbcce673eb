//! Unwrapping, without sockets or replay filters.

use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use mixwell_sphinx::{Action, BatchSlot, Geometry, Hop, Message, NodeId, Opened, Path, RecipientId, Scheme, Sphinx};
use rand_core::SeedableRng as _;
use std::{sync::Barrier, thread, time::Instant};

/// A packet to be forwarded, and the key that opens it.
pub(super) struct Packets<S: Scheme> {
    sphinx: Sphinx<S>,
    key: S::PrivateKey,
    packet: Vec<u8>,
}

impl<S: Scheme> Packets<S> {
    pub(super) fn new(geometry: Geometry) -> Self {
        let mut rng = chacha20::ChaCha20Rng::seed_from_u64(1);
        let sphinx = Sphinx::<S>::new(geometry).unwrap();
        let (key, public_key) = S::expand(&S::generate(&mut rng)).unwrap();
        let hops = [1, 2].map(|id| Hop { id: NodeId([id; 32]), public_key: &public_key, delay_millis: Some(1) });
        let mut packet = vec![0; geometry.packet_len()];
        let message = Message { surb: None, user_payload: b"" };
        let path = Path { hops: &hops, recipient: RecipientId([3; 32]) };
        sphinx.wrap_message(&path, &message, &mut rng, &mut packet).unwrap();
        Self { sphinx, key, packet }
    }

    /// Packets per second of `threads` threads that unwrap batches of `batch` packets.
    pub(super) fn rate(&self, time: Duration, batch: usize, threads: usize) -> f64 {
        let (ready, is_over) = (Barrier::new(threads + 1), AtomicBool::new(false));
        thread::scope(|scope| {
            let counts: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| self.unwrap_until(&is_over, &ready, batch))).collect();
            ready.wait();
            let begun = Instant::now();
            thread::sleep(time);
            is_over.store(true, Relaxed);
            let packets: u64 = counts.into_iter().map(|count| count.join().unwrap()).sum();
            packets as f64 / begun.elapsed().as_secs_f64()
        })
    }

    /// Unwraps batches until told to stop, and returns the number of packets.
    fn unwrap_until(&self, is_over: &AtomicBool, ready: &Barrier, batch: usize) -> u64 {
        let mut packets = vec![self.packet.clone(); batch];
        self.unwrap(&mut packets);
        ready.wait();
        let mut count = 0;
        while !is_over.load(Relaxed) {
            for packet in &mut packets {
                packet.copy_from_slice(&self.packet);
            }
            self.unwrap(&mut packets);
            count += packets.len() as u64;
        }
        count
    }

    fn unwrap(&self, packets: &mut [Vec<u8>]) {
        let mut batch: Vec<_> = packets.iter_mut().map(|packet| BatchSlot::Packet(packet)).collect();
        self.sphinx.open_slice(&mut batch, &[&self.key]);
        Opened::finish_slice(&mut batch);
        assert!(batch.iter().all(|slot| matches!(slot, BatchSlot::Finished(Action::Forward { .. }))), "a good packet");
    }
}
