//! Each rule of a hop's queue, on both implementations.
#![cfg(feature = "alloc")]
#![allow(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used, reason = "small numbers")]

use mixwell_mixdelay::{DropReason, Dropped, Instant, Limits, Queue, ServerQueue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const LIMITS: Limits = Limits::for_epoch_millis(20 * 60 * 1000);
const START: Instant = Instant::from_millis(1_000_000);

fn ms(millis: u64) -> Instant {
    START.plus_millis(millis)
}

/// Runs the same test on a fixed queue and on a server queue, both of 8 packets.
macro_rules! on_both {
    ($($(#[$doc:meta])* fn $name:ident($queue:ident, $rng:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            let $rng = &mut ChaCha8Rng::seed_from_u64(1);
            { let mut $queue = Queue::<u32, 8>::new(LIMITS); $body }
            { let mut $queue = ServerQueue::<u32>::new(LIMITS, 8); $body }
        }
    )*};
}

on_both! {
    fn the_delay_counts_from_the_arrival(queue, rng) {
        assert!(queue.insert(ms(100), START, 500, 7, rng).is_none());
        assert_eq!(queue.poll(ms(499), rng), None);
        assert_eq!(queue.poll(ms(500), rng), Some(Ok(7)));
        assert_eq!(queue.poll_timeout(), None);
    }

    fn what_is_left_below_a_millisecond_is_one(queue, rng) {
        let waits = [(0, 0), (0, 999_999), (1, 0), (5, 4_500_000), (5, 200_000_000)];
        for (round, (delay, waited_nanos)) in (1..).zip(waits) {
            let now = ms(200 * round);
            let arrived = Instant::from_nanos(now.as_nanos() - waited_nanos);
            assert!(queue.insert(now, arrived, delay, 7, rng).is_none());
            assert_eq!(queue.poll(now, rng), None);
            assert_eq!(queue.poll(now.plus_millis(1), rng), Some(Ok(7)));
        }
    }

    /// A clock finer than a millisecond never releases a packet early.
    fn never_early(queue, rng) {
        let arrived = START.plus_nanos(1);
        assert!(queue.insert(arrived, arrived, 3, 7, rng).is_none());
        assert_eq!(queue.poll(ms(3), rng), None);
        assert_eq!(queue.poll(ms(4), rng), Some(Ok(7)));
    }

    fn no_delay_and_a_wait_is_dropped(queue, rng) {
        let expired = Some(Dropped { packet: 7, reason: DropReason::Expired });
        assert_eq!(queue.insert(ms(1), START, 0, 7, rng), expired);
        assert_eq!(queue.tally().expired, 1);
        assert!(queue.is_empty());
    }

    fn more_than_three_epochs_are_dropped(queue, rng) {
        let three = 3 * 20 * 60 * 1000;
        assert!(queue.insert(START, START, three, 7, rng).is_none());
        let too_long = Some(Dropped { packet: 8, reason: DropReason::TooLong });
        assert_eq!(queue.insert(START, START, three + 1, 8, rng), too_long);
        assert_eq!((queue.tally().too_long, queue.len()), (1, 1));
    }

    fn a_long_wait_for_the_unwrap_is_dropped(queue, rng) {
        assert!(queue.insert(ms(250), START, 1000, 7, rng).is_none());
        let unwrap = Some(Dropped { packet: 8, reason: DropReason::Unwrap });
        assert_eq!(queue.insert(ms(250).plus_nanos(1), START, 1000, 8, rng), unwrap);
        assert_eq!((queue.tally().unwrap, queue.len()), (1, 1));
    }

    fn a_late_release_is_dropped(queue, rng) {
        for (late, sent) in [(450, true), (451, false)] {
            let now = ms(late * 1000);
            assert!(queue.insert(now, now, 10, 7, rng).is_none());
            let got = queue.poll(now.plus_millis(10 + late), rng);
            let expected = if sent { Ok(7) } else { Err(Dropped { packet: 7, reason: DropReason::Late }) };
            assert_eq!(got, Some(expected));
        }
        assert_eq!((queue.tally().sent, queue.tally().late, queue.tally().inserted), (1, 1, 2));
    }

    /// Each of the eight held packets and the new one is dropped equally often, even if already
    /// due.
    fn a_full_queue_drops_any_of_all(queue, rng) {
        let rounds = 36_000;
        let mut dropped = [0.0; 9];
        for round in 0..rounds {
            let now = ms(round * 10_000);
            for packet in 0..8 {
                // three are due at the poll below, and five are still waiting
                let delay = [1, 2, 3, 7, 300, 301, 301, 5000][packet as usize];
                assert!(queue.insert(now, now, delay, packet, rng).is_none());
            }
            let now = now.plus_millis(4);
            let due_taken = queue.poll(now, rng).unwrap().unwrap();
            assert!(queue.insert(now, now, 900, due_taken, rng).is_none());
            let full = queue.insert(now, now, 40, 8, rng).unwrap();
            assert_eq!(full.reason, DropReason::Full);
            dropped[full.packet as usize] += 1.0;
            queue.set_limits(Limits { slack_millis: u64::MAX, ..LIMITS });
            while queue.poll(now.plus_millis(6000), rng).is_some() {}
        }
        let expected = f64::from(u32::try_from(rounds).unwrap()) / 9.0;
        let chi_square: f64 = dropped.iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
        assert!(chi_square < 31.8, "chi-squared, 8 degrees of freedom, exceeds 31.8 once in 10 000: {dropped:?}");
    }

    /// Four packets that are due at once come out in each of the 24 orders equally often.
    fn what_is_due_comes_in_random_order(queue, rng) {
        let rounds = 48_000;
        let mut orders = std::collections::BTreeMap::<Vec<u32>, f64>::new();
        for round in 0..rounds {
            let now = ms(round * 1000);
            for (packet, delay) in [(0, 7), (1, 7), (2, 300), (3, 5)] {
                assert!(queue.insert(now, now, delay, packet, rng).is_none());
            }
            let order = (0..4).map(|_| queue.poll(now.plus_millis(310), rng).unwrap().unwrap()).collect();
            *orders.entry(order).or_default() += 1.0;
        }
        let expected = f64::from(u32::try_from(rounds).unwrap()) / 24.0;
        let chi_square: f64 = orders.values().map(|count| (count - expected).powi(2) / expected).sum();
        assert_eq!(orders.len(), 24);
        assert!(chi_square < 55.0, "chi-squared, 23 degrees of freedom, exceeds 55 once in 5000: {orders:?}");
    }

    /// With 1 ms of jitter for an hour, a packet is released within 1 ms of its time.
    fn jitter_does_not_add_up(queue, rng) {
        assert!(queue.insert(START, START, 3_600_000, 7, rng).is_none());
        for step in 0..360_000 {
            for jitter in [1, -1] {
                let clock = Instant::from_nanos(ms(step * 10).as_nanos().saturating_add_signed(jitter * 1_000_000));
                assert_eq!(queue.poll(clock, rng), None, "at {clock:?}");
            }
        }
        assert_eq!(queue.poll(ms(3_599_999), rng), None);
        assert_eq!(queue.poll_timeout(), Some(ms(3_600_000)));
        assert_eq!(queue.poll(ms(3_600_000), rng), Some(Ok(7)));
    }

    fn a_clock_that_steps_back_is_a_pause(queue, rng) {
        assert!(queue.insert(ms(5000), ms(5000), 100, 7, rng).is_none());
        assert_eq!(queue.poll(START, rng), None);
        assert!(queue.poll_timeout().is_some_and(|timeout| START < timeout && timeout <= ms(100)));
        // an arrival that is now in the future counts as no wait
        assert!(queue.insert(START, ms(4999), 50, 8, rng).is_none());
        assert_eq!(queue.poll(ms(49), rng), None);
        assert_eq!(queue.poll(ms(50), rng), Some(Ok(8)));
        assert_eq!(queue.poll(ms(99), rng), None);
        assert_eq!(queue.poll(ms(100), rng), Some(Ok(7)));
    }

    fn at_the_end_of_time_nothing_is_lost(queue, rng) {
        for packet in 0..8 {
            assert!(queue.insert(Instant::MAX, Instant::MAX, packet * 1000, packet, rng).is_none());
        }
        let mut out: Vec<u32> = (0..8).map(|_| queue.poll(Instant::MAX, rng).unwrap().unwrap()).collect();
        out.sort_unstable();
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    /// Packets that wait across a wrap of the server queue's highest wheel, every 2⁴⁰ ms, come out
    /// on time.
    fn when_the_highest_wheel_turns(queue, rng) {
        queue.set_limits(Limits { delay_millis: u64::MAX, ..LIMITS });
        for (turn, before) in (1_u64..).zip([1, 50, 300, 70_000, 1 << 32, 0]) {
            let start = Instant::from_millis((turn << 40) - before);
            let delays = [1, 49, 50, 51, 400, 70_000, 70_001, u32::MAX];
            for delay in delays {
                assert!(queue.insert(start, start, delay, delay, rng).is_none());
            }
            for delay in delays {
                let release = start.plus_millis(delay.into());
                assert!(queue.poll_timeout().is_some_and(|timeout| timeout <= release), "{delay}");
                assert_eq!(queue.poll(start.plus_millis(u64::from(delay) - 1), rng), None);
                assert_eq!(queue.poll(release, rng), Some(Ok(delay)));
            }
            assert_eq!(queue.poll_timeout(), None);
        }
    }

    fn debug_shows_no_packet(queue, rng) {
        assert!(queue.insert(START, START, 100, 0xdead_beef, rng).is_none());
        let text = format!("{queue:?}");
        assert!(text.contains("len: 1") && !text.contains(&0xdead_beef_u32.to_string()), "{text}");
    }
}

/// Packets that are due, waiting, or beyond the wrap of the highest wheel are dropped equally
/// often.
#[test]
fn far_packets_are_dropped_like_others() {
    let rounds = 18_000;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut dropped = [0.0; 9];
    let start = Instant::from_millis((1 << 40) - 100);
    for _ in 0..rounds {
        let mut queue = ServerQueue::<u32>::new(LIMITS, 8);
        for (packet, delay) in (0..).zip([2, 2, 50, 99, 100, 101, 5000, 90_000]) {
            assert!(queue.insert(start, start, delay, packet, &mut rng).is_none());
        }
        // of two due packets, one is sent and inserted again as another far packet
        let sent = queue.poll(start.plus_millis(2), &mut rng).unwrap().unwrap();
        assert!(queue.insert(start, start, 1000, sent, &mut rng).is_none());
        dropped[queue.insert(start, start, 60, 8, &mut rng).unwrap().packet as usize] += 1.0;
        assert_eq!(queue.len(), 8);
    }
    let expected = f64::from(rounds) / 9.0;
    let chi_square: f64 = dropped.iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
    assert!(chi_square < 31.8, "chi-squared, 8 degrees of freedom, exceeds 31.8 once in 10 000: {dropped:?}");
}

/// A large queue that overflows drops old and new packets alike: of 100 000 packets inserted into
/// 50 000 slots at once, each tenth by order of arrival keeps the expected share, which shrinks by
/// a factor of (1 − 1/50 001) at each drop.
#[test]
fn a_flood_does_not_choose_its_victims() {
    let (places, offered) = (50_000, 100_000);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut queue = ServerQueue::<u32>::new(LIMITS, places);
    let mut survives = vec![true; offered as usize];
    for packet in 0..offered {
        let delay = 1 + packet % 977;
        if let Some(dropped) = queue.insert(START, START, delay, packet, &mut rng) {
            assert_eq!(dropped.reason, DropReason::Full);
            survives[dropped.packet as usize] = false;
        }
    }
    assert_eq!(survives.iter().filter(|alive| **alive).count(), places);
    for (tenth, block) in (0_u32..).zip(survives.chunks(10_000)) {
        let drops_since = |arrival: f64| 100_000.0 - arrival.max(50_000.0);
        let middle = f64::from(tenth) * 10_000.0 + 5000.0;
        let chance = (1.0 - 1.0 / 50_001.0_f64).powf(drops_since(middle));
        let alive = f64::from(u32::try_from(block.iter().filter(|alive| **alive).count()).unwrap());
        assert!(
            (alive - 10_000.0 * chance).abs() < 5.0 * (10_000.0 * chance * (1.0 - chance)).sqrt() + 20.0,
            "{tenth}: {alive}"
        );
    }
}
