//! The consensus: from a gateway's chunks to routes.

use super::vectors;
use crate::{measure::measure as row, rng::Predictable};
use core::time::Duration;
use cortex_m_semihosting::hprintln;
use mixwell_mixdelay::hop_delay_millis;
use mixwell_pki_types::{
    Certificate, Chunk, ConsensusReader, Departure, Document, Ed25519, Epoch, Hop, KeyHash, Period, Router,
    VerifyingKey,
};

/// A hop as the client remembers it without the consensus: node id, mix key, delay.
pub(super) type StoredHop = ([u8; 32], [u8; 32], Option<u32>);

/// A route to a service and one back.
pub(super) struct Routes {
    pub(super) forward: [StoredHop; 5],
    pub(super) reply: [StoredHop; 4],
}

/// Memory for node ids: more than the consensus has.
const NODES: usize = 8;

#[inline(never)]
pub(super) fn measure(buffer: &mut [u8]) -> Routes {
    hprintln!("consensus of {} bytes, {} authorities", vectors::CERTIFICATE.len(), vectors::AUTHORITIES.len());
    let bytes = row("inflate the chunks", || inflate(buffer));
    assert_eq!(bytes, vectors::CERTIFICATE);

    let keys = vectors::AUTHORITIES.map(|key| VerifyingKey::new(&Ed25519, key).expect("a key's length"));
    let now = Epoch(vectors::EPOCH);
    let verified = row("verify 2 of 3 or more", || {
        Certificate::parse(bytes).expect("a certificate").verify_threshold(&keys, keys.len() / 2 + 1, now)
    });
    let verified = verified.expect("a threshold signed it");
    assert_eq!(verified.good().len(), keys.len());
    let document = row("read and check", || {
        let document = verified.document().expect("a document");
        document.check(&keys, &mut [KeyHash::default(); NODES]).expect("a well-formed one");
        document
    });
    routes(document)
}

fn inflate(buffer: &mut [u8]) -> &[u8] {
    let mut reader = ConsensusReader::new(buffer);
    let total = u32::try_from(vectors::CHUNKS.len()).expect("a few");
    for (bytes, number) in vectors::CHUNKS.iter().zip(0..) {
        reader.push(Chunk { number, total, bytes }).expect("the next chunk");
    }
    reader.finish().expect("the last chunk")
}

fn routes(document: Document<'_>) -> Routes {
    let mut rng = Predictable(6);
    let mut delays = |mu, rng: &mut Predictable| hop_delay_millis(mu, rng).ok();
    let router = Router::new(document, Period::default());
    let gateway = document.gateways().next().expect("a gateway");
    let service = document.services().next().expect("a service");
    let departure = Departure {
        unix: Period::default().start(Epoch(vectors::EPOCH)) + Duration::from_secs(5),
        spent: Duration::ZERO,
    };

    let mut forward = [None; 5];
    let spent = row("pick a route", || {
        router.forward((gateway, service), true, departure, &mut delays, &mut rng, &mut forward).expect("a route")
    });
    let mut reply = [None; 4];
    let departure = Departure { spent, ..departure };
    row("pick a reply's route", || {
        router.reply(gateway, departure, &mut delays, &mut rng, &mut reply).expect("a route")
    });
    check([255, 0, 1, 2, 254], &forward);
    check([0, 1, 2, 255], &reply);
    Routes { forward: forward.map(stored), reply: reply.map(stored) }
}

/// Checks that each hop is a node of its layer in the vector, with the mix key of its epoch.
fn check<const N: usize>(layers: [u8; N], route: &[Option<Hop<'_>>; N]) {
    for (layer, hop) in layers.iter().zip(route.iter().flatten()) {
        assert_eq!(hop.node.place().layer.number(), *layer);
        let mut known =
            vectors::NODES.iter().filter(|(of_layer, epoch, ..)| (of_layer, *epoch) == (layer, hop.epoch.0));
        assert!(known.any(|(_, _, id, key)| hop.node.id().0 == **id && hop.mix_key == *key));
    }
    assert!(route.iter().all(Option::is_some));
}

fn stored(hop: Option<Hop<'_>>) -> StoredHop {
    let hop = hop.expect("a whole route");
    (hop.node.id().0, hop.mix_key.try_into().expect("an X25519 key"), hop.delay_millis)
}
