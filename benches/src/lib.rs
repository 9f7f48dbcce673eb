//! Measures functions beside each other in one run, for ratios that hold on a noisy machine.

use std::time::{Duration, Instant};

/// How long one sample takes at least.
const SAMPLE: Duration = Duration::from_millis(3);
/// Samples of each function.
const ROUNDS: usize = 60;

/// Nanoseconds a call of each function, the least of many samples: what the function costs when nothing disturbs it.
///
/// The functions take turns, so that a slow minute of the machine falls on all of them.
pub fn side_by_side<const N: usize>(mut functions: [&mut dyn FnMut(); N]) -> [f64; N] {
    let calls = functions.each_mut().map(|function| calls_per_sample(*function));
    let mut least = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for ((function, calls), least) in functions.iter_mut().zip(calls).zip(&mut least) {
            *least = least.min(sample(*function, calls));
        }
    }
    least
}

fn sample(function: &mut dyn FnMut(), calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        function();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn calls_per_sample(function: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        sample(function, calls);
        if start.elapsed() >= SAMPLE {
            return calls;
        }
        calls *= 2;
    }
}

/// Compiles and runs the code in the project's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
