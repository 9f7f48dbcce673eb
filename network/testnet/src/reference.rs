//! Peers that behave as the reference's do, where the pages on networks and authorities of
//! `docs/spec/` say that it differs from ours: a network half ours, half of these, is the test of
//! living beside it. Made from those two pages and the recorded conversations alone.
//!
//! Each state machine takes commands and the time and returns commands, or says that the connection
//! closes; [`run`] has the sockets.
//!
//! | role | file | what differs from ours |
//! |---|---|---|
//! | all nodes | [`neighbours`] | dials `tcp4`, `tcp6` and `quic` alone; resets every connection while it has no consensus of the epoch; keeps no neighbour of the epoch before |
//! | all nodes | [`links`] | says nothing after its handshake but packets; ends each link after 120 s and dials again; checks the peer every 30 s; closes at a byte after the responder's first `no_op`; the newer connection of a peer ends the older one, unproven |
//! | all nodes | [`uploads`] | uploads once an epoch, at the turn, for the next one alone; asks all authorities at once |
//! | mix | [`packets`] | keys in memory alone; no loop decoys |
//! | service node | [`service_node`] | one service |
//! | gateway | [`gateway`] | falls silent without an acknowledgement; crashes at `get_vote` and at a group element of zeros |
//! | client | [`client`] | asks for the consensus first, then at 11/16; gives up after 15 s, and comes back after 2 s |
//! | authority | [`authority`] | a repeated descriptor is a conflict; no `get_vote`; unknown names are refused; one missing reveal stops its round |
//!
//! [`config`] reads configuration files as strictly as the reference's programs do.

pub mod authority;
pub mod client;
pub mod command;
pub mod config;
pub mod gateway;
pub mod links;
pub mod neighbours;
pub mod packets;
pub mod run;
pub mod service_node;
#[cfg(test)]
mod tests;
pub mod times;
pub mod uploads;

pub use times::Times;
