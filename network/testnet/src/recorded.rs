//! Recorded conversations of the reference's peers (`conversations.json`): one side of each is
//! played as it was recorded, the other side is a part of this project.
//!
//! [`conversations`] loads those in which a [`Part`] of ours can take one side. A [`Player`] is the
//! recorded side's end of the link, a [`Script`] the commands. Whatever depends on keys or epochs
//! is made anew by the test, of the same kind and size; all other commands are sent as recorded.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::missing_fields_in_debug,
    reason = "what fails here fails a test, by a panic"
)]

mod answer;
mod cast;
mod ending;
mod network;
mod places;
mod player;
mod script;
mod similar;
mod together;

pub use cast::{Part, Played, conversations};
pub use ending::{Ending, Refusal};
pub use network::{PACE, RecordedNetwork, period_at, time_of_day};
pub use places::Places;
pub use player::{Heard, Player};
pub use script::{Cues, KeepAlives, Script};
pub use similar::{command_id, is_same, with_epoch};
pub use together::play_together;
