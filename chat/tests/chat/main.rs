//! Tests of the crate's public interface: conversations over networks of every kind, attacks that
//! must be detected, and stored data.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "test code"
)]

mod contacts;
mod talk;
mod vault;
mod wiped;
mod world;
mod wrong;
