//! An authority: takes nodes' descriptors, agrees with the others on a consensus in each epoch, and hands it out.
//!
//! [`State`] is told the time, what arrives and from whom, and says what is to be sent; it knows no socket and no clock.
//! [`serve()`] is what carries it.

mod complaints;
mod message;
mod permitted;
mod round;
mod serve;
mod server;
mod state;
mod tally;
#[cfg(test)]
mod tests;
mod topology;

#[cfg(test)]
use message::{Peer, Reply};
pub(crate) use permitted::Rules;
pub(crate) use serve::{AuthorityNode, serve};
pub(crate) use state::State;
