//! Starting a node that uploads its descriptors and follows the consensus.

use crate::{
    any_sphinx::AnySphinx,
    error::NodeError,
    faults::Faults,
    limits::ResourceLimits,
    mix_keys::{MixKeys, rotate},
    node::{Node, NodeConfig},
    running::RunningNode,
    service::Services,
    upload::{NodeDescription, Uploader},
};
use core::fmt;
use mixwell_net::{
    address::PublicAddresses,
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    directory::follow,
    directory_client::DirectoryClient,
    keys::{Identity, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
    runtime::pass_on,
};
use mixwell_pki_types::build::Addresses;
use mixwell_sphinx::Geometry;
use std::{path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch, time::Instant};

/// The settings of a node, which [`start`](Self::start) starts.
pub struct NodeBuilder {
    /// The node's name, by which authorities list it.
    pub name: String,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
    /// The key that signs the node's descriptors.
    pub identity: Arc<Identity>,
    /// The key of the node's links.
    pub link_key: LinkKey,
    /// The addresses at which other nodes and clients reach the node, for its descriptor. Names are
    /// resolved once an epoch.
    pub addresses: PublicAddresses,
    /// The sockets on which the node accepts connections.
    pub listeners: Vec<TcpListener>,
    /// The authorities to which the node uploads descriptors, and whose signatures it requires on a
    /// consensus.
    pub authorities: Arc<Authorities>,
    /// The clock of epochs.
    pub clock: Clock,
    /// The packets' geometry, the same in the whole network.
    pub geometry: Geometry,
    /// The services of a service node; other nodes have none.
    pub services: Services,
    /// Whether the node sends loop decoys.
    pub sends_decoys: bool,
    /// The folder of mix keys and replay lists. Without one they are only in memory, and after a
    /// restart the node cannot open packets of epochs for which it has already published keys.
    pub mix_key_folder: Option<PathBuf>,
    /// Limits on memory, connections and waiting times.
    pub limits: ResourceLimits,
    /// The node's random generators.
    pub randomness: Randomness,
    /// Faults to inject, for tests of a network; `None` for a node without faults.
    pub faults: Option<Arc<dyn Faults>>,
}

impl NodeBuilder {
    /// Starts the node on the current tokio runtime.
    ///
    /// # Errors
    /// If mix keys can't be read, or the geometry's scheme is unknown.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(self) -> Result<RunningNode, NodeError> {
        let Self { name, kind, identity, link_key, listeners, authorities, clock, geometry, .. } = self;
        let Self { addresses, services, sends_decoys, mix_key_folder, limits, randomness, faults, .. } = self;
        let services = if kind == NodeKind::Service { services } else { Services::default() };
        let scheme = geometry.scheme().name();
        let sphinx = AnySphinx::new(geometry).ok_or_else(|| NodeError::UnknownScheme(scheme.to_owned()))?;
        let now = Instant::now();
        let mix_keys = match mix_key_folder {
            Some(folder) => MixKeys::in_folder(sphinx, folder, now)?,
            None => MixKeys::in_memory(sphinx),
        };
        if let Err(error) = mix_keys.advance(clock.epoch(), now, &mut randomness.rng()) {
            tracing::error!(%error, "could not store a mix key; make room on the disk");
        }
        let mix_keys = Arc::new(mix_keys);
        let client = DirectoryClient::new(authorities, link_key.clone(), Some(identity.id()), randomness.branch())
            .with_geometry(geometry.hash())
            .with_clock_watch(ClockWatch::new(clock));
        let (directory, following) = follow(client.clone(), clock);
        let description = NodeDescription {
            name: name.clone(),
            // host names are resolved before each upload
            addresses: Addresses::new(),
            kaetzchen: (kind == NodeKind::Service).then(|| services.capabilities().clone()),
            kind,
        };
        let config = NodeConfig {
            name,
            kind,
            id: identity.id().into(),
            link_key: link_key.clone(),
            mix_keys: Arc::clone(&mix_keys),
            services,
            sends_decoys,
            clock,
            directory: directory.clone(),
            limits,
            randomness: randomness.branch(),
            faults,
        };
        let (node, following_keys) = Node::new(config);
        let (stopper, stop) = watch::channel(false);
        let running = Arc::clone(&node).run(listeners, stop);
        let rotating = rotate(Arc::clone(&mix_keys), clock, directory, randomness.branch());
        let randomness = randomness.branch();
        let uploader =
            Uploader { client, clock, description, addresses, identity, link: link_key, keys: mix_keys, randomness };
        let work = async move {
            let mut following = tokio::spawn(following);
            let mut following_keys = tokio::spawn(following_keys);
            let ended = tokio::select! {
                () = running => Ok(()),
                Err(failed) = uploader.run() => Err(failed.into()),
                Err(failed) = rotating => Err(failed.into()),
                ended = &mut following => { pass_on(ended); Ok(()) }
                ended = &mut following_keys => { pass_on(ended); Ok(()) }
            };
            following.abort();
            following_keys.abort();
            ended
        };
        Ok(RunningNode::new(node, stopper, tokio::spawn(work)))
    }
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}
