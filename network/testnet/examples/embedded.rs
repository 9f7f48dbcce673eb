//! A whole network inside a program, from the published crates alone: three authorities, a gateway,
//! two mixes, a service node, and a client that sends a message to the echo service. Meant to be
//! copied.
//!
//! `cargo run -p mixwell-testnet --example embedded` takes up to three epochs, half a minute.

use core::{error::Error, time::Duration};
use mixwell_authority::{AuthorityBuilder, AuthorityHandle, Layers, Settings};
use mixwell_client::{Client, Options};
use mixwell_net::{
    address::{Address, ListedAddress, PublicAddresses},
    authorities::{Authorities, Authority},
    clock::Clock,
    directory_client::{DirectoryClient, Poll},
    keys::{Identity, LinkKem, LinkKey},
    network::Network,
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
    services::ServiceSpec,
};
use mixwell_node::{NodeBuilder, ResourceLimits, RunningNode, Services};
use mixwell_pki_types::{Ed25519, Period, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Length of an epoch; deployed networks use 20 minutes.
const PERIOD: Duration = Duration::from_secs(10);

/// A mean of 20 ms at each hop, and one client packet every 25 ms.
const RATES: Rates =
    Rates { mu: 0.05, lambda_p: 0.04, lambda_l: 0.002, lambda_m: 0.002, lambda_g: 0.002, lambda_r: 0.0 };

/// Time limit for the first consensus, and for sending.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let reply = run(b"hello").await?;
    println!("{}", String::from_utf8_lossy(&reply));
    Ok(())
}

/// Starts a network, sends a message to its echo service, stops it, and returns the reply.
async fn run(message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let randomness = Randomness::from_system()?;
    let period = Period::new(PERIOD).ok_or("no period")?;
    // routes of four hops: gateway, two layers of mixes, service node
    let geometry = Geometry::of::<X25519>(4, 500, true)?;

    // keys and sockets first, because each member needs those of all the others
    let mut authorities = Vec::new();
    for name in ["auth1", "auth2", "auth3"] {
        authorities.push(Member::new(name, &randomness).await?);
    }
    let mut nodes = Vec::new();
    for (name, kind) in [
        ("gateway1", NodeKind::Gateway),
        ("mix1", NodeKind::Mix),
        ("mix2", NodeKind::Mix),
        ("servicenode1", NodeKind::Service),
    ] {
        nodes.push((Member::new(name, &randomness).await?, kind));
    }
    let listed = authorities.iter().map(Member::as_authority).collect();
    let listed = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), listed));
    let permitted = |(node, kind): &(Member, NodeKind)| PermittedNode {
        identifier: node.name.clone(),
        id: node.identity.id(),
        kind: *kind,
    };
    let settings = Settings {
        authorities: Arc::clone(&listed),
        nodes: nodes.iter().map(permitted).collect(),
        replicas: Vec::new(),
        layers: Layers::Dynamic(2),
        min_per_layer: 1,
        rates: RATES,
        geometry,
        period,
    };

    let mut running_authorities: Vec<AuthorityHandle> = Vec::new();
    for Member { identity, link_key, listener, .. } in authorities {
        let builder = AuthorityBuilder::new(settings.clone(), identity, link_key, randomness.branch());
        running_authorities.push(builder.listener(listener).start()?);
    }
    let mut running_nodes: Vec<RunningNode> = Vec::new();
    for (node, kind) in nodes {
        running_nodes.push(start_node(node, kind, &listed, geometry, period, &randomness)?);
    }

    let network =
        Network { kem: LinkKem::default(), geometry, authorities: Arc::clone(&listed), gateways: Vec::new(), period };
    wait_for_consensus(&network, &randomness).await?;
    let client = Client::connect(network, Options::default(), &randomness).await?;
    let reply = tokio::time::timeout(PATIENCE, send(&client, message)).await?;

    client.stop().await?;
    for node in running_nodes {
        node.stop().await?;
    }
    for authority in running_authorities {
        authority.stop().await;
    }
    Ok(reply)
}

/// Sends a message until a reply arrives: packets are lost while the first links are being set up.
async fn send(client: &Client, message: &[u8]) -> Vec<u8> {
    loop {
        match client.send(message).await {
            Ok(mut reply) => {
                // the service pads its reply with zeros
                reply.payload.truncate(message.len());
                return reply.payload;
            }
            Err(error) => println!("{error}"),
        }
    }
}

/// The authorities agree on the first consensus in the epoch before it.
async fn wait_for_consensus(network: &Network, randomness: &Randomness) -> Result<(), Box<dyn Error>> {
    let clock = Clock::new(network.period);
    let link_key = LinkKey::generate(network.kem, &mut randomness.rng())?;
    let directory = DirectoryClient::new(Arc::clone(&network.authorities), link_key, None, randomness.branch());
    let begun = std::time::Instant::now();
    loop {
        // the current epoch's consensus: a client sends nothing with the next epoch's
        let poll = Poll {
            authorities: network.authorities.iter().collect(),
            epoch: Some(clock.epoch()),
            wait: Duration::ZERO,
        };
        match directory.poll(clock, &poll, |_, _| {}).await {
            Ok(_) => return Ok(()),
            Err(errors) if begun.elapsed() > PATIENCE => return Err(errors.to_string().into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

fn start_node(
    node: Member,
    kind: NodeKind,
    authorities: &Arc<Authorities>,
    geometry: Geometry,
    period: Period,
    randomness: &Randomness,
) -> Result<RunningNode, Box<dyn Error>> {
    let limits = ResourceLimits::for_period(period.duration());
    let services = Services::new(&ServiceSpec::defaults(&geometry), &geometry, limits.boxes, randomness.rng());
    let builder = NodeBuilder {
        name: node.name,
        kind,
        identity: node.identity,
        link_key: node.link_key,
        addresses: PublicAddresses::new(vec![ListedAddress::Tcp(node.address)]),
        listeners: vec![node.listener],
        authorities: Arc::clone(authorities),
        clock: Clock::new(period),
        geometry,
        services,
        sends_decoys: true,
        mix_key_folder: None,
        limits,
        randomness: randomness.branch(),
        faults: None,
    };
    Ok(builder.start()?)
}

/// The keys and the socket of an authority or a node.
struct Member {
    name: String,
    identity: Arc<Identity>,
    link_key: LinkKey,
    listener: TcpListener,
    address: Address,
}

impl Member {
    async fn new(name: &str, randomness: &Randomness) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self {
            name: name.to_owned(),
            identity: Arc::new(Identity::generate(&Ed25519, &mut randomness.rng())?),
            link_key: LinkKey::generate(LinkKem::default(), &mut randomness.rng())?,
            address: Address::of(listener.local_addr()?),
            listener,
        })
    }

    fn as_authority(&self) -> Authority {
        let (identity, link_key) = (self.identity.public().to_vec(), self.link_key.public().to_vec());
        Authority::new(self.name.clone(), identity, link_key, vec![self.address.clone()])
    }
}

#[cfg(test)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_comes_back() -> Result<(), Box<dyn Error>> {
    assert_eq!(run(b"hello").await?, b"hello");
    Ok(())
}
