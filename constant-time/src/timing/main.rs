//! Times operations on two classes of secrets, in random order, and compares the classes by Welch's
//! t-test, as Reparaz, Balasch and Verbauwhede do ("Dude, is my code constant time?", 2017).
//!
//! `timing` runs all cases, `timing WORDS` those whose names contain all words; `timing --count N`
//! measures N times instead of 100,000. Fails if two classes differ that should not, or if the
//! deliberate leak is missed.

mod cases;
mod welch;

use std::{env, hint::black_box, process::ExitCode, time::Instant};

fn main() -> ExitCode {
    let (mut count, mut words) = (100_000, Vec::new());
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--count" => count = arguments.next().and_then(|count| count.parse().ok()).expect("--count takes a number"),
            _ => words.push(argument),
        }
    }
    let mut bench = Bench { count, words, good: true };
    println!(
        "| operation | one class | the other | greatest t | difference of the faster halves |\n|---|---|---|---|---|"
    );
    cases::run(&mut bench);
    if bench.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs cases and prints a line for each.
struct Bench {
    count: u32,
    words: Vec<String>,
    good: bool,
}

/// A case's name, and those of its two classes.
struct Names<'a>(&'a str, [&'a str; 2]);

impl Bench {
    /// Measures an operation that should take the same time for both classes. `prepare` sets up the
    /// state for a class, by the same steps for both; `run` is timed.
    fn same<S>(&mut self, names: &Names<'_>, prepare: impl FnMut(usize, &mut S), run: impl FnMut(&mut S), state: S) {
        if let Some(t) = self.measure(names, prepare, run, state) {
            self.good &= t < SAME_BELOW;
        }
    }

    /// Measures an operation that is known to leak.
    fn leak<S>(&mut self, names: &Names<'_>, prepare: impl FnMut(usize, &mut S), run: impl FnMut(&mut S), state: S) {
        if let Some(t) = self.measure(names, prepare, run, state) {
            self.good &= t > LEAK_ABOVE;
        }
    }

    fn measure<S>(
        &mut self,
        Names(name, classes): &Names<'_>,
        mut prepare: impl FnMut(usize, &mut S),
        mut run: impl FnMut(&mut S),
        mut state: S,
    ) -> Option<f64> {
        if !self.words.iter().all(|word| name.contains(word)) {
            return None;
        }
        let mut order = welch::Coin::new(1);
        let samples: Vec<_> = (0..self.count + WARM_UP)
            .map(|_| {
                let class = order.toss();
                prepare(black_box(class), &mut state);
                let start = Instant::now();
                run(black_box(&mut state));
                let nanos = start.elapsed().as_nanos();
                #[expect(clippy::cast_precision_loss, reason = "less than days")]
                let nanos = nanos as f64;
                (class, nanos)
            })
            .skip(WARM_UP as usize)
            .collect();
        let welch::Outcome { t, nanos } = welch::test(&samples);
        println!("| {name} | {} | {} | {t:.1} | {nanos:.1} ns |", classes[0], classes[1]);
        Some(t)
    }
}

/// Number of measurements ignored at the start.
const WARM_UP: u32 = 1000;

/// Statistic above which the paper considers two classes definitely different. Between 4.5 and
/// this, repeat with more measurements.
const SAME_BELOW: f64 = 10.0;

/// The statistic that a deliberate leak has to reach.
const LEAK_ABOVE: f64 = 50.0;
