//! A network whose authorities, mixes, gateways and service nodes are half ours and half the
//! reference's.

use core::time::Duration;
use mixwell_authority::{AuthorityBuilder, AuthorityHandle, Layers, Settings};
use mixwell_net::{
    address::{Address, ListedAddress, PublicAddresses},
    authorities::{Authorities, Authority},
    clock::Clock,
    connect::LinkTarget,
    directory_client::{DirectoryClient, ExchangeError},
    keys::{Identity, LinkKem, LinkKey},
    network::Network,
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
    services::ServiceSpec,
};
use mixwell_node::{NodeBuilder, ResourceLimits, RunningNode, Services};
use mixwell_pki_types::{Ed25519, Epoch, KeyHash, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};
use mixwell_testnet::{
    reference::{
        Times,
        authority::Settings as ReferenceSettings,
        run::{self as reference, RunningAuthority},
    },
    voted::{PATIENT, period_beginning_now, small_limits},
};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Epochs are short: an authority's eighth is 1.25 s.
const PERIOD: Duration = Duration::from_secs(10);

/// A mean of 20 ms at each hop.
const RATES: Rates = Rates { mu: 0.05, lambda_p: 0.02, lambda_l: 0.001, lambda_m: 0.002, lambda_g: 0.0, lambda_r: 0.0 };

/// The reference's 120 s, 30 s, 10 s and 15 s, shortened as its epochs of 20 minutes are.
pub(crate) const TIMES: Times = Times {
    handshake: PATIENT.handshake,
    link_life: Duration::from_secs(2),
    link_check: Duration::from_secs(1),
    keep_alive: Duration::from_secs(1),
    gateway_silence: Duration::from_secs(5),
    client_pause: Duration::from_millis(200),
    upload_pause: Duration::from_millis(200),
    // a busy machine runs all of the network
    release_slack: Duration::from_secs(5),
    write_wait: Duration::from_secs(5),
    ..Times::REFERENCE
};

/// Whether each of the authorities is ours.
const AUTHORITIES: [bool; 3] = [true, false, false];

/// The nodes: name, kind, layer of a mix, and whether it is ours.
const NODES: [(&str, NodeKind, Option<usize>, bool); 8] = [
    ("our gateway", NodeKind::Gateway, None, true),
    ("their gateway", NodeKind::Gateway, None, false),
    ("our mix 1", NodeKind::Mix, Some(0), true),
    ("their mix 1", NodeKind::Mix, Some(0), false),
    ("our mix 2", NodeKind::Mix, Some(1), true),
    ("their mix 2", NodeKind::Mix, Some(1), false),
    ("our service node", NodeKind::Service, None, true),
    ("their service node", NodeKind::Service, None, false),
];

/// The running network.
pub(crate) struct MixedNetwork {
    pub(crate) network: Network,
    pub(crate) clock: Clock,
    pub(crate) our_nodes: Vec<OurNode>,
    pub(crate) their_nodes: Vec<reference::RunningNode>,
    pub(crate) their_authorities: Vec<RunningAuthority>,
    /// The gateways, ours first.
    pub(crate) gateways: Vec<LinkTarget>,
    pub(crate) randomness: Randomness,
    our_authorities: Vec<AuthorityHandle>,
}

/// A node of ours that can be restarted.
pub(crate) struct OurNode {
    pub(crate) running: RunningNode,
    member: OurMember,
    kind: NodeKind,
}

/// Keys and address of an authority or node of ours.
struct OurMember {
    name: String,
    identity: Arc<Identity>,
    link_key: LinkKey,
    address: Address,
    folder: TempDir,
}

impl OurMember {
    async fn bind(name: &str, randomness: &Randomness) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let member = Self {
            name: name.to_owned(),
            identity: Arc::new(Identity::generate(&Ed25519, &mut randomness.rng()).unwrap()),
            link_key: LinkKey::generate(LinkKem::default(), &mut randomness.rng()).unwrap(),
            address: Address::of(listener.local_addr().unwrap()),
            folder: tempfile::tempdir().unwrap(),
        };
        (member, listener)
    }

    fn as_authority(&self) -> Authority {
        let (identity, link_key) = (self.identity.public().to_vec(), self.link_key.public().to_vec());
        Authority::new(self.name.clone(), identity, link_key, vec![self.address.clone()])
    }
}

/// A member before it runs.
enum Planned {
    Ours(OurMember, TcpListener),
    Theirs(reference::Member),
}

impl Planned {
    async fn new(name: &str, is_ours: bool, randomness: &Randomness) -> Self {
        if is_ours {
            let (member, listener) = OurMember::bind(name, randomness).await;
            Self::Ours(member, listener)
        } else {
            Self::Theirs(reference::Member::bind(name, randomness).await)
        }
    }

    fn id(&self) -> KeyHash {
        match self {
            Self::Ours(member, _) => member.identity.id(),
            Self::Theirs(member) => member.id,
        }
    }

    fn as_authority(&self) -> Authority {
        match self {
            Self::Ours(member, _) => member.as_authority(),
            Self::Theirs(member) => member.as_authority(),
        }
    }
}

impl MixedNetwork {
    /// Starts everything. Clients find the network up when [`is_up`](Self::is_up).
    pub(crate) async fn start() -> Self {
        let randomness = Randomness::from_system().unwrap();
        let geometry = Geometry::of::<X25519>(4, 500, true).unwrap();
        let mut authorities = Vec::new();
        for (number, is_ours) in AUTHORITIES.into_iter().enumerate() {
            authorities.push(Planned::new(&format!("auth{number}"), is_ours, &randomness).await);
        }
        let mut nodes = Vec::new();
        for (name, kind, layer, is_ours) in NODES {
            nodes.push((Planned::new(name, is_ours, &randomness).await, name, kind, layer));
        }
        let list = authorities.iter().map(Planned::as_authority).collect();
        let listed = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list));
        let permitted = |(node, name, kind, _): &(Planned, &str, NodeKind, Option<usize>)| PermittedNode {
            identifier: (*name).to_owned(),
            id: node.id(),
            kind: *kind,
        };
        let of_layer = |layer: usize| nodes.iter().filter(move |node| node.3 == Some(layer));
        let period = period_beginning_now(PERIOD, Duration::from_millis(1), 2000);
        let settings = ReferenceSettings {
            authorities: Arc::clone(&listed),
            nodes: nodes.iter().map(permitted).collect(),
            layers: (0..2).map(|layer| of_layer(layer).map(|node| node.0.id()).collect()).collect(),
            rates: RATES,
            geometry,
            period,
        };
        let mut started = Self {
            clock: Clock::new(period),
            network: Network { kem: LinkKem::default(), geometry, authorities: listed, gateways: Vec::new(), period },
            our_nodes: Vec::new(),
            their_nodes: Vec::new(),
            their_authorities: Vec::new(),
            gateways: nodes[..2].iter().map(|node| node.0.as_authority().peer).collect(),
            randomness,
            our_authorities: Vec::new(),
        };
        for authority in authorities {
            started.start_authority(authority, &settings);
        }
        for (node, _, kind, _) in nodes {
            started.start_node(node, kind);
        }
        started
    }

    fn start_authority(&mut self, authority: Planned, settings: &ReferenceSettings) {
        let randomness = self.randomness.branch();
        match authority {
            Planned::Ours(member, listener) => {
                let settings = Settings {
                    authorities: Arc::clone(&settings.authorities),
                    nodes: settings.nodes.clone(),
                    replicas: Vec::new(),
                    layers: Layers::Fixed(settings.layers.clone()),
                    min_per_layer: 1,
                    rates: settings.rates,
                    geometry: settings.geometry,
                    period: settings.period,
                };
                let builder = AuthorityBuilder::new(settings, member.identity, member.link_key, randomness);
                self.our_authorities.push(builder.listener(listener).start().unwrap());
            }
            Planned::Theirs(member) => {
                self.their_authorities.push(RunningAuthority::start(member, settings.clone(), TIMES, randomness));
            }
        }
    }

    fn start_node(&mut self, node: Planned, kind: NodeKind) {
        match node {
            Planned::Ours(member, listener) => {
                let running = self.run(&member, kind, listener);
                self.our_nodes.push(OurNode { running, member, kind });
            }
            Planned::Theirs(member) => self.their_nodes.push(
                reference::NodeBuilder {
                    member,
                    kind,
                    authorities: Arc::clone(&self.network.authorities),
                    clock: self.clock,
                    sphinx: Sphinx::new(self.network.geometry).unwrap(),
                    times: TIMES,
                    randomness: self.randomness.branch(),
                }
                .start(),
            ),
        }
    }

    /// Runs a node of ours. Its mix keys are in a folder, so that it finds them after a restart.
    fn run(&self, member: &OurMember, kind: NodeKind, listener: TcpListener) -> RunningNode {
        let usual = small_limits(self.network.period);
        let limits = ResourceLimits { keep_alive: TIMES.keep_alive, ..usual };
        let specs = ServiceSpec::defaults(&self.network.geometry);
        let builder = NodeBuilder {
            name: member.name.clone(),
            kind,
            identity: Arc::clone(&member.identity),
            link_key: member.link_key.clone(),
            addresses: PublicAddresses::new(vec![ListedAddress::Tcp(member.address.clone())]),
            listeners: vec![listener],
            authorities: Arc::clone(&self.network.authorities),
            clock: self.clock,
            geometry: self.network.geometry,
            services: Services::new(&specs, &self.network.geometry, limits.boxes, self.randomness.rng()),
            // as in the reference's generated configurations
            sends_decoys: false,
            mix_key_folder: Some(member.folder.path().to_owned()),
            limits,
            randomness: self.randomness.branch(),
            faults: None,
        };
        builder.start().unwrap()
    }

    /// Restarts a node of ours: it uploads the descriptor of the next epoch again.
    pub(crate) async fn restart(&mut self, number: usize) {
        let OurNode { running, member, kind } = self.our_nodes.remove(number);
        running.stop().await.unwrap();
        let listener = member.address.listen().await.unwrap();
        let running = self.run(&member, kind, listener);
        self.our_nodes.insert(number, OurNode { running, member, kind });
    }

    /// Whether every node has a consensus of this epoch, and a link to every node of its next
    /// layer.
    pub(crate) fn is_up(&self) -> bool {
        let ours = self.our_nodes.iter().all(|node| {
            let (up, all) = node.running.node().links();
            all > 0 && up == all && node.running.node().has_consensus()
        });
        ours && self.their_nodes.iter().all(reference::RunningNode::is_up)
    }

    /// An authority's consensus of an epoch, verified: the number of its signers, and its bytes.
    pub(crate) async fn consensus_of(&self, authority: usize, epoch: Epoch) -> Result<(usize, Vec<u8>), ExchangeError> {
        let key = LinkKey::generate(LinkKem::default(), &mut self.randomness.rng()).unwrap();
        let authorities = Arc::clone(&self.network.authorities);
        let client = DirectoryClient::new(Arc::clone(&authorities), key, None, self.randomness.branch());
        let authority = authorities.iter().nth(authority).unwrap();
        let consensus = client.fetch_from(authority, epoch, self.clock.epoch()).await?;
        Ok((consensus.signers().len(), consensus.certificate().to_vec()))
    }
}
