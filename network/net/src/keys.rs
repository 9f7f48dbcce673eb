//! A node's or authority's own keys: identity and link key, in files or only in memory.

mod identity;
mod link;

pub use identity::Identity;
pub use link::{Initiated, LinkKem, LinkKey, PeerClaim, Stream};
