//! Any sequence of inserts, clock steps and polls: both queues behave like the model of their
//! property tests.
#![no_main]

#[path = "../../mixdelay/tests/common/model.rs"]
mod model;

use libfuzzer_sys::fuzz_target;
use mixwell_mixdelay::{Limits, Queue, ServerQueue};
use model::{Operation, run};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const MOST: usize = 4096;

/// Nine bytes per operation: its kind, and a number.
fn operation(bytes: &[u8; 9]) -> Operation {
    let [kind, number @ ..] = *bytes;
    let number = u64::from_le_bytes(number);
    match kind % 8 {
        0 => Operation::Jump { nanos: number },
        1 => Operation::Step { nanos: number.cast_signed() },
        2 => Operation::Step { nanos: (number % 2_000_000_000).cast_signed() },
        3 => Operation::Poll { times: kind },
        4 => Operation::Insert { waited: number.cast_signed(), delay_millis: (number >> 32) as u32 },
        _ => Operation::Insert { waited: (number & 0x3ff_ffff).cast_signed(), delay_millis: (number >> 52) as u32 },
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((seed, data)) = data.split_first_chunk() else { return };
    let operations: Vec<_> = data.as_chunks().0.iter().take(MOST).map(operation).collect();
    let limits = Limits::for_epoch_millis(u64::from(seed[0]) * 1000);
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from_le_bytes(*seed));
    run(&mut Queue::<u64, 16>::new(limits), 16, limits, &operations, &mut rng);
    let capacity = usize::from(seed[1]);
    run(&mut ServerQueue::new(limits, capacity), capacity, limits, &operations, &mut rng);
});
