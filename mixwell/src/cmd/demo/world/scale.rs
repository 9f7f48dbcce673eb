//! How much and how long: what suits many nodes that share a machine, perhaps a slow one.

use crate::cmd::demo::Arguments;
use core::time::Duration;
use mixwell_node::ResourceLimits;
use mixwell_pki_types::{Epoch, Period};
use mixwell_wire::Timeouts;
use std::time::SystemTime;

/// All nodes share a machine, perhaps a slow one: little memory each, and patience with what comes late.
pub(super) fn limits(period: Period) -> ResourceLimits {
    let usual = ResourceLimits::for_period(period.duration());
    let mut delays = usual.delays;
    (delays.unwrap_millis, delays.slack_millis) = (5_000, 5_000);
    ResourceLimits {
        buffers: 2048,
        queue: 1024,
        replays: 1 << 16,
        // all share one address
        handshakes: usual.clients,
        unproven: usual.clients,
        clients_per_address: usual.clients,
        delays,
        write_wait: Duration::from_secs(5),
        timeouts: PATIENT,
        ..usual
    }
}

pub(super) const PATIENT: Timeouts =
    Timeouts { handshake: Duration::from_secs(10), read: Duration::from_mins(2), write: Duration::from_mins(1) };

/// A period of about this length of which an epoch has just begun, so that nobody has to wait for that.
///
/// Epochs are counted from a moment years ago, so a millisecond more or less a period moves them by hours. A configuration
/// counts seconds.
pub(super) fn period_from_now(arguments: &Arguments) -> Period {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let about = arguments.epoch();
    let (step, steps) = if arguments.serve.is_some() {
        (Duration::from_secs(1), u32::try_from(about.as_secs()).unwrap_or(u32::MAX).div_ceil(2).clamp(5, 100))
    } else {
        (Duration::from_millis(1), 2000)
    };
    let tried = (0..steps).filter_map(|number| {
        let period = Period::new(about.saturating_add(step.saturating_mul(number)))?;
        Some((period.at(now).ok()?, period))
    });
    let best = tried.filter(|(time, _)| time.epoch > Epoch(0)).min_by_key(|(time, _)| time.elapsed);
    best.map_or_else(Period::default, |(_, period)| period)
}
