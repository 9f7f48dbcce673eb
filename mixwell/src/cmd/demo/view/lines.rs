//! The two lines above the tables.

use crate::{
    cmd::demo::world::{AUTHORITIES, World},
    numbers::{grouped, millis},
};
use mixwell_testnet::traffic::Results;

/// The time to the next epoch, and the state of the authorities' round.
pub(super) fn epoch(world: &World) -> String {
    let time = world.network.clock.time();
    let what = world.network.signers().map_or_else(
        || {
            let step = time.elapsed.as_secs_f64() / world.network.clock.eighths(1).as_secs_f64();
            let what = match step {
                ..1.0 => "nodes upload descriptors",
                1.0..2.0 => "the authorities vote",
                2.0..3.0 => "the authorities reveal their randomness",
                3.0..4.0 => "the authorities exchange certificates",
                4.0..5.0 => "the authorities sign",
                _ => "the consensus is published",
            };
            what.to_owned()
        },
        |signers| format!("signed by {signers} of {AUTHORITIES}"),
    );
    format!("next epoch in {:.1} s; {what}", time.left.as_secs_f64())
}

/// Counts of messages.
pub(super) fn messages(results: &Results) -> String {
    let Results { asked, good, awaited, .. } = results;
    let bad = results.wrong + results.lost;
    let bad = if bad == 0 { String::new() } else { format!(", {bad} LOST") };
    let last =
        results.round_trips.last().map_or_else(String::new, |(last, _)| format!(", the last in {}", millis(*last)));
    format!("{} sent, {} back{bad}, {awaited} in flight{last}", grouped(asked), grouped(good))
}
