//! What allocates, and what does not.
#![cfg(feature = "alloc")]

use allocation_counter::measure;
use mixwell_mixdelay::{ClientClock, Instant, Limits, Outbox, Queue, Rate, ServerQueue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn allocations(run: impl FnOnce()) -> u64 {
    measure(run).count_total
}

#[test]
fn the_core_allocates_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let count = allocations(|| {
        let rate = Rate::per_milli(0.01).unwrap();
        let mut clock = ClientClock::new();
        clock.set_rates(Instant::ZERO, Some(rate), Some(rate), &mut rng);
        clock.set_link(Instant::ZERO, true, &mut rng);
        let mut memory = [0; 40];
        let mut outbox = Outbox::new(&mut memory, 10);
        let mut queue = Queue::<u32, 64>::new(Limits::for_epoch_millis(120_000));
        for millis in 0..10_000 {
            let now = Instant::from_millis(millis);
            while clock.poll(now, &mut rng).is_some() {
                assert!(outbox.push(&[1; 10]).is_ok());
                assert!(outbox.swap_in(&mut [0; 10]).is_ok());
            }
            let _ = queue.insert(now, now, rate.hop_delay_millis(&mut rng), 7, &mut rng);
            while queue.poll(now, &mut rng).is_some() {}
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_server_queue_allocates_only_to_grow() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let rate = Rate::per_milli(0.002).unwrap();
    let mut queue = ServerQueue::<u32>::new(Limits::for_epoch_millis(120_000), 20_000);
    assert!(allocations(|| queue.reserve(20_000)) > 0);
    let count = allocations(|| {
        for millis in 0..5000 {
            let now = Instant::from_millis(millis);
            for packet in 0..50 {
                let _ = queue.insert(now, now, rate.hop_delay_millis(&mut rng), packet, &mut rng);
            }
            while queue.poll(now, &mut rng).is_some() {}
        }
    });
    assert_eq!(count, 0);
    assert!(queue.tally().full > 0 && queue.tally().sent > 100_000, "{queue:?}");
}
