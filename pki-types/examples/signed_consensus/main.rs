//! A network's directory in one program: nodes upload their descriptors, three authorities sign a
//! consensus on them, a client verifies the consensus and draws routes from it.
//!
//! ```sh
//! cargo run --example signed_consensus --features alloc
//! ```
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "an example, with small numbers")]

mod authorities;
mod nodes;

use authorities::Authority;
use core::{error::Error, time::Duration};
use mixwell_mixdelay::hop_delay_millis;
use mixwell_pki_types::{
    Certificate, Departure, Document, Ed25519, KeyHash, Period, Router, SignatureScheme as _, VerifyingKey, majority,
};
use rand::rngs::ThreadRng;
use std::time::SystemTime;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut rng = rand::rng();
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let epoch = Period::default().at(unix)?.epoch;

    let authorities = [Authority::new()?, Authority::new()?, Authority::new()?];
    let uploads = nodes::upload_all(epoch)?;
    let consensus = authorities::agree(&authorities, &uploads, epoch)?;
    println!("epoch {epoch}: a consensus on {} nodes, {} bytes with 3 signatures", uploads.len(), consensus.len());

    // The client knows only the authorities' public keys.
    let public_keys = authorities.each_ref().map(|authority| authority.public);
    let mut keys = Vec::new();
    for public_key in &public_keys {
        keys.push(VerifyingKey::new(&Ed25519, public_key)?);
    }
    let certificate = Certificate::parse(&consensus)?;
    let verified = certificate.verify_threshold(&keys, majority(keys.len()), epoch)?;
    let document = verified.document_for(epoch)?;
    document.check(&keys, &mut [KeyHash::default(); 64])?;
    // Authorities also certify documents before the consensus.
    if !document.has_shared_random_value() {
        return Err("not a consensus".into());
    }
    draw_routes(&document, unix, &mut rng)?;

    // One signature of three is not enough.
    let (mut private, mut public) = ([0; 64], [0; 32]);
    Ed25519.generate(&mut rng, &mut private, &mut public)?;
    let strangers = [keys[0], VerifyingKey::new(&Ed25519, &public)?];
    if let Err(error) = certificate.verify_threshold(&strangers, 2, epoch) {
        println!("for a client of another network: {error}");
    }
    Ok(())
}

/// Draws two routes to the echo service and back.
fn draw_routes(document: &Document<'_>, unix: Duration, rng: &mut ThreadRng) -> Result<()> {
    let (gateway, service) = (document.gateways().next(), document.services().next());
    let (gateway, service) = (gateway.ok_or("no gateway")?, service.ok_or("no service")?);
    let mut delays = |mu, rng: &mut ThreadRng| hop_delay_millis(mu, rng).ok();
    let router = Router::new(*document, Period::default());
    for _ in 0..2 {
        let mut there = vec![None; router.forward_hops()];
        let mut back = vec![None; router.reply_hops()];
        let departure = Departure { unix, spent: Duration::ZERO };
        let spent = router.forward((gateway, service), true, departure, &mut delays, rng, &mut there)?;
        let back_in = router.reply(gateway, Departure { unix, spent }, &mut delays, rng, &mut back)?;
        let names = |hops: &[Option<mixwell_pki_types::Hop<'_>>]| {
            hops.iter().flatten().map(|hop| hop.node.name().to_owned()).collect::<Vec<_>>().join(" → ")
        };
        println!("{} in {spent:?}, back by {} in {back_in:?}", names(&there), names(&back));
    }
    Ok(())
}
