//! Nodes on real sockets, with neighbours and clients from a test network or played by the test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::similar_names,
    clippy::unchecked_time_subtraction,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test may panic"
)]

mod alone;
mod embedded;
mod network;
mod recorded;
