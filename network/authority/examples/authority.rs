//! A network's only authority: keys and journal in a data folder; runs until Ctrl-C.
//!
//! `cargo run -p mixwell-authority --example authority -- /tmp/auth1 127.0.0.1:30001`

use core::error::Error;
use mixwell_authority::{AuthorityBuilder, Layers, Settings};
use mixwell_net::{
    authorities::{Authorities, Authority},
    files,
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
    runtime::StopSignals,
};
use mixwell_pki_types::{Ed25519, Period, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use std::{env, path::PathBuf, sync::Arc};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(address)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("usage: authority FOLDER ADDRESS".into());
    };
    // installed before anything is written, so that no signal is missed
    let mut stop = StopSignals::new();

    let (randomness, kem) = (Randomness::from_system()?, LinkKem::default());
    files::make_folder(&folder)?;
    let identity = Identity::load_or_generate(&folder, &Ed25519, &mut randomness.rng())?;
    let link = LinkKey::load_or_generate(&folder, kem, &mut randomness.rng())?;
    let listener = TcpListener::bind(&address).await?;

    // every authority and every client of the network has this list
    let own = Authority::new(
        "auth1".to_owned(),
        identity.public().to_vec(),
        link.public().to_vec(),
        vec![format!("tcp://{}", listener.local_addr()?).parse()?],
    );
    let settings = Settings {
        authorities: Arc::new(Authorities::new(&Ed25519, kem, vec![own])),
        nodes: Vec::new(),
        replicas: Vec::new(),
        layers: Layers::Dynamic(3),
        min_per_layer: 1,
        rates: Rates { mu: 0.005, lambda_p: 0.001, ..Rates::default() },
        geometry: Geometry::of::<X25519>(5, 2000, true)?,
        period: Period::default(),
    };
    let id = identity.id();
    let builder = AuthorityBuilder::new(settings, identity, link, randomness);
    let authority = builder.listener(listener).data_folder(&folder).start()?;
    println!("authority {id} on {address}");

    stop.next().await;
    authority.stop().await;
    Ok(())
}
