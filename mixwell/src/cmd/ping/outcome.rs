//! The report.

use crate::style::{DIM, ERROR, GOOD};
use core::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_client::{Reply, Tally, Unanswered};
use std::sync::Arc;

/// The outcome.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) good: u32,
    pub(super) wrong: u32,
    pub(super) lost: u32,
    pub(super) round_trips: Vec<Duration>,
    pub(super) held: Duration,
    /// The exchange timed out.
    pub(super) is_over: bool,
    /// The user interrupted the exchange.
    pub(super) is_interrupted: bool,
    pub(super) tally: Arc<Tally>,
}

impl Outcome {
    pub(super) fn take(&mut self, payload: &[u8], reply: Result<Reply, Unanswered>) {
        let count = match reply {
            Ok(reply) if reply.payload.starts_with(payload) => {
                self.round_trips.push(reply.round_trip);
                self.held += reply.delays;
                &mut self.good
            }
            Ok(_) => &mut self.wrong,
            Err(_) => &mut self.lost,
        };
        *count += 1;
    }

    pub(super) fn progress(&self) -> String {
        let last = self.round_trips.last().copied().unwrap_or_default();
        format!("last {} ms, {} lost", last.as_millis(), self.lost + self.wrong)
    }

    /// The likely reason why no reply has come back.
    fn why(&self) -> &'static str {
        if self.tally.messages.load(Relaxed) == 0 {
            "a gateway is connected, but no message could be sent"
        } else {
            "messages were sent"
        }
    }

    pub(super) fn report(&self, count: u32) -> String {
        let mut sorted = self.round_trips.clone();
        sorted.sort_unstable();
        let at = |per_mille: usize| {
            let rank = sorted.len().saturating_mul(per_mille).div_ceil(1000).saturating_sub(1);
            sorted.get(rank).copied().unwrap_or_default().as_millis()
        };
        let all_back = self.good == count;
        let (style, mark) = if all_back { (GOOD, "✓") } else { (ERROR, "✗") };
        let mut text = String::new();
        // writing to a `String` can't fail
        let _ = writeln!(
            text,
            "{style}{mark}{style:#} {} of {count} messages came back, {} lost, {} changed",
            self.good, self.lost, self.wrong
        );
        if self.is_over {
            let known =
                if self.tally.connections.load(Relaxed) == 0 { "no gateway could be reached" } else { self.why() };
            let _ = writeln!(text, "  timed out: {known}; --log debug shows more");
        }
        if self.is_interrupted {
            let _ = writeln!(text, "  interrupted: stopped waiting for the others");
        }
        if !sorted.is_empty() {
            let _ = writeln!(
                text,
                "  round trips: median {} ms, 90 % {} ms, 99 % {} ms, longest {} ms",
                at(500),
                at(900),
                at(990),
                at(1000)
            );
            let held = self.held.as_millis().checked_div(sorted.len() as u128).unwrap_or(0);
            let _ = writeln!(text, "  {DIM}of which {held} ms on average are the delays at the hops{DIM:#}");
        }
        let of = |count: &AtomicU64| count.load(Relaxed);
        let tally = &self.tally;
        let _ = writeln!(
            text,
            "  {DIM}{} loop decoys sent, {} returned so far{DIM:#}",
            of(&tally.decoys),
            of(&tally.returned)
        );
        text
    }
}
