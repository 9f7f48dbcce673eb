//! Which operations allocate, and which do not.
#![cfg(feature = "alloc")]

use allocation_counter::measure;
use mixwell_mixdelay::{
    ClientClock, Instant, Limits, Outbox, Poisson, Queue, Rate, ServerQueue, hop_delay_millis, safety_cap_millis,
};
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
fn what_a_server_calls_allocates_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let count = allocations(|| {
        let rate = Rate::published(0.01).unwrap().unwrap();
        assert!(Rate::per_milli(f64::NAN).is_err() && Rate::published(0.0).unwrap().is_none());
        assert_eq!((rate.mean_millis(), safety_cap_millis(0.01)), (Ok(100), rate.cap_millis()));
        let drawn = rate.sample_millis(&mut rng) | rate.sample_nanos(&mut rng) | rate.interval_nanos(&mut rng);
        assert!(drawn > 0 && hop_delay_millis(0.01, &mut rng).is_ok());

        let mut decoys = Poisson::new();
        decoys.set_rate(Instant::ZERO, Some(rate), &mut rng);
        decoys.set_link(Instant::ZERO, true, &mut rng);
        let due = decoys.poll_timeout().unwrap();
        assert!(decoys.poll(due, &mut rng) && due.nanos_since(Instant::ZERO) == due.as_nanos());

        let mut memory = [0; 25];
        let mut outbox = Outbox::new(&mut memory, 10);
        assert!(outbox.push(&[1; 9]).is_err() && outbox.push(&[1; 10]).is_ok());
        assert_eq!((outbox.waiting(), outbox.capacity()), (1, 2));

        let mut queue = Queue::<u32, 2>::new(Limits::for_epoch_millis(1000));
        queue.set_limits(Limits::for_epoch_millis(120_000));
        for packet in 0..3 {
            let _ = queue.insert(Instant::ZERO, Instant::ZERO, 5, packet, &mut rng);
        }
        assert!(queue.len() == 2 && !queue.is_empty() && queue.tally().dropped() == 1);
        assert!(queue.poll(queue.poll_timeout().unwrap(), &mut rng).is_some());
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
