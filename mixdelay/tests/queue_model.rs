//! For any sequence of calls, both queues behave like a simple model.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::expect_used,
    reason = "a model"
)]

#[path = "common/model.rs"]
mod model;

use mixwell_mixdelay::{Limits, Queue, ServerQueue};
use model::{Operation, run};
use proptest::{collection::vec, prelude::*};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const LIMITS: Limits = Limits { delay_millis: 100_000, unwrap_millis: 250, slack_millis: 450 };
const NO_LIMITS: Limits = Limits { delay_millis: u64::MAX, unwrap_millis: u64::MAX, slack_millis: u64::MAX };

fn operation() -> impl Strategy<Value = Operation> {
    let delay = prop_oneof![4 => 0..50_u32, 4 => 0..5000_u32, 2 => 0..110_000_u32, 1 => any::<u32>()];
    let waited = prop_oneof![4 => Just(0), 4 => 0..3_000_000_i64, 1 => 0..300_000_000_i64, 1 => any::<i64>()];
    let step = prop_oneof![
        6 => 0..20_000_000_i64,
        3 => 0..2_000_000_000_i64,
        1 => -2_000_000_000..0_i64,
        1 => any::<i64>(),
    ];
    prop_oneof![
        12 => (waited, delay).prop_map(|(waited, delay_millis)| Operation::Insert { waited, delay_millis }),
        6 => step.prop_map(|nanos| Operation::Step { nanos }),
        1 => prop_oneof![
            Just(0),
            Just(u64::MAX),
            Just(u64::MAX - 1_000_000),
            // shortly before the server queue's highest wheel wraps
            (1..=16_u64).prop_map(|turn| (turn << 40) * 1_000_000 - 30_000_000_000),
            any::<u64>()
        ]
        .prop_map(|nanos| Operation::Jump { nanos }),
        6 => any::<u8>().prop_map(|times| Operation::Poll { times }),
    ]
}

/// Small steps only, so that queues fill up and drain steadily.
fn calm_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        12 => (0..800_u32).prop_map(|delay_millis| Operation::Insert { waited: 0, delay_millis }),
        2 => (0..30_000_000_i64).prop_map(|nanos| Operation::Step { nanos }),
        1 => any::<u8>().prop_map(|times| Operation::Poll { times }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fixed(operations in vec(operation(), 0..300), seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        run(&mut Queue::<u64, 13>::new(LIMITS), 13, LIMITS, &operations, &mut rng);
        run(&mut Queue::<u64, 13>::new(NO_LIMITS), 13, NO_LIMITS, &operations, &mut rng);
        run(&mut Queue::<u64, 0>::new(LIMITS), 0, LIMITS, &operations, &mut rng);
        run(&mut Queue::<u64, 1>::new(LIMITS), 1, LIMITS, &operations, &mut rng);
    }

    #[test]
    fn server(operations in vec(operation(), 0..300), seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for capacity in [0, 1, 13, 1000] {
            run(&mut ServerQueue::new(LIMITS, capacity), capacity, LIMITS, &operations, &mut rng);
            run(&mut ServerQueue::new(NO_LIMITS, capacity), capacity, NO_LIMITS, &operations, &mut rng);
        }
    }

    #[test]
    fn long_runs(operations in vec(calm_operation(), 2000..5000), seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        run(&mut Queue::<u64, 200>::new(LIMITS), 200, LIMITS, &operations, &mut rng);
        for capacity in [200, 2000] {
            run(&mut ServerQueue::new(LIMITS, capacity), capacity, LIMITS, &operations, &mut rng);
        }
    }
}
