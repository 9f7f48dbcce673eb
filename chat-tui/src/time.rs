//! Times as people read them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    // a clock before 1970 is at 0
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn local(seconds: u64) -> Option<DateTime> {
    let timestamp = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(TimeZone::system().to_datetime(timestamp))
}

/// Hours and minutes, by the system's time zone.
pub(crate) fn clock(seconds: u64) -> String {
    local(seconds).map_or_else(|| "--:--".to_owned(), |time| time.strftime("%H:%M").to_string())
}

/// The day, by the system's time zone.
pub(crate) fn date(seconds: u64) -> Option<Date> {
    local(seconds).map(DateTime::date)
}

/// As in `Saturday, 28 November 2026`.
pub(crate) fn day(date: Date) -> String {
    date.strftime("%A, %-d %B %Y").to_string()
}

/// As in `2026-11-28T19:30:00Z`.
pub(crate) fn iso(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.map(|timestamp| timestamp.to_string()).unwrap_or_default()
}
