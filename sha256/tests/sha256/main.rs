//! HMAC and HKDF-Expand on every back end of this machine, compared with the crates `hmac` and
//! `hkdf`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod properties;
mod rules;
