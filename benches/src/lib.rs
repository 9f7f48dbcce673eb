//! Measures functions in turns within one run, for ratios that are stable on a noisy machine.

pub mod link;
mod yardstick;

pub use yardstick::yardstick;

use std::time::{Duration, Instant};

/// Minimum duration of one sample.
const SAMPLE: Duration = Duration::from_millis(3);
/// Number of samples of each function.
const ROUNDS: usize = 60;

/// Nanoseconds per call of each function: the minimum of many samples, which is the cost when
/// nothing disturbs it.
///
/// The functions take turns, so that slow phases of the machine affect all of them.
pub fn side_by_side<const N: usize>(functions: [&mut dyn FnMut(); N]) -> [f64; N] {
    Windows::measure(functions, 1, ROUNDS, SAMPLE).minima()
}

/// Nanoseconds per call of each function: the minimum in each of several short windows of time.
#[derive(Debug)]
pub struct Windows<const N: usize>(Vec<[f64; N]>);

impl<const N: usize> Windows<N> {
    /// Takes short samples, some of which are undisturbed even on a busy machine.
    pub fn new(functions: [&mut dyn FnMut(); N]) -> Self {
        Self::measure(functions, 15, 25, SAMPLE / 6)
    }

    fn measure(mut functions: [&mut dyn FnMut(); N], windows: usize, rounds: usize, time: Duration) -> Self {
        let calls = functions.each_mut().map(|function| calls_per_sample(*function, time));
        let mut window = || {
            let mut minima = [f64::INFINITY; N];
            for _ in 0..rounds {
                for ((function, calls), minimum) in functions.iter_mut().zip(calls).zip(&mut minima) {
                    *minimum = minimum.min(sample(*function, calls));
                }
            }
            minima
        };
        Self((0..windows).map(|_| window()).collect())
    }

    /// The minimum of each function over all windows.
    #[must_use]
    pub fn minima(&self) -> [f64; N] {
        core::array::from_fn(|function| self.0.iter().map(|window| window[function]).fold(f64::INFINITY, f64::min))
    }

    /// The ratio of one function's cost to the sum of others': the median over the windows, within
    /// each of which the processor's clock rate is nearly constant.
    #[must_use]
    pub fn ratio(&self, of: usize, to: &[usize]) -> f64 {
        let ratio = |window: &[f64; N]| window[of] / to.iter().map(|function| window[*function]).sum::<f64>();
        let mut ratios: Vec<f64> = self.0.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }
}

fn sample(function: &mut dyn FnMut(), calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        function();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn calls_per_sample(function: &mut dyn FnMut(), time: Duration) -> u32 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        sample(function, calls);
        if start.elapsed() >= time {
            return calls;
        }
        calls *= 2;
    }
}

/// Compiles and runs the code of the root README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
