//! A client made of the libraries: from a consensus to a packet, and from a reply to its text.
//!
//! The tutorial "Write a client" of the book walks through this program:
//! `cargo run -p mixwell-docs --example client`.

mod network;

use mixwell_mixdelay::{Outbox, Tick, hop_delay_millis};
use mixwell_pki_types::{
    self as pki, Certificate, Departure, Document, Ed25519, KeyHash, Period, Router, VerifyingKey, majority,
};
use mixwell_pq_kem::{X25519, nike::PublicKey};
use mixwell_sphinx::{Hop, Message, Path, RecipientId, Sphinx, SurbId, SurbKeys};
use network::Network;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{
    error::Error,
    time::{Duration, SystemTime},
};

type Failure = Box<dyn Error + Send + Sync>;

// ANCHOR: verify
/// The document of a consensus, if enough of the configured authorities have signed it for this
/// epoch.
fn verify<'a>(certificate: &'a [u8], authorities: &[[u8; 32]], epoch: pki::Epoch) -> Result<Document<'a>, Failure> {
    let keys = authorities.iter().map(|key| VerifyingKey::new(&Ed25519, key)).collect::<Result<Vec<_>, _>>()?;
    let certificate = Certificate::parse(certificate)?;
    let document = certificate.verify_threshold(&keys, majority(keys.len()), epoch)?.document_for(epoch)?;
    // the document has to be well-formed: layers, keys, addresses, no duplicate nodes
    document.check(&keys, &mut [KeyHash::default(); 64])?;
    Ok(document)
}
// ANCHOR_END: verify

// ANCHOR: route
/// A route drawn from a document, and the mix keys in the type that packets need.
struct Route<'a> {
    hops: Vec<pki::Hop<'a>>,
    keys: Vec<PublicKey<X25519>>,
    delays: Duration,
}

impl<'a> Route<'a> {
    fn new(hops: &[Option<pki::Hop<'a>>], delays: Duration) -> Result<Self, Failure> {
        let hops: Vec<_> = hops.iter().flatten().copied().collect();
        let keys = hops.iter().map(|hop| Ok(PublicKey::from_bytes(hop.mix_key.try_into()?)));
        Ok(Self { keys: keys.collect::<Result<_, Failure>>()?, hops, delays })
    }

    fn packet_hops(&self) -> Vec<Hop<'_, X25519>> {
        let hops = self.hops.iter().zip(&self.keys);
        hops.map(|(hop, public_key)| Hop { id: hop.node.id().into(), public_key, delay_millis: hop.delay_millis })
            .collect()
    }
}

/// A route from a gateway to a service node, and one back: one node of each layer, drawn uniformly,
/// each with a delay and with its key for the epoch in which the packet reaches it.
fn routes<'a>(
    document: &Document<'a>,
    gateway: pki::Node<'a>,
    service: pki::Node<'a>,
    rng: &mut ChaCha20Rng,
) -> Result<(Route<'a>, Route<'a>), Failure> {
    let router = Router::new(*document, Period::default());
    let mut delay = |mu, rng: &mut ChaCha20Rng| hop_delay_millis(mu, rng).ok();
    let mut hops = [None; 8];
    let mut departure = Departure { unix: SystemTime::UNIX_EPOCH.elapsed()?, spent: Duration::ZERO };
    let delays = router.forward((gateway, service), true, departure, &mut delay, rng, &mut hops)?;
    let there = Route::new(&hops, delays)?;

    departure.spent = delays;
    let mut hops = [None; 8];
    let delays = router.reply(gateway, departure, &mut delay, rng, &mut hops)?;
    Ok((there, Route::new(&hops, delays)?))
}
// ANCHOR_END: route

// ANCHOR: ask
/// A question that is ready to be sent.
struct Question {
    packet: Vec<u8>,
    surb_id: SurbId,
    reply_keys: SurbKeys,
    /// Total delay of the packet and its answer at the hops.
    delays: Duration,
}

/// Wraps a question to a network's `echo` service, with a SURB for the answer.
fn ask(document: &Document<'_>, text: &[u8], queue_id: [u8; 32], rng: &mut ChaCha20Rng) -> Result<Question, Failure> {
    let sphinx = Sphinx::<X25519>::new(network::geometry()?)?;
    let gateway = document.gateways().next().ok_or("no gateway")?;
    let echo =
        |node: pki::Node<'_>| node.capabilities().find(|offer| offer.name() == "echo")?.endpoint().and_then(recipient);
    let (service, recipient) =
        document.services().find_map(|node| Some((node, echo(node)?))).ok_or("no echo service")?;
    let (there, back) = routes(document, gateway, service, rng)?;

    // the return path comes first, because its SURB goes into the message
    let mut surb_id = SurbId([0; 16]);
    rng.fill_bytes(&mut surb_id.0);
    let mut surb = vec![0; sphinx.geometry().surb_len()];
    let home = Path { hops: &back.packet_hops(), recipient: RecipientId(queue_id) };
    let reply_keys = sphinx.new_surb(&home, surb_id, rng, &mut surb)?;

    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let out = Path { hops: &there.packet_hops(), recipient };
    let message = Message { surb: Some(&surb), user_payload: text };
    sphinx.wrap_message(&out, &message, rng, &mut packet)?;
    Ok(Question { packet, surb_id, reply_keys, delays: there.delays + back.delays })
}

/// The recipient id of a service: its endpoint's name, padded with zeros.
fn recipient(endpoint: &str) -> Option<RecipientId> {
    let mut id = [0; 32];
    id.get_mut(..endpoint.len())?.copy_from_slice(endpoint.as_bytes());
    Some(RecipientId(id))
}
// ANCHOR_END: ask

// ANCHOR: ticks
/// The packet sent at a tick: the oldest waiting message, if the tick is one for messages, or else
/// the decoy. Both are whole packets, and neither the time taken nor the link shows which of them
/// was sent.
fn at_tick(tick: Tick, outbox: &mut Outbox<'_>, mut decoy: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if tick == Tick::MessageOrDecoy {
        outbox.swap_in(&mut decoy)?;
    }
    Ok(decoy)
}
// ANCHOR_END: ticks

// ANCHOR: main
fn main() -> Result<(), Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let mut rng = ChaCha20Rng::from_seed(seed);
    let epoch = Period::default().at(SystemTime::UNIX_EPOCH.elapsed()?)?.epoch;
    // a real client fetches these over a link; here the network is in this process
    let network = Network::new(epoch, &mut rng)?;

    let document = verify(&network.consensus, &network.authorities, epoch)?;
    for node in document.nodes() {
        println!("{:>3} {:<10} {}", node.place().layer.number(), node.name(), node.id());
    }

    let queue_id = [7; 32];
    let question = ask(&document, b"Who talks to whom?", queue_id, &mut rng)?;
    println!("the hops will hold it for {:?}", question.delays);

    // the message waits for the clock of all clients, and until then decoys are sent
    let mut room = vec![0; 4 * question.packet.len()];
    let mut outbox = Outbox::new(&mut room, question.packet.len());
    outbox.push(&question.packet)?;
    let decoy = ask(&document, b"", queue_id, &mut rng)?;
    let packet = at_tick(Tick::MessageOrDecoy, &mut outbox, decoy.packet)?;

    let (recipient, surb_id, mut answer) = network.carry(packet)?;
    assert_eq!((recipient, surb_id), (RecipientId(queue_id), question.surb_id), "what a gateway knows");

    let text = question.reply_keys.open(&mut answer)?;
    println!("{}", String::from_utf8_lossy(text).trim_end_matches('\0'));
    Ok(())
}
// ANCHOR_END: main

#[test]
fn runs() -> Result<(), Failure> {
    main()
}
