//! Delays and cover traffic: random bytes and the messages of a client are secret.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, each_word, secret, secrets};
use core::hint::black_box;
use mixwell_mixdelay::{Outbox, Rate};

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new("delay: hop_delay_millis", || {
            for_every_rate(|rate, rng| rate.hop_delay_millis(rng).into());
        }),
        Operation::new("delay: sample_millis", || for_every_rate(Rate::sample_millis)),
        Operation::new("delay: sample_nanos", || for_every_rate(Rate::sample_nanos)),
        Operation::new("delay: interval_nanos", || for_every_rate(Rate::interval_nanos)),
        Operation::new("outbox: push, swap_in", outbox),
    ]
}

fn for_every_rate(sample: impl Fn(&Rate, &mut SecretRng) -> u64) {
    // each sign and size of the shift, with means from 10⁻⁹ to 10³⁰ ms
    for lambda in [1e-30, 1e-9, 0.005, 0.5, 3.0, 1e9] {
        black_box(sample(&Rate::per_milli(lambda).expect("a good rate"), &mut SecretRng::new(1)));
    }
    let delay = sample(&Rate::per_milli(0.005).expect("a good rate"), &mut SecretRng::new(2));
    assert_secret(&delay.to_ne_bytes());
}

/// The number of waiting messages and the slot of the first one are secret.
fn outbox() {
    const PACKET: usize = 101;
    const FIRST: u64 = 3;
    const WAITING: u64 = 2;
    let mut memory = [0; PACKET * 7];
    let mut outbox = Outbox::new(&mut memory, PACKET);
    for _ in 0..FIRST {
        outbox.push(&[1; PACKET]).expect("there is room");
        outbox.swap_in(&mut [0; PACKET]).expect("the length is right");
    }
    for _ in 0..WAITING {
        outbox.push(&[2; PACKET]).expect("there is room");
    }
    // the fields are private; the two numbers occur nowhere else in the value
    let marked = [FIRST, WAITING].map(|number| each_word(&mut outbox, number, secret));
    assert_eq!(marked, [1, 1], "each of the two stands in it once");
    for _ in 0..4 {
        let mut decoy = secrets::<PACKET>(3);
        let taken = outbox.swap_in(&mut decoy).expect("the length is right");
        assert_secret(&[u8::from(taken)]);
        assert_secret(&decoy);
    }
    outbox.push(&secrets::<PACKET>(4)).expect("there is room");
}
