//! The path of a packet.

use crate::{
    ids::{NodeId, RecipientId},
    scheme::Scheme,
};
use core::fmt;

/// One hop of a path.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// use mixwell_sphinx::{Hop, NodeId};
///
/// let mix_key = PrivateKey::<X25519>::generate(&mut rand::rng()).public_key();
/// let hop = Hop::<X25519> { id: NodeId([1; 32]), public_key: &mix_key, delay_millis: Some(200) };
/// # assert_eq!(hop.id, NodeId([1; 32]));
/// ```
pub struct Hop<'a, S: Scheme> {
    /// The node.
    pub id: NodeId,
    /// The node's mix key for the epoch in which the packet arrives there.
    pub public_key: &'a S::PublicKey,
    /// Delay at the node, in milliseconds. Forwarding nodes require one; the last node needs one if
    /// the packet carries a SURB.
    pub delay_millis: Option<u32>,
}

/// The path of a packet: its hops and its recipient.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// use mixwell_sphinx::{Hop, NodeId, Path, RecipientId};
///
/// let mix_keys = [(); 3].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()).public_key());
/// let hop = |i: u8, public_key| Hop::<X25519> { id: NodeId([i; 32]), public_key, delay_millis: Some(200) };
/// let hops = [hop(1, &mix_keys[0]), hop(2, &mix_keys[1]), hop(3, &mix_keys[2])];
/// let path = Path { hops: &hops, recipient: RecipientId([7; 32]) };
/// # assert_eq!(path.hops.len(), 3);
/// ```
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

// not printed: a path reveals who communicates with whom

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
