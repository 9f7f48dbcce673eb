//! The path of a packet.

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
    /// Delay at the node, in milliseconds. Forwarding nodes require one; the last node needs one if
    /// the packet carries a SURB.
    pub delay_millis: Option<u32>,
}

/// The path of a packet: its hops and its recipient.
pub struct Path<'a, S: Scheme> {
    /// The hops, at least one, at most as many as the geometry has room for.
    pub hops: &'a [Hop<'a, S>],
    /// The recipient at the last hop.
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
