//! Incoming connections: which peers a node accepts, and the task that serves each.

mod links;
mod policy;
mod sending_nodes;

pub(crate) use links::IncomingLinks;
pub(crate) use policy::NodePolicy;
pub(crate) use sending_nodes::SendingNodes;

use crate::{
    gateway::{ClientId, Gateway},
    limits::ResourceLimits,
};
use mixwell_net::{
    accept::{AcceptUntil, Acceptor, AcceptorConfig, Connection, ConnectionStats},
    keys::LinkKey,
    randomness::Randomness,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::NodeId;
use mixwell_wire::StreamError;
use policy::accept_limits;
use std::{io, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use tracing::debug;

/// A peer of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PeerIdentity {
    /// A node of the layer that sends to this one, according to the consensus.
    Node(NodeId),
    /// A client of a gateway.
    Client(ClientId),
}

/// A connection whose peer has proved its identity.
pub(crate) type NodeConnection = Connection<PeerIdentity>;

/// The end of a connection.
pub(crate) type Ended = Result<(), StreamError<io::Error>>;

/// The signals that end a node's connections.
#[derive(Debug, Clone)]
pub(crate) struct ServeUntil {
    /// Becomes true when the node stops and accepts no more packets.
    pub(crate) stop: watch::Receiver<bool>,
    /// Becomes true when clients have received the last replies.
    pub(crate) hang_up: watch::Receiver<bool>,
}

/// Accepts and serves connections.
pub(crate) struct Incoming {
    pub(crate) id: NodeId,
    pub(crate) link_key: LinkKey,
    pub(crate) policy: NodePolicy,
    pub(crate) links: IncomingLinks,
    /// Serves clients; `None` at mixes and service nodes.
    pub(crate) gateway: Option<Arc<Gateway>>,
    pub(crate) connections: Arc<ConnectionStats>,
    pub(crate) randomness: Randomness,
}

impl Incoming {
    /// Accepts connections until it is time to hang up.
    pub(crate) async fn run(self: Arc<Self>, limits: ResourceLimits, listeners: Vec<TcpListener>, until: ServeUntil) {
        let acceptor = Acceptor::new(AcceptorConfig {
            key: self.link_key.clone(),
            id: KeyHash(*self.id.as_bytes()),
            policy: self.policy.clone(),
            limits: accept_limits(&limits),
            buffer_len: self.link_key.buffer_len(&self.policy.client_link),
            randomness: self.randomness.branch(),
            stats: Arc::clone(&self.connections),
        });
        let accept_until = AcceptUntil { stop: until.stop.clone(), hang_up: until.hang_up.clone() };
        let serve = move |connection| Arc::clone(&self).serve(connection, until.clone());
        acceptor.run(listeners, accept_until, serve).await;
    }

    /// Serves a connection until it ends.
    async fn serve(self: Arc<Self>, connection: NodeConnection, until: ServeUntil) {
        let ended = match (connection.identity, &self.gateway) {
            (PeerIdentity::Node(id), _) => self.links.serve(id, connection, until.stop).await,
            (PeerIdentity::Client(id), Some(gateway)) => gateway.serve(id, connection, until).await,
            (PeerIdentity::Client(_), None) => Ok(()),
        };
        if let Err(error) = ended {
            debug!(%error, "connection ended");
        }
    }
}
