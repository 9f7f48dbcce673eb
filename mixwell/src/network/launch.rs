//! Starting a node with all that it needs of the authorities.

use crate::network::{
    error::NetworkError,
    mix_keys::{MixKeys, rotate},
    node::{Node, Parts, Sizes},
    service,
    upload::{NodeDescription, Uploader},
};
use core::pin::Pin;
use mixwell_net::{
    address::PublicAddresses,
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    codec::{MixScheme, WithMixScheme, with_scheme},
    directory::follow,
    directory_client::DirectoryClient,
    keys::{Identity, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
    runtime::pass_on,
    services::ServiceSpec,
};
use mixwell_pki_types::build::Addresses;
use mixwell_sphinx::{Geometry, NodeId, Sphinx};
use std::{path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch, time::Instant};

/// What a node is to be.
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) kind: NodeKind,
    pub(crate) identity: Arc<Identity>,
    pub(crate) link_key: LinkKey,
    /// What its descriptor tells.
    pub(crate) addresses: PublicAddresses,
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) clock: Clock,
    pub(crate) geometry: Geometry,
    /// The services of a service node.
    pub(crate) services: Vec<ServiceSpec>,
    /// Whether it sends loop decoys.
    pub(crate) sends_decoys: bool,
    /// Where mix keys are stored; in memory alone if nowhere.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) sizes: Sizes,
    pub(crate) randomness: Randomness,
    /// Turns true when it is to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// A node that works while its future is polled.
pub(crate) struct Launched {
    pub(crate) node: Arc<Node>,
    pub(crate) work: Pin<Box<dyn Future<Output = Result<(), NetworkError>> + Send>>,
}

impl Launch {
    /// Makes the node.
    pub(crate) fn launch(self) -> Result<Launched, NetworkError> {
        let scheme = self.geometry.scheme();
        with_scheme(scheme, self).ok_or_else(|| NetworkError::UnknownScheme(scheme.name().to_owned()))?
    }

    fn description(&self) -> NodeDescription {
        NodeDescription {
            name: self.name.clone(),
            addresses: Addresses::new(),
            kaetzchen: (self.kind == NodeKind::Service).then(|| service::capabilities(&self.services, &self.geometry)),
            kind: self.kind,
        }
    }
}

impl WithMixScheme for Launch {
    type Output = Result<Launched, NetworkError>;

    fn with<S: MixScheme>(self) -> Self::Output {
        let description = self.description();
        let Self { name, kind, identity, link_key, listeners, authorities, clock, geometry, .. } = self;
        let Self { addresses, services, sends_decoys, folder, sizes, randomness, stop, .. } = self;
        let sphinx = Sphinx::<S>::new(geometry).map_err(|error| NetworkError::UnknownScheme(error.to_string()))?;
        let now = Instant::now();
        let mix_keys = match folder {
            Some(folder) => MixKeys::in_folder(folder, now)?,
            None => MixKeys::in_memory(),
        };
        if let Err(error) = mix_keys.advance(clock.epoch(), now, &mut randomness.rng()) {
            tracing::error!(%error, "could not store a mix key; make room on the disk");
        }
        let mix_keys = Arc::new(mix_keys);
        let client = DirectoryClient::new(authorities, link_key.clone(), Some(identity.id()), randomness.branch())
            .with_geometry(geometry.hash())
            .with_clock_watch(ClockWatch::new(clock));
        let (directory, following) = follow(client.clone(), clock);
        let services = match kind {
            NodeKind::Service => service::services(&services, &geometry, sizes.boxes, randomness.rng()),
            NodeKind::Mix | NodeKind::Gateway => Vec::new(),
        };
        let parts = Parts {
            name,
            kind,
            id: NodeId(identity.id().0),
            link_key: link_key.clone(),
            sphinx,
            mix_keys: Arc::clone(&mix_keys),
            services,
            sends_decoys,
            clock,
            directory: directory.clone(),
            sizes,
            randomness: randomness.branch(),
        };
        let (node, turning) = Node::new(parts);
        let running = Arc::clone(&node).run(listeners, stop);
        let rotating = rotate(Arc::clone(&mix_keys), clock, directory, randomness.branch());
        let randomness = randomness.branch();
        let uploader =
            Uploader { client, clock, description, addresses, identity, link: link_key, keys: mix_keys, randomness };
        let work = Box::pin(async move {
            let mut following = tokio::spawn(following);
            let mut turning = tokio::spawn(turning);
            let ended = tokio::select! {
                () = running => Ok(()),
                Err(failed) = uploader.run() => Err(failed.into()),
                Err(failed) = rotating => Err(failed.into()),
                ended = &mut following => { pass_on(ended); Ok(()) }
                ended = &mut turning => { pass_on(ended); Ok(()) }
            };
            following.abort();
            turning.abort();
            ended
        });
        Ok(Launched { node, work })
    }
}
