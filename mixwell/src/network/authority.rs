//! An authority: takes nodes' descriptors, agrees with the others on a consensus in each epoch, and hands
//! it out.
//!
//! [`State`] is given the time, what arrives and from whom, and says what is to be sent and remembered; it
//! knows no socket, no clock and no disk. [`Keeper`] adds the disk, [`serve()`] the others. How authorities
//! agree is told in [`agreement`].

mod agreement;
mod canonical;
mod complaints;
mod differences;
mod journal;
mod keeper;
mod lambda_g;
mod message;
mod policy;
mod relay;
mod round;
mod schedule;
mod serve;
mod server;
mod shared_random;
mod signer;
mod state;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod topology;

pub(crate) use journal::Saved;
pub(crate) use keeper::Keeper;
pub(crate) use policy::{PacketFormat, Policy};
pub(crate) use serve::{AuthorityNode, serve};
pub(crate) use state::State;
pub(crate) use store::Store;
pub(crate) use topology::Layers;
