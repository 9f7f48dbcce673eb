//! The parts of a network, before any node of it runs.

use core::time::Duration;
use mixwell_net::{
    address::Address,
    authorities::{Authorities, Authority},
    clock::Clock,
    consensus::Consensus,
    directory::{Consensuses, Directory},
    keys::{Identity, LinkKem, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
    rendezvous::Limits,
    services::ServiceSpec,
};
use mixwell_node::{AnySphinx, Faults, MixKeys, NodeConfig, NodeDescription, ResourceLimits, Services};
use mixwell_pki_types::{Ed25519, Epoch, Period, Rates, build::DocumentBuilder, certify};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, NodeId, Scheme, Sphinx};
use std::{collections::BTreeMap, net::TcpListener, sync::Arc};

/// Nodes that a consensus lists: gateways first, then the mixes layer by layer, a service node
/// last.
pub struct Plan<S: Scheme = X25519> {
    /// The packets.
    pub sphinx: Sphinx<S>,
    /// The clock.
    pub clock: Clock,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The known consensuses.
    pub known: Consensuses,
    /// The source of randomness.
    pub randomness: Randomness,
    /// The nodes that may take part.
    pub nodes: Vec<Planned>,
    /// The authority's key, which signs consensuses.
    pub signer: Identity,
    rates: Rates,
    layers: usize,
}

/// A node that does not run yet.
pub struct Planned {
    /// The node's name.
    pub name: String,
    /// The kind of node.
    pub kind: NodeKind,
    /// The layer of a mix.
    pub layer: Option<usize>,
    /// The identity key.
    pub identity: Arc<Identity>,
    /// The hash of the identity key.
    pub id: NodeId,
    /// The link key.
    pub link_key: LinkKey,
    /// The mix keys.
    pub mix_keys: Arc<MixKeys>,
    /// The socket on which the node will listen.
    pub listener: TcpListener,
    /// The node's faults, if any.
    pub faults: Option<Arc<dyn Faults>>,
    /// The parts of its descriptor that are not keys.
    pub description: NodeDescription,
}

impl Plan {
    /// A network with the given numbers of gateways and of mixes in each layer, and a service node.
    pub fn new(geometry: Geometry, shape: (usize, &[usize]), rates: Rates) -> Self {
        Self::with_listed_keys(geometry, shape, rates, |_, _| None)
    }

    /// A network with another clock, whose links use another KEM.
    pub fn with_links(
        (clock, kem): (Clock, LinkKem),
        geometry: Geometry,
        shape: (usize, &[usize]),
        rates: Rates,
    ) -> Self {
        Self::build((clock, kem), geometry, shape, rates, |_, _| None)
    }

    /// A network whose consensus lists other mix keys for some nodes, given by the node's number,
    /// for the epoch.
    pub fn with_listed_keys(
        geometry: Geometry,
        shape: (usize, &[usize]),
        rates: Rates,
        listed: impl FnMut(usize, Epoch) -> Option<BTreeMap<Epoch, Vec<u8>>>,
    ) -> Self {
        Self::build((longest_clock(), LinkKem::default()), geometry, shape, rates, listed)
    }
}

impl<S: Scheme> Plan<S> {
    /// A network with packets of any scheme.
    pub fn of_scheme(geometry: Geometry, shape: (usize, &[usize]), rates: Rates) -> Self {
        Self::build((longest_clock(), LinkKem::default()), geometry, shape, rates, |_, _| None)
    }

    fn build(
        (clock, kem): (Clock, LinkKem),
        geometry: Geometry,
        (gateways, layers): (usize, &[usize]),
        rates: Rates,
        listed: impl FnMut(usize, Epoch) -> Option<BTreeMap<Epoch, Vec<u8>>>,
    ) -> Self {
        let sphinx = Sphinx::<S>::new(geometry).unwrap();
        let randomness = Randomness::from_seed(1);
        let mut rng = randomness.rng();
        let epoch = clock.epoch();
        let mut kinds = vec![(NodeKind::Gateway, None); gateways];
        kinds.extend(layers.iter().enumerate().flat_map(|(layer, count)| vec![(NodeKind::Mix, Some(layer)); *count]));
        kinds.push((NodeKind::Service, None));
        let nodes = kinds.into_iter().enumerate().map(|(number, (kind, layer))| {
            let identity = Arc::new(Identity::generate(&Ed25519, &mut rng).unwrap());
            let link_key = LinkKey::generate(kem, &mut rng).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let address = Address::of(listener.local_addr().unwrap());
            let mix_keys = Arc::new(MixKeys::in_memory(AnySphinx::new(geometry).unwrap()));
            mix_keys.advance(epoch, tokio::time::Instant::now(), &mut rng).unwrap();
            let description = NodeDescription {
                name: format!("node{number}"),
                addresses: BTreeMap::from([("tcp4".to_owned(), vec![address.to_string()])]),
                kaetzchen: (kind == NodeKind::Service).then(|| services(&geometry, &randomness).capabilities().clone()),
                kind,
            };
            let (name, id) = (description.name.clone(), identity.id().into());
            Planned { name, kind, layer, identity, id, link_key, mix_keys, listener, faults: None, description }
        });
        let nodes = nodes.collect();
        let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
        let authority = Authority::new("authority".to_owned(), signer.public().to_vec(), Vec::new(), Vec::new());
        let authorities = Arc::new(Authorities::new(&Ed25519, kem, vec![authority]));
        let known = Consensuses { epoch, ..Consensuses::default() };
        let layers = layers.len();
        let mut plan = Self { sphinx, clock, authorities, known, randomness, nodes, signer, rates, layers };
        plan.known.current = Some(Arc::new(plan.consensus_with(epoch, listed)));
        plan
    }

    /// The consensus of an epoch for which the nodes have mix keys, with the nodes that are still
    /// in the plan.
    pub fn consensus(&self, epoch: Epoch) -> Consensus {
        self.consensus_with(epoch, |_, _| None)
    }

    fn consensus_with(
        &self,
        epoch: Epoch,
        listed: impl FnMut(usize, Epoch) -> Option<BTreeMap<Epoch, Vec<u8>>>,
    ) -> Consensus {
        let document = self.document_with(epoch, listed);
        consensus(&document, &self.signer, &self.authorities, &mut self.randomness.rng())
    }

    /// The document of an epoch for which the nodes have mix keys.
    pub fn document(&self, epoch: Epoch) -> DocumentBuilder {
        self.document_with(epoch, |_, _| None)
    }

    fn document_with(
        &self,
        epoch: Epoch,
        mut listed: impl FnMut(usize, Epoch) -> Option<BTreeMap<Epoch, Vec<u8>>>,
    ) -> DocumentBuilder {
        let mut document = DocumentBuilder {
            epoch,
            genesis_epoch: epoch,
            rates: self.rates,
            topology: Some(vec![Vec::new(); self.layers]),
            gateways: Some(Vec::new()),
            services: Some(Vec::new()),
            shared_random_value: [1; 32],
            sphinx_geometry_hash: self.sphinx.geometry().hash(),
            version: "v1".to_owned(),
            signature_scheme: "Ed25519".to_owned(),
            ..DocumentBuilder::default()
        };
        for (number, node) in self.nodes.iter().enumerate() {
            let public = listed(number, epoch).unwrap_or_else(|| node.mix_keys.public(epoch));
            let descriptor = node.description.descriptor(epoch, &node.identity, &node.link_key, public);
            match (node.kind, node.layer) {
                (NodeKind::Gateway, _) => document.gateways.as_mut().unwrap().push(descriptor),
                (NodeKind::Service, _) => document.services.as_mut().unwrap().push(descriptor),
                (NodeKind::Mix, layer) => document.topology.as_mut().unwrap()[layer.unwrap()].push(descriptor),
            }
        }
        document
    }
}

impl Planned {
    /// The node's configuration and its listener, on the current runtime.
    pub fn parts(
        self,
        clock: Clock,
        directory: Directory,
        limits: ResourceLimits,
        randomness: Randomness,
    ) -> (NodeConfig, tokio::net::TcpListener) {
        let Self { name, kind, id, link_key, mix_keys, listener, faults, .. } = self;
        let listener = listener.try_into().unwrap();
        let services = if kind == NodeKind::Service {
            services(mix_keys.sphinx().geometry(), &randomness)
        } else {
            Services::default()
        };
        let parts = NodeConfig {
            name,
            kind,
            id,
            link_key,
            mix_keys,
            services,
            sends_decoys: true,
            clock,
            directory,
            limits,
            randomness,
            faults,
        };
        (parts, listener)
    }
}

/// There is only one consensus, so the epoch must not end during the test: of several periods, the
/// one that leaves the most time.
fn longest_clock() -> Clock {
    let clocks = [20, 21, 23, 25, 27].map(|minutes| Clock::new(Period::new(Duration::from_mins(minutes)).unwrap()));
    clocks.into_iter().max_by_key(|clock| clock.time().left).unwrap()
}

fn services(geometry: &Geometry, randomness: &Randomness) -> Services {
    let boxes = Limits { boxes: 10_000, life: Duration::from_mins(20) };
    Services::new(&ServiceSpec::defaults(geometry), geometry, boxes, randomness.rng())
}

/// A consensus that one authority has signed.
pub fn consensus(
    document: &DocumentBuilder,
    signer: &Identity,
    authorities: &Authorities,
    rng: &mut chacha20::ChaCha20Rng,
) -> Consensus {
    let expiration = document.epoch.plus(5);
    let payload = document.encode();
    let mut certificate = vec![0; payload.len() + 1000];
    let length = certify(&payload, expiration, &signer.signing().unwrap(), rng, &mut certificate).unwrap();
    certificate.truncate(length);
    let epochs: (Epoch, Epoch) = (document.epoch, document.epoch);
    Consensus::verify(certificate, authorities, epochs, Some(&document.sphinx_geometry_hash)).unwrap()
}
