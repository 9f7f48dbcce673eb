//! Certificates: the reference's vectors, every operation, every error.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod keys;
mod pair;
mod reading;
mod schemes;
mod signing;
mod vectors;
mod verifying;
