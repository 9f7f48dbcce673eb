//! From a consensus to packets: the hops of a route as the hops of a packet's path, for schemes
//! with keys of every length.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use core::{ptr, time::Duration};
use mixwell_pki_types::{
    Departure, Document, Hop, Layer, MixKeyLength, Period, Router,
    build::{DescriptorBuilder, DocumentBuilder},
};
use mixwell_sphinx::{
    self as sphinx, Action, Geometry, Kem, NodeId, Path, RecipientId, Scheme, Sphinx, WrapError, X25519, XWing,
};
use network::EPOCH;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::collections::HashMap;

/// A network of five nodes, whose mix keys of three epochs are known.
struct Network<S: Scheme> {
    document: Vec<u8>,
    private_keys: HashMap<Vec<u8>, S::PrivateKey>,
}

impl<S: Scheme> Network<S> {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut private_keys = HashMap::new();
        let mut node = |number, role: &str| {
            let mut key = |ahead| {
                let (private, public) = S::expand(&S::generate(&mut rng)).unwrap();
                private_keys.insert(public.as_ref().to_vec(), private);
                (EPOCH.plus(ahead), public.as_ref().to_vec())
            };
            let mix_keys = Some((0..3).map(&mut key).collect());
            let (is_gateway, is_service) = (role == "gateway", role == "service");
            DescriptorBuilder { mix_keys, is_gateway, is_service, ..network::descriptor(number, role) }.encode()
        };
        let topology = (0..3).map(|layer| vec![node(layer, "mix")]).collect();
        let (gateway, service) = (node(4, "gateway"), node(5, "service"));
        let document = DocumentBuilder {
            topology: Some(topology),
            gateways: Some(vec![gateway]),
            services: Some(vec![service]),
            ..network::document(20)
        };
        Self { document: document.encode(), private_keys }
    }
}

/// A route from the only gateway to the only service node, with long delays, so that its hops want
/// the keys of two epochs.
fn route<'a>(document: &Document<'a>) -> Vec<Option<Hop<'a>>> {
    let router = Router::new(*document, Period::TWENTY_MINUTES);
    let ends = (document.gateways().next().unwrap(), document.services().next().unwrap());
    let mut hops = vec![None; router.forward_hops()];
    let unix = Period::TWENTY_MINUTES.start(EPOCH);
    let mut delays = |_: f64, rng: &mut ChaCha20Rng| Some(400_000 + rng.next_u32() % 2);
    let departure = Departure { unix, spent: Duration::ZERO };
    router.forward(ends, true, departure, &mut delays, &mut ChaCha20Rng::seed_from_u64(2), &mut hops).unwrap();
    hops
}

fn a_packet_by_a_route<S: Scheme>() {
    let network = Network::<S>::new();
    let route = route(&Document::parse(&network.document).unwrap());
    let hops: Vec<sphinx::Hop<'_, S>> = route.iter().flatten().map(|hop| hop.try_into().unwrap()).collect();
    let epochs: Vec<_> = route.iter().flatten().map(|hop| hop.epoch.0 - EPOCH.0).collect();
    assert_eq!(epochs, [0, 0, 0, 1, 1]);
    for (hop, listed) in hops.iter().zip(route.iter().flatten()) {
        assert_eq!((hop.id, hop.delay_millis), (NodeId(listed.node.id().0), listed.delay_millis));
        assert!(ptr::addr_eq(hop.public_key, listed.mix_key.as_ptr()), "the key is where the document has it");
    }

    let sphinx = Sphinx::<S>::new(Geometry::of::<S>(5, 100, true).unwrap()).unwrap();
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let payload = vec![7; sphinx.geometry().forward_payload_len()];
    let path = Path { hops: &hops, recipient: RecipientId([3; 32]) };
    sphinx.wrap(&path, &payload, &mut ChaCha20Rng::seed_from_u64(3), &mut packet).unwrap();
    let mut expected = hops.iter().skip(1);
    for listed in route.iter().flatten() {
        let action = sphinx.open(&mut packet, &network.private_keys[listed.mix_key]).unwrap().finish().unwrap();
        match (action, expected.next()) {
            (Action::Forward { next_hop, delay_millis }, Some(next)) => {
                assert_eq!((next_hop, delay_millis), (next.id, listed.delay_millis));
            }
            (Action::Deliver { payload: delivered, .. }, None) => assert_eq!(delivered, payload),
            (action, _) => panic!("{action:?}"),
        }
    }
}

#[test]
fn packets_by_routes() {
    a_packet_by_a_route::<X25519>();
    a_packet_by_a_route::<Kem<XWing>>();
}

#[test]
fn a_network_of_another_scheme() {
    let network = Network::<X25519>::new();
    let route = route(&Document::parse(&network.document).unwrap());
    let hop = route[1].unwrap();
    let error = sphinx::Hop::<'_, Kem<XWing>>::try_from(&hop).unwrap_err();
    assert!(matches!(error, MixKeyLength { scheme: "XWING", got: 32, want: 1216, .. }), "{error:?}");
    assert_eq!((error.place, error.place.layer), (hop.node.place(), Layer::Mix(0)));
    assert_eq!(error.to_string(), format!("{}: mix key is 32 bytes, want 1216 for XWING", hop.node.place()));
}

/// A key of the right length that is a point of small order: found when the packet is wrapped.
#[test]
fn a_key_that_gives_no_secret() {
    let mix_keys = Some((0..3).map(|n| (EPOCH.plus(n), vec![0; 32])).collect());
    let bad = DescriptorBuilder { mix_keys, ..network::descriptor(9, "mix") }.encode();
    let document = DocumentBuilder { topology: Some(vec![vec![bad]; 3]), ..network::document(20) }.encode();
    let route = route(&Document::parse(&document).unwrap());
    let hops: Vec<sphinx::Hop<'_, X25519>> = route.iter().flatten().map(|hop| hop.try_into().unwrap()).collect();
    let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(5, 100, false).unwrap()).unwrap();
    let mut packet = vec![1; sphinx.geometry().packet_len()];
    let path = Path { hops: &hops, recipient: RecipientId([3; 32]) };
    let error = sphinx.wrap(&path, &[0; 100], &mut ChaCha20Rng::seed_from_u64(3), &mut packet);
    assert_eq!(error, Err(WrapError::PublicKey { hop: 1 }));
}
