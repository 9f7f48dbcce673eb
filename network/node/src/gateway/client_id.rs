//! The identity of a client at its gateway.

use blake2::{Blake2b256, Digest as _};
use mixwell_net::keys::PeerClaim;

/// Hash of a client's name and link key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientId([u8; 32]);

impl ClientId {
    /// The identity of the client that makes this claim.
    pub(crate) fn of(claim: &PeerClaim<'_>) -> Self {
        let mut hash = Blake2b256::new();
        hash.update([u8::try_from(claim.ad.len()).unwrap_or(u8::MAX)]);
        hash.update(claim.ad);
        hash.update(claim.link_key);
        Self(hash.finalize().into())
    }
}
