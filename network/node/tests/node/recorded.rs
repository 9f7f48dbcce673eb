//! Our nodes in the recorded conversations of the reference's peers (`conversations.json`), each
//! side in turn: the other side says what was recorded.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod at_authority;
mod called;
mod dialling;
mod gateway;
mod stage;
