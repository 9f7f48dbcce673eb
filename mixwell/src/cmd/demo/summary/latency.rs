//! The table of round trips.

use crate::{
    cmd::demo::world::RATES,
    numbers::{grouped, millis},
    style::{DIM, HEADING},
};
use core::{fmt, fmt::Write, time::Duration};
use mixwell_sim::anonymity::erlang_quantile;

/// The shares of messages whose percentiles are shown.
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];

/// Writes percentiles of the round trips, of the prediction from the rates, and of the remaining
/// time without the delays.
pub(super) fn write(out: &mut String, round_trips: &[(Duration, Duration)], delays: u32) -> fmt::Result {
    writeln!(
        out,
        "{HEADING}{:<24} {:>9} {:>9} {:>9} {:>9}{HEADING:#}",
        "Round trips", "median", "90 %", "99 %", "longest"
    )?;
    let measured = sorted(round_trips.iter().map(|(took, _)| *took));
    let besides = sorted(round_trips.iter().map(|(took, delays)| took.saturating_sub(*delays)));
    row(out, "measured", SHARES.map(|share| percentile(&measured, share)), measured.last())?;
    row(out, "predicted by the rates", SHARES.map(|share| predicted(share, delays)), None)?;
    row(out, "without the delays", SHARES.map(|share| percentile(&besides, share)), besides.last())?;
    writeln!(
        out,
        "{DIM}  {} messages, {delays} delays of {} on average, plus links, unwrapping, queues.{DIM:#}\n",
        grouped(round_trips.len()),
        millis(Duration::from_secs_f64(1.0 / RATES.mu / 1000.0)),
    )
}

fn row(out: &mut String, name: &str, percentiles: [Duration; 3], longest: Option<&Duration>) -> fmt::Result {
    write!(out, "  {name:<22}")?;
    for time in percentiles.iter().chain(longest) {
        write!(out, " {:>9}", millis(*time))?;
    }
    writeln!(out)
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times
}

/// The quantile of the round trips.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "casts of floats saturate"
)]
fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The quantile that the rates predict. Each delay is exponential and rounded down, plus 1 ms,
/// which is half a millisecond more on average; their sum is an Erlang variable.
fn predicted(share: f64, delays: u32) -> Duration {
    let millis = 0.5_f64.mul_add(f64::from(delays), erlang_quantile(delays, RATES.mu, share));
    Duration::from_secs_f64(millis / 1000.0)
}
