//! What a sender says of the way that a packet is to take.

use crate::{
    ids::{NodeId, RecipientId},
    scheme::Scheme,
};
use core::fmt;

/// One hop of a path.
pub struct Hop<'a, S: Scheme> {
    /// The node.
    pub id: NodeId,
    /// The node's mix key for the epoch in which the packet gets there.
    pub public_key: &'a S::PublicKey,
    /// How long the node holds the packet, in milliseconds. Forwarding nodes want to be told; the last one is told if
    /// the packet carries a SURB.
    pub delay_millis: Option<u32>,
}

/// The way that a packet is to take: from its first hop to whom the last one hands it to.
pub struct Path<'a, S: Scheme> {
    /// The hops, at least one, at most as many as the geometry has room for.
    pub hops: &'a [Hop<'a, S>],
    /// Whom the last hop hands the payload to.
    pub recipient: RecipientId,
}

impl<S: Scheme> Clone for Hop<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Scheme> Copy for Hop<'_, S> {}

impl<S: Scheme> Clone for Path<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Scheme> Copy for Path<'_, S> {}

// a path tells who talks to whom: it is not printed

impl<S: Scheme> fmt::Debug for Hop<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hop(..)")
    }
}

impl<S: Scheme> fmt::Debug for Path<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path(..)")
    }
}
