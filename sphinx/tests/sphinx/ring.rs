//! The mix keys of neighbouring epochs, and the packets that they open.

use crate::network::Network;
use core::time::Duration;
use mixwell_pq_kem::{X25519, XWing};
use mixwell_sphinx::{
    Action, EpochRing, Geometry, Hop, Kem, MixKey, NodeId, OpenError, Path, RecipientId, ReplayFilterFull, RingError,
    RingTime, SaveKey, Scheme, SharedReplayFilter, Sphinx,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const PERIOD: Duration = Duration::from_secs(1200);

fn time(epoch: u64, proven: Option<u64>, periods: u32) -> RingTime {
    RingTime { epoch, proven, monotonic: PERIOD * periods }
}

fn epochs<K>(ring: &EpochRing<K>) -> Vec<u64> {
    ring.iter().map(|(epoch, _)| epoch).collect()
}

/// A ring of numbers, as a mix would have made them in an epoch.
fn made_in(epoch: u64) -> EpochRing<u64> {
    let mut ring = EpochRing::new();
    for epoch in ring.missing(epoch).collect::<Vec<_>>() {
        assert_eq!(ring.insert(epoch, epoch * 10, Duration::ZERO), None);
    }
    ring
}

#[test]
fn which_keys_are_made_tried_and_published() {
    let ring = made_in(5);
    assert_eq!(epochs(&ring), [5, 6, 7, 8]);
    assert_eq!(ring.missing(6).collect::<Vec<_>>(), [9]);
    assert_eq!(ring.active(6).collect::<Vec<_>>(), [(6, &60), (5, &50), (7, &70)]);
    assert_eq!(ring.active(5).map(|(epoch, _)| epoch).collect::<Vec<_>>(), [5, 6], "there was no epoch 4");
    assert_eq!(ring.active(100).count(), 0);
    assert_eq!(ring.published(6).map(|(epoch, _)| epoch).collect::<Vec<_>>(), [6, 7, 8]);
    assert!(ring.covers(5) && ring.covers(6) && !ring.covers(7) && !ring.covers(4));
    assert_eq!(format!("{ring:?}"), "EpochRing{5, 6, 7, 8}");
}

#[test]
fn the_first_epoch_and_the_last() {
    let ring = made_in(0);
    assert_eq!(ring.active(0).map(|(epoch, _)| epoch).collect::<Vec<_>>(), [0, 1]);
    let mut ring = EpochRing::new();
    assert_eq!(ring.missing(u64::MAX).collect::<Vec<_>>(), [u64::MAX]);
    assert_eq!(ring.insert(u64::MAX, 7, Duration::MAX), None);
    assert_eq!(ring.active(u64::MAX).collect::<Vec<_>>(), [(u64::MAX, &7)]);
    assert!(ring.covers(u64::MAX));
    let late = RingTime { epoch: u64::MAX, proven: Some(u64::MAX), monotonic: Duration::MAX };
    assert_eq!(ring.retire(&late, PERIOD), [(u64::MAX, 7)]);
}

/// The clock alone erases nothing, wherever it jumps; proof or age do.
#[test]
fn which_keys_are_erased() {
    let mut ring = made_in(50);
    for jump in [53, 26_330, 10, 0, u64::MAX] {
        assert_eq!(ring.retire(&time(jump, Some(50), 1), PERIOD), []);
        assert_eq!(ring.retire(&time(jump, None, 4), PERIOD), []);
    }
    // proven, but not by the clock: the clock may be behind
    assert_eq!(ring.retire(&time(50, Some(60), 1), PERIOD), []);
    // an epoch is over when the one after the next begins
    assert_eq!(ring.retire(&time(51, Some(51), 1), PERIOD), []);
    assert_eq!(ring.retire(&time(52, Some(51), 1), PERIOD), []);
    assert_eq!(ring.retire(&time(52, Some(52), 1), PERIOD), [(50, 500)]);
    // too old to be in use, by both clocks
    let mut old = made_in(50);
    let second = RingTime { monotonic: Duration::from_nanos(5 * 1_200_000_000_000 - 1), ..time(52, None, 0) };
    assert_eq!(old.retire(&second, PERIOD), []);
    assert_eq!(old.retire(&time(52, None, 5), PERIOD), [(50, 500)]);
    // made for a time that never came
    assert_eq!(old.retire(&time(10, None, 5), PERIOD), [(51, 510), (52, 520), (53, 530)]);
}

/// Packets for a ring's keys, with one hop.
struct Sender<S: Scheme> {
    sphinx: Sphinx<S>,
    rng: ChaCha20Rng,
}

impl<S: Scheme> Sender<S> {
    fn new() -> Self {
        let sphinx = Sphinx::new(Geometry::of::<S>(3, 50, true).unwrap()).unwrap();
        Self { sphinx, rng: ChaCha20Rng::seed_from_u64(9) }
    }

    fn packet(&mut self, public_key: &S::PublicKey) -> Vec<u8> {
        let hops = [Hop { id: NodeId([1; 32]), public_key, delay_millis: None }];
        let mut packet = vec![0; self.sphinx.geometry().packet_len()];
        let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
        let payload = vec![0; self.sphinx.geometry().forward_payload_len()];
        self.sphinx.wrap(&path, &payload, &mut self.rng, &mut packet).unwrap();
        packet
    }
}

fn early_late_and_replayed<S: Scheme>() {
    let mut sender = Sender::<S>::new();
    let mut ring = EpochRing::<MixKey<S>>::new();
    let mut bytes = vec![0; sender.sphinx.geometry().packet_len()];
    assert_eq!(ring.open(&sender.sphinx, 5, &mut bytes).err(), Some(RingError::NoKeys));
    let stored = ring.advance(&time(5, None, 0), 100, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    assert_eq!(stored.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [5, 6, 7, 8]);
    assert!(ring.advance(&time(5, None, 0), 100, &mut ChaCha20Rng::seed_from_u64(1)).unwrap().is_empty());

    let publics: Vec<S::PublicKey> = ring.iter().map(|(_, key)| key.public.clone()).collect();
    // in epoch 6: late, in time, early; and two epochs early, which is too early
    let mut packets: Vec<_> = publics.iter().map(|public| sender.packet(public)).collect();
    let again = packets.clone();
    let [a, b, c, d] = packets.get_disjoint_mut([0, 1, 2, 3]).unwrap();
    let opened = ring.open_each(&sender.sphinx, 6, [Some(&mut a[..]), None, Some(b), Some(c), Some(d)]);
    let outcomes = opened.map(|opened| opened.map(|opened| opened.map(|opened| opened.finish().unwrap()).err()));
    let closed = Some(Some(RingError::Open(OpenError::Mac)));
    assert_eq!(outcomes, [Some(None), None, Some(None), Some(None), closed]);

    // all of them once more, alone and in batches, in this epoch and in the next
    for (index, packet) in again.iter().enumerate().take(3) {
        for epoch in [6, 6, 5 + u64::try_from(index).unwrap()] {
            let mut packet = packet.clone();
            assert_eq!(ring.open(&sender.sphinx, epoch, &mut packet).err(), Some(RingError::Replay));
            assert_eq!(packet, again[index], "it is untouched");
        }
    }
    // the one that was too early, twice in a batch
    let (mut first, mut second) = (again[3].clone(), again[3].clone());
    let [first, second] = ring.open_each(&sender.sphinx, 7, [Some(&mut first), Some(&mut second)]);
    assert!(matches!(first.unwrap().unwrap().finish(), Ok(Action::Deliver { .. })));
    assert_eq!(second.unwrap().err(), Some(RingError::Replay));
}

#[test]
fn packets_early_late_and_replayed() {
    early_late_and_replayed::<X25519>();
    early_late_and_replayed::<Kem<XWing>>();
}

/// A mix stops in good order and starts again: the packets of before are still replays.
#[test]
fn a_restart_forgets_nothing() {
    let mut sender = Sender::<X25519>::new();
    let mut ring = EpochRing::<MixKey<X25519>>::new();
    let stored = ring.advance(&time(5, None, 0), 100, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let packet = sender.packet(&ring.get(5).unwrap().public);
    assert!(ring.open(&sender.sphinx, 5, &mut packet.clone()).is_ok());

    let disk: Vec<(u64, Vec<u8>, Vec<u8>)> = stored
        .iter()
        .map(|(epoch, stored)| {
            let mut filter = Vec::new();
            ring.get(*epoch).unwrap().replays.save(&SaveKey::of(stored), &mut filter).unwrap();
            (*epoch, stored.as_ref().to_vec(), filter)
        })
        .collect();
    drop(ring);

    let mut ring = EpochRing::<MixKey<X25519>>::new();
    for (epoch, stored, filter) in &disk {
        let stored = stored.as_slice().try_into().unwrap();
        let replays = SharedReplayFilter::load(&SaveKey::of(&stored), 100, filter.as_slice()).unwrap();
        ring.insert(*epoch, MixKey::new(&stored, replays).unwrap(), Duration::ZERO);
    }
    assert_eq!(ring.open(&sender.sphinx, 5, &mut packet.clone()).err(), Some(RingError::Replay));
    let other = sender.packet(&ring.get(6).unwrap().public);
    assert!(ring.open(&sender.sphinx, 5, &mut other.clone()).is_ok());
}

#[test]
fn a_full_filter_closes_its_key_alone() {
    let mut sender = Sender::<X25519>::new();
    let mut ring = EpochRing::<MixKey<X25519>>::new();
    let _ = ring.advance(&time(5, None, 0), 2, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let mut send = |epoch| {
        let mut packet = sender.packet(&ring.get(epoch).unwrap().public);
        ring.open(&sender.sphinx, 5, &mut packet).map(|_| ()).err()
    };
    assert_eq!([send(5), send(5)], [None, None]);
    assert_eq!(send(5), Some(RingError::Full(ReplayFilterFull { held: 2 })));
    assert_eq!(send(6), None);
}

/// Threads that share a ring and get the same packets: each packet is opened once.
#[test]
fn threads_share_a_ring() {
    let mut network = Network::<X25519>::new(Geometry::of::<X25519>(3, 50, true).unwrap(), 1);
    let mut ring = EpochRing::<MixKey<X25519>>::new();
    let _ = ring.advance(&time(5, None, 0), 1000, &mut network.rng).unwrap();
    let mut sender = Sender::<X25519>::new();
    let packets: Vec<_> = (0..60).map(|number| sender.packet(&ring.get(5 + number % 2).unwrap().public)).collect();
    let counts: usize = std::thread::scope(|scope| {
        let open = || {
            let opened = packets.iter().map(|packet| ring.open(&sender.sphinx, 5, &mut packet.clone()).is_ok());
            opened.filter(|is_new| *is_new).count()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(counts, packets.len());
}
