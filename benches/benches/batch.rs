//! The cost of a batch of packets, by its length, compared with the same packets one by one.
//!
//! `cargo bench -p mixwell-benches --bench batch`; it fails if a batch of any length is slower than
//! one by one.
#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "a benchmark")]

use mixwell_benches::side_by_side;
use mixwell_pq_kem::{MlKem768, X25519, X25519Backend, hazmat::limit_x25519, kem, nike::PrivateKey};
use mixwell_sphinx::{
    Action, BatchSlot, Geometry, Hop, Kem, Message, NodeId, Opened, Path, RecipientId, Scheme, Sphinx,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::process::ExitCode;

/// Lengths of batches: below, at and beyond the width of the lanes.
const LENGTHS: [usize; 9] = [1, 2, 3, 4, 5, 7, 8, 9, 16];

/// Allows for the difference between two runs of the same code.
const LIMIT: f64 = 1.02;

fn main() -> ExitCode {
    println!("µs a packet of 2000 bytes, one by one and in a batch; the least of many samples, taken in turns\n");
    let mut holds = true;
    let backends: Vec<_> = X25519Backend::available().collect();
    for (index, best) in backends.iter().enumerate() {
        limit_x25519(&backends[index..]);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = PrivateKey::<X25519>::generate(&mut rng);
        holds &= batches::<X25519>(&format!("x25519, {best:?}"), &key.public_key(), &key);
    }
    limit_x25519(&backends);
    let key = kem::PrivateKey::<MlKem768>::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let (public, private) = (key.public_key().expect("a good key"), key.expand().expect("a good key"));
    holds &= batches::<Kem<MlKem768>>("MLKEM768", &public, &private);
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a line for each length, and returns whether no batch is slower.
fn batches<S: Scheme>(name: &str, public_key: &S::PublicKey, key: &S::PrivateKey) -> bool {
    let geometry = Geometry::of::<S>(5, 2000, true).expect("a geometry");
    let sphinx = Sphinx::<S>::new(geometry).expect("its scheme");
    let hops = [1; 2].map(|id| Hop { id: NodeId([id; 32]), public_key, delay_millis: Some(100) });
    let path = Path { hops: &hops, recipient: RecipientId([9; 32]) };
    let mut packet = vec![0; geometry.packet_len()];
    let message = Message { surb: None, user_payload: &[7; 2000] };
    sphinx.wrap_message(&path, &message, &mut ChaCha20Rng::seed_from_u64(2), &mut packet).expect("a good path");
    println!("{name}");
    let mut holds = true;
    for length in LENGTHS {
        let (mut ones, mut batch) = (vec![packet.clone(); length], vec![packet.clone(); length]);
        let mut one_by_one = || {
            for one in &mut ones {
                one.copy_from_slice(&packet);
                let action = sphinx.open(one, key).expect("a good packet").finish();
                assert!(matches!(action, Ok(Action::Forward { .. })));
            }
        };
        let mut at_once = || {
            let mut slots: [BatchSlot<'_, S>; LENGTHS[8]] = Default::default();
            let slots = &mut slots[..length];
            for (slot, copy) in slots.iter_mut().zip(&mut batch) {
                copy.copy_from_slice(&packet);
                *slot = BatchSlot::Packet(copy);
            }
            sphinx.open_slice(slots, &[key]);
            Opened::finish_slice(slots);
            assert!(slots.iter().all(|slot| matches!(slot, BatchSlot::Finished(Action::Forward { .. }))));
        };
        let [one, each] = side_by_side([&mut one_by_one, &mut at_once]).map(|nanos| nanos / 1e3 / length as f64);
        println!("{length:4}: {one:6.2} {each:6.2}, {:.3} ×", each / one);
        holds &= each / one <= LIMIT;
    }
    holds
}
