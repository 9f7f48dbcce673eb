//! Tests of the crate's public interface.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division_remainder_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod batches;
mod forge;
mod geometry;
mod hostile_ciphertexts;
mod hostile_packets;
mod memory;
mod network;
mod no_allocation;
mod packet;
mod packets;
mod replay_filter;
mod ring;
mod round_trips;
mod scheme_choice;
mod schemes;
mod senders_mistakes;
mod shared_filter;
mod side_by_side;
mod small_order_448;
