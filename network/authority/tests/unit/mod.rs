//! Authorities in virtual time: they agree, whatever a minority does.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::large_stack_arrays,
    clippy::similar_names,
    clippy::unchecked_time_subtraction,
    reason = "tests fail by panicking"
)]

mod adversary;
mod cheap;
mod codes;
mod connections;
mod hostile;
mod memory;
mod net;
mod property;
mod recorded;
mod rounds;
mod rules;
mod start;
mod vectors;
