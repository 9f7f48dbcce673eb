//! Tests that run the real tool and check its output, its exit status and the files that it leaves.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::integer_division_remainder_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod anonymity;
#[cfg(target_os = "linux")]
mod clocks;
mod command_line;
mod daemons;
mod document;
mod genkeypair;
mod geometry;
mod network;
mod networks;
mod output;
mod packet;
mod packets;
mod processes;
mod reference_config;
mod run;
mod schemes;
mod serve;
mod speed;
mod takeover;
mod talk;
