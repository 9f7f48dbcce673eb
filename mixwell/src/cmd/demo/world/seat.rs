//! The keys and the socket of a node or authority, made before it starts, so that the others can be told.

use crate::{cmd::demo::Arguments, network_error::NetworkError};
use mixwell_config::Listing;
use mixwell_net::{
    address::Address,
    authorities::Authority,
    connect::LinkTarget,
    keys::{Identity, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::Ed25519;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The keys and the socket of a node or authority.
pub(super) struct Seat {
    pub(super) name: String,
    pub(super) identity: Arc<Identity>,
    pub(super) link_key: LinkKey,
    pub(super) listener: TcpListener,
    pub(super) address: Address,
}

impl Seat {
    pub(super) async fn new(
        name: String,
        arguments: &Arguments,
        randomness: &Randomness,
    ) -> Result<Self, NetworkError> {
        let mut rng = randomness.rng();
        let identity = Arc::new(Identity::generate(&Ed25519, &mut rng)?);
        let link_key = LinkKey::generate(arguments.kem, &mut rng)?;
        let failed = |error| NetworkError::Listen("127.0.0.1".to_owned(), error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = Address::of(listener.local_addr().map_err(failed)?);
        Ok(Self { name, identity, link_key, listener, address })
    }

    pub(super) fn listing(&self) -> Listing {
        Listing {
            identifier: self.name.clone(),
            identity_pem: self.identity.public_pem(),
            link_pem: self.link_key.public_pem(),
            address: self.address.clone(),
        }
    }

    pub(super) fn as_authority(&self) -> Authority {
        let LinkTarget { name, link_key, addresses, .. } = self.as_target();
        Authority::new(name, self.identity.public().to_vec(), link_key, addresses)
    }

    pub(super) fn as_target(&self) -> LinkTarget {
        LinkTarget {
            name: self.name.clone(),
            id: self.identity.id(),
            link_key: self.link_key.public().to_vec(),
            addresses: vec![self.address.clone()],
        }
    }
}
