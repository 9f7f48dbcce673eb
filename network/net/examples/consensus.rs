//! A directory client: fetches the consensus from an authority and follows it from epoch to epoch
//! until Ctrl-C.
//!
//! ```text
//! cargo run -p mixwell-net --example consensus -- authority.identity.public.pem authority.link.public.pem tcp://127.0.0.1:3001
//! ```

use core::error::Error;
use mixwell_net::{
    address::Address,
    authorities::{Authorities, Authority},
    clock::Clock,
    directory::follow,
    directory_client::DirectoryClient,
    keys::{LinkKem, LinkKey},
    pem,
    randomness::Randomness,
    runtime::stop_signal,
};
use mixwell_pki_types::{Ed25519, Period};
use std::{env, fs, sync::Arc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [identity_pem, link_pem, address] = &arguments[..] else {
        return Err("usage: consensus AUTHORITY_IDENTITY_PEM AUTHORITY_LINK_PEM AUTHORITY_ADDRESS".into());
    };
    let (randomness, kem) = (Randomness::from_system()?, LinkKem::default());
    let authority = Authority::new(
        "authority".to_owned(),
        pem::decode("Ed25519", pem::Kind::Public, 32, &fs::read(identity_pem)?)?.to_vec(),
        kem.public_from_pem(&fs::read_to_string(link_pem)?)?,
        vec![address.parse::<Address>()?],
    );
    let authorities = Arc::new(Authorities::new(&Ed25519, kem, vec![authority]));
    let link_key = LinkKey::generate(kem, &mut randomness.rng())?;
    let client = DirectoryClient::new(authorities, link_key, None, randomness);

    let (mut directory, following) = follow(client, Clock::new(Period::default()));
    tokio::spawn(following);
    let show = async {
        loop {
            let known = directory.borrow_and_update().clone();
            let epochs: Vec<String> = known.all().map(|consensus| consensus.epoch().to_string()).collect();
            println!("epoch {}, consensuses of {}", known.epoch, epochs.join(", "));
            if directory.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = show => {}
        () = stop_signal() => {}
    }
    Ok(())
}
