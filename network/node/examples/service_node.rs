//! A service node with its own service, which answers each request with its bytes in reverse order.
//!
//! ```text
//! cargo run -p mixwell-node --example service_node -- 127.0.0.1:4001 authority.identity.public.pem authority.link.public.pem tcp://127.0.0.1:3001
//! ```
//!
//! The program prints the identity key that the authority has to list, runs until Ctrl-C, and then
//! prints its metrics.

use core::{error::Error, time::Duration};
use mixwell_mixdelay::Instant;
use mixwell_net::{
    address::{Address, PublicAddresses},
    authorities::{Authorities, Authority},
    clock::Clock,
    keys::{Identity, LinkKem, LinkKey},
    node_kind::NodeKind,
    pem,
    randomness::Randomness,
    runtime::StopSignals,
    services::ServiceSpec,
};
use mixwell_node::{NodeBuilder, ResourceLimits, Service, Services, metrics};
use mixwell_pki_types::{Ed25519, Period};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The network's epoch length.
const PERIOD: Duration = Duration::from_mins(20);

/// Answers a request with its bytes in reverse order.
#[derive(Debug)]
struct Reverse;

impl Service for Reverse {
    fn answer<'a>(&self, _: Instant, request: &'a [u8], room: &'a mut [u8]) -> &'a [u8] {
        // `room` has the length of a packet, so every request fits
        let Some(answer) = room.get_mut(..request.len()) else { return &[] };
        for (to, from) in answer.iter_mut().zip(request.iter().rev()) {
            *to = *from;
        }
        answer
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, identity_pem, link_pem, authority] = &arguments[..] else {
        return Err("usage: mix IP:PORT AUTHORITY_IDENTITY_PEM AUTHORITY_LINK_PEM AUTHORITY_ADDRESS".into());
    };
    let mut stop_signals = StopSignals::new();
    let randomness = Randomness::from_system()?;
    let kem = LinkKem::default();
    let authority = Authority::new(
        "authority".to_owned(),
        pem::decode("Ed25519", pem::Kind::Public, 32, &std::fs::read(identity_pem)?)?.to_vec(),
        kem.public_from_pem(&std::fs::read_to_string(link_pem)?)?,
        vec![authority.parse::<Address>()?],
    );

    let geometry = Geometry::of::<X25519>(5, 2000, true)?;
    let limits = ResourceLimits::for_period(PERIOD);
    let mut services = Services::new(&ServiceSpec::defaults(&geometry), &geometry, limits.boxes, randomness.rng());
    services.add("reverse", "+reverse", Arc::new(Reverse))?;
    let identity = Identity::generate(&Ed25519, &mut randomness.rng())?;
    println!("{}", identity.public_pem());
    let node = NodeBuilder {
        name: "reverser".to_owned(),
        kind: NodeKind::Service,
        identity: Arc::new(identity),
        link_key: LinkKey::generate(kem, &mut randomness.rng())?,
        addresses: PublicAddresses::new(vec![format!("tcp://{listen}").parse()?]),
        listeners: vec![TcpListener::bind(listen).await?],
        authorities: Arc::new(Authorities::new(&Ed25519, kem, vec![authority])),
        clock: Clock::new(Period::new(PERIOD).ok_or("no period")?),
        geometry,
        services,
        sends_decoys: true,
        mix_key_folder: None,
        limits,
        randomness,
        faults: None,
    };
    let mut running = node.start()?;
    tokio::select! {
        () = stop_signals.next() => {}
        ended = running.ended() => return Ok(ended?),
    }
    let node = Arc::clone(running.node());
    running.stop().await?;
    print!("{}", metrics::text(&node));
    Ok(())
}
