//! The cipher on every back end of this machine.
#![allow(
    unsafe_code,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::integer_division_remainder_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and look at the bytes of a value"
)]

mod backends;
mod memory;
mod properties;
mod reference;
mod vectors;
