//! A node's or authority's own keys: identity and link key, in files or in memory alone.

mod identity;
mod link;

pub use identity::Identity;
pub use link::{Initiated, LinkKem, LinkKey, PeerClaim, Stream};
