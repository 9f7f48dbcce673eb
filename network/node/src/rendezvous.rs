//! The rendezvous service: a store of boxes, by the protocol of [`mixwell_net::rendezvous`].
//!
//! **Once.** The first box under an id stays; a second one is ignored, so that a client may repeat
//! a request whose reply was lost. For the same reason a box can be read any number of times until
//! it expires. Only its reader knows the token that reads it.
//!
//! **Bounds.** A store holds a fixed number of boxes, each for a fixed time. When it is full, the
//! oldest is evicted. So a box stays for at least (boxes of the store) / (requests a second of all
//! clients), whoever else writes; to evict it sooner, an attacker needs as many requests as the
//! store has boxes, at rates that gateways limit. With random eviction, a few requests would be
//! sure to hit some young boxes; if new boxes were refused, filling the store once would close it
//! to everybody else until boxes expire.
//!
//! **Restarts.** Boxes are only in memory. After a restart, clients store unconfirmed boxes again.
//!
//! **Decoys.** A request of zeros is a client's loop decoy: the reply is zeros too, and nothing is
//! stored.

mod counts;
mod store;
#[cfg(test)]
mod tests;

pub use counts::{BoxEvent, Counts};
pub use store::Store;
