//! The keys and the address of a node or authority.

use super::StartError;
use mixwell_net::{
    address::Address,
    authorities::Authority,
    connect::LinkTarget,
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::{Ed25519, KeyHash};
use std::sync::Arc;
use tokio::net::TcpListener;

/// A node or an authority of the network.
#[derive(Debug, Clone)]
pub struct Member {
    /// The member's name.
    pub name: String,
    /// The member's identity key.
    pub identity: Arc<Identity>,
    /// The member's link key.
    pub link_key: LinkKey,
    /// The address at which the member accepts connections.
    pub address: Address,
}

impl Member {
    /// Generates keys and binds a socket before anything runs, so that other members'
    /// configurations can list them.
    pub(super) async fn bind(
        name: String,
        kem: LinkKem,
        randomness: &Randomness,
    ) -> Result<(Self, TcpListener), StartError> {
        let mut rng = randomness.rng();
        let identity = Arc::new(Identity::generate(&Ed25519, &mut rng)?);
        let link_key = LinkKey::generate(kem, &mut rng)?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(StartError::Listen)?;
        let address = Address::of(listener.local_addr().map_err(StartError::Listen)?);
        Ok((Self { name, identity, link_key, address }, listener))
    }

    /// The hash of the member's identity key.
    #[must_use]
    pub fn id(&self) -> KeyHash {
        self.identity.id()
    }

    /// The member as a peer to connect to.
    #[must_use]
    pub fn as_target(&self) -> LinkTarget {
        LinkTarget {
            name: self.name.clone(),
            id: self.id(),
            link_key: self.link_key.public().to_vec(),
            addresses: vec![self.address.clone()],
            other_transports: Vec::new(),
        }
    }

    pub(super) fn as_authority(&self) -> Authority {
        Authority { identity: self.identity.public().to_vec(), peer: self.as_target() }
    }
}
