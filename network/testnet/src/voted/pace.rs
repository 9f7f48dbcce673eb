//! Limits and epochs for a whole network on one, possibly slow, machine.

use core::time::Duration;
use mixwell_node::ResourceLimits;
use mixwell_pki_types::{Epoch, Period};
use mixwell_wire::Timeouts;
use std::time::SystemTime;

/// Limits for many nodes that share a machine: little memory for each, and patience with late
/// packets and peers.
#[must_use]
pub fn small_limits(period: Period) -> ResourceLimits {
    let usual = ResourceLimits::for_period(period.duration());
    let mut delays = usual.delays;
    (delays.unwrap_millis, delays.slack_millis) = (5_000, 5_000);
    ResourceLimits {
        buffers: 2048,
        queue: 1024,
        replays: 1 << 16,
        // all members connect from one address
        handshakes: usual.clients,
        unproven: usual.clients,
        clients_per_address: usual.clients,
        delays,
        write_wait: Duration::from_secs(5),
        timeouts: PATIENT,
        ..usual
    }
}

/// Timeouts on a machine that is busy with a whole network.
pub const PATIENT: Timeouts =
    Timeouts { handshake: Duration::from_secs(10), read: Duration::from_mins(2), write: Duration::from_mins(1) };

/// Of the periods `about + n * step`, for `n` less than `count`, the one with the most recent start
/// of an epoch, so that a network started now need not wait for the next one.
///
/// Epochs are counted from a point years ago, so a millisecond more or less per period shifts their
/// starts by hours.
#[must_use]
pub fn period_beginning_now(about: Duration, step: Duration, count: u32) -> Period {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let periods = (0..count).filter_map(|number| {
        let period = Period::new(about.saturating_add(step.saturating_mul(number)))?;
        Some((period.at(now).ok()?, period))
    });
    let best = periods.filter(|(time, _)| time.epoch > Epoch(0)).min_by_key(|(time, _)| time.elapsed);
    best.map_or_else(Period::default, |(_, period)| period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_of_the_period_has_just_begun() {
        let about = Duration::from_secs(10);
        let period = period_beginning_now(about, Duration::from_millis(1), 2000).duration();
        assert!(period >= about && period < Duration::from_secs(12), "{period:?}");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let elapsed = Period::new(period).unwrap().at(now).unwrap().elapsed;
        // of 2000 periods of ten seconds, the latest to begin began 5 ms ago on average; a busy
        // machine may take longer
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    }
}
