//! A node's or authority's own keys: identity and link key, in files or in memory alone.

mod identity;
mod link;

pub(crate) use identity::Identity;
pub(crate) use link::{Initiated, LinkKem, LinkKey, PeerClaim};
