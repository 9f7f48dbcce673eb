//! The rendezvous service: a store of boxes, by the protocol of [`mixwell_net::rendezvous`].
//!
//! **Once.** The first box under an id stays; another one changes nothing, so that a request may be
//! sent again whose reply was lost. A box can be read until it expires, since a reply that was lost
//! may have to be sent again: it is read only by its holder because nobody else knows the token.
//!
//! **Bounds.** A store holds a fixed number of boxes, each for a fixed time. When it is full the
//! oldest gives way. Then a box stays for at least (boxes of the store) / (requests a second, of
//! all clients) whoever else is writing, and to push it out sooner takes as many requests as there
//! are boxes between its writing and its reading, at rates that gateways limit. Had the lot to
//! decide, an attacker would be sure to hit some young boxes with few requests; were new boxes
//! refused, who fills the store once has closed it to all others for as long as boxes live.
//!
//! **Restarts.** Boxes are in memory alone. After a restart they are gone, and clients store again
//! what nobody has confirmed.
//!
//! **Decoys.** A request of zeros is a client's loop decoy. Its reply is of zeros, and nothing is
//! stored.

mod counts;
mod store;
#[cfg(test)]
mod tests;

pub use counts::{BoxEvent, Counts};
pub use store::Store;
