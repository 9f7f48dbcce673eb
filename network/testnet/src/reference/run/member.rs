//! The keys and the address of a peer.

use core::net::SocketAddr;
use mixwell_net::{
    address::Address, authorities::Authority, connect::LinkTarget, keys::Identity, randomness::Randomness,
};
use mixwell_pki_types::{Ed25519, KeyHash};
use mixwell_pq_kem::{XWing, kem::PrivateKey};
use mixwell_wire::LinkKey;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The keys and the socket of a node or authority, before it runs.
pub struct Member {
    /// Its name.
    pub name: String,
    /// The hash of its identity key.
    pub id: KeyHash,
    /// Its identity key.
    pub identity: Arc<Identity>,
    /// Its link key.
    pub(super) link_key: Arc<LinkKey<XWing>>,
    /// The address of the listener.
    pub address: SocketAddr,
    pub(super) listener: TcpListener,
}

impl Member {
    /// Fresh keys and a loopback socket.
    pub async fn bind(name: &str, randomness: &Randomness) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let identity = Identity::generate(&Ed25519, &mut randomness.rng()).unwrap();
        let address = listener.local_addr().unwrap();
        let (id, identity) = (identity.id(), Arc::new(identity));
        Self { name: name.to_owned(), id, identity, link_key: link_key(randomness), address, listener }
    }

    /// The member as an authority of others' configurations.
    pub fn as_authority(&self) -> Authority {
        Authority { identity: self.identity.public().to_vec(), peer: self.as_target() }
    }

    /// The member as a peer to connect to.
    pub fn as_target(&self) -> LinkTarget {
        LinkTarget {
            name: self.name.clone(),
            id: self.id,
            link_key: public(&self.link_key).to_vec(),
            addresses: vec![Address::of(self.address)],
            other_transports: Vec::new(),
        }
    }
}

/// A fresh link key.
pub(super) fn link_key(randomness: &Randomness) -> Arc<LinkKey<XWing>> {
    Arc::new(LinkKey::new(&PrivateKey::generate(&mut randomness.rng())).unwrap())
}

/// The bytes of a public link key.
pub(super) fn public(key: &LinkKey<XWing>) -> &[u8] {
    key.public().as_bytes().as_ref()
}
