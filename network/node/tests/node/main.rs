//! Nodes on real sockets, among neighbours and clients that a test network has or that a test plays
//! itself.
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
