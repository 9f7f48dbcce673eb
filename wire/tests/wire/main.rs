//! The crate's public interface, against the vectors and against hostile peers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    clippy::integer_division_remainder_used,
    reason = "test code"
)]

mod command_vectors;
mod commands;
mod common;
mod conversations;
mod fake_kem;
mod geometry;
mod handshake;
mod memory;
mod pair;
mod proof;
mod session;
mod session_vectors;
#[cfg(feature = "std")]
mod streams;
