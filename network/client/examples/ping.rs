//! Messages to a network's echo service:
//! `cargo run -p mixwell-client --example ping -- client.toml`.

use core::error::Error;
use mixwell_client::{Client, Options};
use mixwell_net::randomness::Randomness;
use std::{env, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: ping client.toml")?;
    let network = mixwell_config::read_client(Path::new(&path), None)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let client = Client::connect(network, Options::default(), &Randomness::from_system()?).await?;
        for number in 0..10_u8 {
            match client.send(&[number; 100]).await {
                Ok(reply) => println!("{number}: back after {:?}, {:?} of it held", reply.round_trip, reply.delays),
                Err(error) => println!("{number}: {error}"),
            }
        }
        client.stop().await?;
        Ok(())
    })
}
