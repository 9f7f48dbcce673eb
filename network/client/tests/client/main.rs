//! Clients in a network on real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod rendezvous;
