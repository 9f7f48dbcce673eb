//! Routes: each rule, checked over many draws.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::integer_division_remainder_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use core::time::Duration;
use mixwell_pki_types::{BeforeZero, Departure, Document, Hop, Layer, PathError, Period, Router};
use network::EPOCH;
use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::collections::BTreeMap;

const PERIOD: Period = Period::TWENTY_MINUTES;

/// A departure `secs` seconds after the start of the document's epoch.
fn departure(secs: u64) -> Departure {
    Departure { unix: PERIOD.start(EPOCH) + Duration::from_secs(secs), spent: Duration::ZERO }
}

/// Delays of up to `most` milliseconds, to reach every edge case; the real sampler has its own
/// tests.
fn up_to(most: u32) -> impl FnMut(f64, &mut ChaCha20Rng) -> Option<u32> {
    move |mu, rng| {
        assert_eq!(mu.to_bits(), 0.005_f64.to_bits());
        Some(1 + rng.next_u32() % most)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn forward_and_reply(seed: u64, secs in 0_u64..1200, most in 1_u32..800_000, with_surb: bool) {
        let bytes = network::document(40).encode();
        let document = Document::parse(&bytes).unwrap();
        let router = Router::new(document, PERIOD);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let ends = (document.gateways().next().unwrap(), document.services().next().unwrap());
        let mut hops = [None; 6];
        let start = departure(secs);
        let total = router.forward(ends, with_surb, start, &mut up_to(most), &mut rng, &mut hops).unwrap();
        let route: Vec<Hop<'_>> = hops.iter().flatten().copied().collect();
        prop_assert_eq!(route.len(), 5);
        prop_assert!(hops[5].is_none());
        let layers: Vec<_> = route.iter().map(|hop| hop.node.place().layer).collect();
        prop_assert_eq!(layers, [Layer::Gateway, Layer::Mix(0), Layer::Mix(1), Layer::Mix(2), Layer::Service]);
        prop_assert_eq!(route[0].node.id(), ends.0.id());
        prop_assert_eq!(route[4].node.id(), ends.1.id());
        prop_assert_eq!(route[4].delay_millis.is_some(), with_surb);
        let end = check(&route, start);
        prop_assert_eq!(end, start.unix + total);
        prop_assert!(total < 2 * PERIOD.duration());

        let start = Departure { spent: total, ..start };
        let mut hops = [None; 4];
        match router.reply(ends.0, start, &mut up_to(most), &mut rng, &mut hops) {
            Ok(total) => {
                let route: Vec<Hop<'_>> = hops.iter().flatten().copied().collect();
                let layers: Vec<_> = route.iter().map(|hop| hop.node.place().layer).collect();
                prop_assert_eq!(layers, [Layer::Mix(0), Layer::Mix(1), Layer::Mix(2), Layer::Gateway]);
                prop_assert_eq!(route[3].delay_millis, None);
                prop_assert_eq!(check(&route, start), start.unix + start.spent + total);
                prop_assert!(start.spent + total < 2 * PERIOD.duration());
            }
            // the forward route can leave no time for a reply
            Err(error) => prop_assert_eq!(error, PathError::TooSlow { draws: 64 }),
        }
    }
}

#[test]
fn loop_decoys_go_on_from_their_sender_and_come_back_to_it() {
    let bytes = network::document(40).encode();
    let document = Document::parse(&bytes).unwrap();
    let router = Router::new(document, PERIOD);
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    let service = document.services().next().unwrap();
    for from in document.nodes() {
        let mut hops = [None; 4];
        let spent = router.decoy((from, service), departure(0), &mut up_to(99), &mut rng, &mut hops).unwrap();
        let route: Vec<Hop<'_>> = hops.iter().flatten().copied().collect();
        let end = check(&route, departure(0));
        assert_eq!(end, departure(0).unix + spent);
        assert!(route.iter().all(|hop| hop.delay_millis.is_some()));
        let back_from = Departure { spent, ..departure(0) };
        router.reply(from, back_from, &mut up_to(99), &mut rng, &mut hops).unwrap();
        let back: Vec<Hop<'_>> = hops.iter().flatten().copied().collect();
        check(&back, back_from);

        let layers = |route: &[Hop<'_>]| route.iter().map(|hop| hop.node.place().layer).collect::<Vec<_>>();
        let mixes = |range: core::ops::Range<u8>| range.map(Layer::Mix);
        let (after, before) = match from.place().layer {
            Layer::Mix(own) => (mixes(own + 1..3), mixes(0..own)),
            _ => (mixes(0..3), mixes(0..3)),
        };
        assert_eq!(layers(&route), after.chain([Layer::Service]).collect::<Vec<_>>());
        assert_eq!(layers(&back), before.chain([from.place().layer]).collect::<Vec<_>>());
        assert_eq!(back.last().unwrap().node.id(), from.id());
    }
}

/// Checks that each hop has the key of the epoch in which the packet reaches it; returns the time
/// when the packet leaves the last hop.
fn check(route: &[Hop<'_>], start: Departure) -> Duration {
    let mut now = start.unix + start.spent;
    for (index, hop) in route.iter().enumerate() {
        assert_eq!(hop.epoch, PERIOD.at(now).unwrap().epoch);
        assert_eq!(Some(hop.mix_key), hop.node.mix_key(hop.epoch));
        assert!(hop.delay_millis.is_some() || index == route.len() - 1);
        now += Duration::from_millis(hop.delay_millis.unwrap_or(0).into());
    }
    now
}

#[test]
fn choice_is_uniform() {
    // 12 to 13 mixes in each layer; chi-squared with up to 12 degrees of freedom stays below 32.9
    // in 999 of 1000 runs
    let bytes = network::document(43).encode();
    let document = Document::parse(&bytes).unwrap();
    let router = Router::new(document, PERIOD);
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let gateway = document.gateways().next().unwrap();
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    let draws = 6000;
    for _ in 0..draws {
        let mut hops = [None; 4];
        router.reply(gateway, departure(0), &mut up_to(100), &mut rng, &mut hops).unwrap();
        hops[..3].iter().flatten().for_each(|hop| *counts.entry(hop.node.place()).or_default() += 1);
    }
    for (layer, nodes) in document.layers().enumerate() {
        let want = f64::from(draws) / nodes.len() as f64;
        let counts = counts.iter().filter(|(place, _)| place.layer == Layer::Mix(layer as u8));
        let (len, chi) =
            counts.fold((0, 0.0), |(len, sum), (_, count)| (len + 1, sum + (f64::from(*count) - want).powi(2) / want));
        assert_eq!(len, nodes.len());
        assert!(chi < 32.9, "layer {layer}: {chi}");
    }
}

#[test]
fn slow_routes_are_drawn_again() {
    let bytes = network::document(40).encode();
    let document = Document::parse(&bytes).unwrap();
    let router = Router::new(document, PERIOD);
    let mut rng = ChaCha20Rng::from_seed([6; 32]);
    let gateway = document.gateways().next().unwrap();
    let mut hops = [None; 4];
    // three delays for each route; the first three routes drawn are too slow by a millisecond
    let mut drawn = 0;
    let mut delays = |_: f64, _: &mut ChaCha20Rng| {
        drawn += 1;
        Some(if drawn <= 9 { 800_000 } else { 799_999 })
    };
    let total = router.reply(gateway, departure(0), &mut delays, &mut rng, &mut hops).unwrap();
    assert_eq!(total, Duration::from_millis(3 * 799_999));
    assert_eq!(drawn, 12);
    let mut never = |_: f64, _: &mut ChaCha20Rng| Some(800_000);
    let failed = router.reply(gateway, departure(0), &mut never, &mut rng, &mut hops);
    assert_eq!(failed, Err(PathError::TooSlow { draws: 64 }));
    assert!(hops.iter().all(Option::is_none));
}

#[test]
fn each_error() {
    let mut builder = network::document(40);
    let bytes = builder.encode();
    let document = Document::parse(&bytes).unwrap();
    let router = Router::new(document, PERIOD);
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let gateway = document.gateways().next().unwrap();
    let mut hops = [None; 4];
    let short = router.reply(gateway, departure(0), &mut up_to(9), &mut rng, &mut hops[..3]);
    assert_eq!(short, Err(PathError::Room { need: 4, have: 3 }));
    let none = router.reply(gateway, departure(0), &mut |_: f64, _: &mut ChaCha20Rng| None, &mut rng, &mut hops);
    assert_eq!(none, Err(PathError::Rate));
    let late = router.reply(gateway, departure(3600), &mut up_to(9), &mut rng, &mut hops);
    assert!(matches!(late, Err(PathError::NoMixKey { epoch, .. }) if epoch == EPOCH.plus(3)));
    let early = Departure { unix: Duration::from_secs(5), spent: Duration::ZERO };
    let early = router.reply(gateway, early, &mut up_to(9), &mut rng, &mut hops);
    assert_eq!(early, Err(PathError::Time(BeforeZero { unix_secs: 5 })));
    builder.topology.as_mut().unwrap()[1].clear();
    let bytes = builder.encode();
    let empty = Router::new(Document::parse(&bytes).unwrap(), PERIOD);
    let empty = empty.reply(gateway, departure(0), &mut up_to(9), &mut rng, &mut hops);
    assert_eq!(empty, Err(PathError::EmptyLayer { layer: 1 }));
}
