//! Starting a node with all that it needs of the authorities.

use crate::error::LaunchError;
use crate::{
    faults::Faults,
    mix_keys::{MixKeys, rotate},
    node::{Node, NodeConfig},
    service,
    sizes::Sizes,
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
pub struct Launch {
    pub name: String,
    pub kind: NodeKind,
    pub identity: Arc<Identity>,
    pub link_key: LinkKey,
    /// What its descriptor tells.
    pub addresses: PublicAddresses,
    pub listeners: Vec<TcpListener>,
    pub authorities: Arc<Authorities>,
    pub clock: Clock,
    pub geometry: Geometry,
    /// The services of a service node.
    pub services: Vec<ServiceSpec>,
    /// Whether it sends loop decoys.
    pub sends_decoys: bool,
    /// Where mix keys are stored; in memory alone if nowhere.
    pub folder: Option<PathBuf>,
    pub sizes: Sizes,
    pub randomness: Randomness,
    /// What it does wrong, if anything.
    pub faults: Option<Arc<dyn Faults>>,
    /// Turns true when it is to stop.
    pub stop: watch::Receiver<bool>,
}

/// A node that works while its future is polled.
pub struct Launched {
    pub node: Arc<Node>,
    pub work: Pin<Box<dyn Future<Output = Result<(), LaunchError>> + Send>>,
}

impl Launch {
    /// Makes the node.
    pub fn launch(self) -> Result<Launched, LaunchError> {
        let scheme = self.geometry.scheme();
        with_scheme(scheme, self).ok_or_else(|| LaunchError::UnknownScheme(scheme.name().to_owned()))?
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
    type Output = Result<Launched, LaunchError>;

    fn with<S: MixScheme>(self) -> Self::Output {
        let description = self.description();
        let Self { name, kind, identity, link_key, listeners, authorities, clock, geometry, .. } = self;
        let Self { addresses, services, sends_decoys, folder, sizes, randomness, faults, stop, .. } = self;
        let sphinx = Sphinx::<S>::new(geometry).map_err(LaunchError::WrongScheme)?;
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
        let config = NodeConfig {
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
            faults,
        };
        let (node, turning) = Node::new(config);
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
