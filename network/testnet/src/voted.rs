//! A network whose authorities vote, as in deployment: all members are started by the public
//! builders, on loopback sockets.

mod error;
mod member;
mod pace;

pub use error::StartError;
pub use member::Member;
pub use pace::{PATIENT, period_beginning_now, small_limits};

use core::sync::atomic::Ordering::Relaxed;
use mixwell_authority::{AuthorityBuilder, AuthorityHandle, Layers, Policy, Settings};
use mixwell_client::{Client, Options};
use mixwell_net::{
    address::{ListedAddress, PublicAddresses},
    authorities::Authorities,
    clock::Clock,
    directory::{Consensuses, Directory, follow},
    directory_client::DirectoryClient,
    keys::{LinkKem, LinkKey},
    network::Network,
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
    services::ServiceSpec,
};
use mixwell_node::{Node, NodeBuilder, ResourceLimits, RunningNode, Services};
use mixwell_pki_types::{Ed25519, Period, Rates};
use mixwell_sphinx::Geometry;
use std::sync::Arc;
use tokio::task::{JoinHandle, JoinSet};

/// The shape of a network with one gateway and one service node. [`start`](Self::start) starts it.
#[derive(Debug, Clone)]
pub struct NetworkBuilder {
    /// The packets' geometry; routes have two hops more than there are layers.
    pub geometry: Geometry,
    /// The KEM of links.
    pub kem: LinkKem,
    /// The length of an epoch.
    pub period: Period,
    /// Number of authorities.
    pub authorities: usize,
    /// Number of layers of mixes.
    pub layers: u8,
    /// Number of mixes in each layer.
    pub mixes_per_layer: u8,
    /// The rates that the authorities vote for.
    pub rates: Rates,
    /// Resource limits of each node.
    pub limits: ResourceLimits,
    /// The source of randomness for keys, routes and delays.
    pub randomness: Randomness,
}

/// A running network. Its first consensus is for the epoch after the one in which it was started.
#[derive(Debug)]
pub struct VotedNetwork {
    /// The clock of epochs.
    pub clock: Clock,
    /// The packets.
    pub geometry: Geometry,
    /// The KEM of links.
    pub kem: LinkKem,
    /// The nodes: the gateway, the mixes layer by layer, the service node.
    pub nodes: Vec<Arc<Node>>,
    /// The clients, in the order of [`connect`](Self::connect).
    pub clients: Vec<Arc<Client>>,
    /// The authorities, as listed in the configurations of other members.
    pub authorities: Vec<Member>,
    /// The gateway.
    pub gateway: Member,
    listed_authorities: Arc<Authorities>,
    directory: Directory,
    randomness: Randomness,
    following: JoinHandle<()>,
    running_authorities: Vec<AuthorityHandle>,
    running_nodes: Vec<RunningNode>,
}

/// A member, its sockets and its kind, before it runs.
struct Planned {
    member: Member,
    listener: tokio::net::TcpListener,
    kind: NodeKind,
}

impl NetworkBuilder {
    /// Starts the network on the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(self) -> Result<VotedNetwork, StartError> {
        let mut authorities = Vec::new();
        for number in 1..=self.authorities {
            authorities.push(Member::bind(format!("authority {number}"), self.kem, &self.randomness).await?);
        }
        let nodes = self.plan_nodes().await?;
        let clock = Clock::new(self.period);
        let listed = authorities.iter().map(|(member, _)| member.as_authority()).collect();
        let listed = Arc::new(Authorities::new(&Ed25519, self.kem, listed));
        let policy = self.policy(Arc::clone(&listed), &nodes);
        let mut running_authorities = Vec::new();
        let mut authority_members = Vec::new();
        for (member, listener) in authorities {
            let (identity, link_key) = (Arc::clone(&member.identity), member.link_key.clone());
            let builder = AuthorityBuilder::new(policy.clone(), identity, link_key, self.randomness.branch());
            running_authorities.push(builder.listener(listener).start()?);
            authority_members.push(member);
        }
        let observer = LinkKey::generate(self.kem, &mut self.randomness.rng())?;
        let observer = DirectoryClient::new(Arc::clone(&listed), observer, None, self.randomness.branch());
        let (directory, following) = follow(observer, clock);
        let gateway = nodes[0].member.clone();
        let mut running_nodes = Vec::new();
        for node in nodes {
            running_nodes.push(self.start_node(node, &listed, clock)?);
        }
        Ok(VotedNetwork {
            clock,
            geometry: self.geometry,
            kem: self.kem,
            nodes: running_nodes.iter().map(|node| Arc::clone(node.node())).collect(),
            clients: Vec::new(),
            authorities: authority_members,
            gateway,
            listed_authorities: listed,
            directory,
            randomness: self.randomness,
            following: tokio::spawn(following),
            running_authorities,
            running_nodes,
        })
    }

    async fn plan_nodes(&self) -> Result<Vec<Planned>, StartError> {
        let mut names = vec![("gateway".to_owned(), NodeKind::Gateway)];
        for layer in 1..=self.layers {
            names.extend((1..=self.mixes_per_layer).map(|number| (format!("mix {layer}.{number}"), NodeKind::Mix)));
        }
        names.push(("service node".to_owned(), NodeKind::Service));
        let mut nodes = Vec::new();
        for (name, kind) in names {
            let (member, listener) = Member::bind(name, self.kem, &self.randomness).await?;
            nodes.push(Planned { member, listener, kind });
        }
        Ok(nodes)
    }

    fn policy(&self, authorities: Arc<Authorities>, nodes: &[Planned]) -> Policy {
        let mixes: Vec<_> = nodes.iter().filter(|node| node.kind == NodeKind::Mix).collect();
        let layers = mixes.chunks(self.mixes_per_layer.max(1).into());
        let layers = layers.map(|layer| layer.iter().map(|node| node.member.id()).collect());
        let permitted = |node: &Planned| PermittedNode {
            identifier: node.member.name.clone(),
            id: node.member.id(),
            kind: node.kind,
        };
        let settings = Settings {
            authorities,
            nodes: nodes.iter().map(permitted).collect(),
            replicas: Vec::new(),
            layers: Layers::Fixed(layers.collect()),
            min_per_layer: self.mixes_per_layer.into(),
            rates: self.rates,
            geometry: self.geometry,
            period: self.period,
        };
        Policy::from(settings).with_lambda_g(self.rates.lambda_g)
    }

    fn start_node(
        &self,
        node: Planned,
        authorities: &Arc<Authorities>,
        clock: Clock,
    ) -> Result<RunningNode, StartError> {
        let Planned { member, listener, kind } = node;
        let specs = ServiceSpec::defaults(&self.geometry);
        let services = Services::new(&specs, &self.geometry, self.limits.boxes, self.randomness.rng());
        let builder = NodeBuilder {
            name: member.name,
            kind,
            identity: member.identity,
            link_key: member.link_key,
            addresses: PublicAddresses::new(vec![ListedAddress::Tcp(member.address)]),
            listeners: vec![listener],
            authorities: Arc::clone(authorities),
            clock,
            geometry: self.geometry,
            services,
            sends_decoys: true,
            mix_key_folder: None,
            faults: None,
            limits: self.limits.clone(),
            randomness: self.randomness.branch(),
        };
        Ok(builder.start()?)
    }
}

impl VotedNetwork {
    /// Starts a client, which fetches the consensus from the gateway.
    ///
    /// # Errors
    /// If the geometry's scheme is unknown.
    pub fn connect(&mut self, options: Options) -> Result<Arc<Client>, StartError> {
        let client = Client::start(self.configuration(), options, Consensuses::default(), &self.randomness)?;
        let client = Arc::new(client);
        self.clients.push(Arc::clone(&client));
        Ok(client)
    }

    /// The configuration of a client, which pins the gateway.
    #[must_use]
    pub fn configuration(&self) -> Network {
        Network {
            kem: self.kem,
            geometry: self.geometry,
            authorities: Arc::clone(&self.listed_authorities),
            gateways: vec![self.gateway.as_target()],
            period: self.clock.period(),
        }
    }

    /// Whether there is a consensus of this epoch, every node knows it, every link is up, and every
    /// client has been connected.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let links = self.nodes.iter().all(|node| {
            let (up, all) = node.links();
            all > 0 && up == all
        });
        let clients = self.clients.iter().all(|client| client.tally().connections.load(Relaxed) > 0);
        links && clients && self.signers().is_some() && self.nodes.iter().all(|node| node.has_consensus())
    }

    /// Number of authorities that signed the consensus of this epoch, if there is one.
    #[must_use]
    pub fn signers(&self) -> Option<usize> {
        let known = self.directory.borrow().clone();
        known.of(self.clock.epoch()).map(|consensus| consensus.signers().len())
    }

    /// Stops clients, nodes and authorities at once, and waits for them. Clients that are still
    /// shared end when they are dropped.
    pub async fn stop(self) {
        let mut tasks = JoinSet::new();
        for client in self.clients.into_iter().filter_map(Arc::into_inner) {
            tasks.spawn(async move { drop(client.stop().await) });
        }
        for node in self.running_nodes {
            tasks.spawn(async move { drop(node.stop().await) });
        }
        for authority in self.running_authorities {
            tasks.spawn(authority.stop());
        }
        self.following.abort();
        while tasks.join_next().await.is_some() {}
    }
}
