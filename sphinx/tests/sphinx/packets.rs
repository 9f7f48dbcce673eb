//! Every packet of the vectors, both ways: unwrapped at every hop and built again. The senders'
//! randomness for KEM encapsulations is not recorded, but the ciphertexts are in the packets and
//! the private keys give the secrets.

use crate::packet::PacketVector;
use crate::schemes::{TestScheme, for_every_scheme, private_key, public_half, with_scheme};
use mixwell_pq_kem::{Adapter, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing};
use mixwell_sphinx::{Action, Geometry, Hop, Kem, NodeId, Opened, Path, Scheme, Sphinx};
use mixwell_vectors::{ReplayRng, Vector};

#[test]
fn vectors() {
    for family in ["sphinx", "upstream"] {
        if family == "upstream" && !has_upstream() {
            continue;
        }
        for vector in mixwell_vectors::load::<PacketVector>(family) {
            with_scheme!(vector.test.geometry, check(&vector));
        }
    }
}

/// Whether the vectors include packets from the reference's own tests: not every folder does.
fn has_upstream() -> bool {
    let is_upstream = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("upstream");
    mixwell_vectors::files().iter().any(is_upstream)
}

fn check<S: TestScheme>(vector: &Vector<PacketVector>) {
    let (name, test) = (vector.name.as_str(), &vector.test);
    assert_eq!(test.path.len(), test.packets.len(), "{name}");
    assert_eq!(test.path.len(), test.replay_tags.len(), "{name}");
    let sphinx = Sphinx::<S>::new(test.geometry.geometry()).unwrap();
    unwrap_every_hop(&sphinx, test, name);
    if !test.unwrap_only {
        unwrap_every_hop_in_batches(&sphinx, test, name);
    }
    if test.kind == "surb_reply" {
        use_the_surb(&sphinx, test, name);
    }
    assert_eq!(test.header_padding.is_some(), !test.unwrap_only, "{name}");
    if !test.unwrap_only {
        make_again::<S>(test, name);
    }
}

fn unwrap_every_hop<S: TestScheme>(sphinx: &Sphinx<S>, test: &PacketVector, name: &str) {
    let last = test.path.len() - 1;
    let mut packet = test.packets[0].0.clone();
    for (i, hop) in test.path.iter().enumerate() {
        assert_eq!(packet, *test.packets[i], "{name}: packet at hop {i}");
        assert_eq!(public_half::<S>(&hop.private_key), *hop.public_key, "{name}: public key of hop {i}");
        let private_key = private_key::<S>(&hop.private_key);
        let opened = if test.unwrap_only {
            sphinx.open_any_length(&mut packet, &private_key).unwrap()
        } else {
            sphinx.open(&mut packet, &private_key).unwrap()
        };
        assert_eq!(opened.replay_tag().as_bytes().as_slice(), &*test.replay_tags[i], "{name}: replay tag at hop {i}");

        let action = opened.finish().unwrap_or_else(|e| panic!("{name}: {e} at hop {i}"));
        let expected = hop.expected();
        match action {
            Action::Forward { next_hop, delay_millis } => {
                assert!(i < last, "{name}: forwarded at the last hop");
                assert_eq!(next_hop.as_bytes().as_slice(), &*test.path[i + 1].id, "{name}");
                assert_eq!(delay_millis, expected.delay_millis, "{name}");
                assert_eq!((None, None), (expected.recipient, expected.surb_id), "{name}");
            }
            Action::Deliver { recipient, delay_millis, payload } => {
                assert!(i == last && test.kind.starts_with("forward"), "{name}: delivered at hop {i}");
                assert_eq!(Some(recipient), expected.recipient, "{name}");
                assert_eq!(delay_millis, expected.delay_millis, "{name}");
                assert_eq!(None, expected.surb_id, "{name}");
                assert!(*payload == *test.payload.0, "{name}: payload");
            }
            Action::Reply { recipient, surb_id, delay_millis, payload } => {
                assert!(i == last && test.kind == "surb_reply", "{name}: replied at hop {i}");
                assert_eq!(Some(recipient), expected.recipient, "{name}");
                assert_eq!(Some(surb_id), expected.surb_id, "{name}");
                assert_eq!(delay_millis, expected.delay_millis, "{name}");
                assert!(*payload == **test.final_payload.as_ref().unwrap(), "{name}: payload");
            }
            action => panic!("{name}: {action:?}"),
        }
    }
}

/// Two copies of each packet, so that the batch uses its lanes where the machine has any.
fn unwrap_every_hop_in_batches<S: TestScheme>(sphinx: &Sphinx<S>, test: &PacketVector, name: &str) {
    for (i, hop) in test.path.iter().enumerate() {
        let mut copies = [test.packets[i].0.clone(), test.packets[i].0.clone()];
        let batch = copies.each_mut().map(|packet| Some(&mut packet[..]));
        let opened = sphinx.open_each(batch, &private_key::<S>(&hop.private_key)).map(|opened| {
            let opened = opened?.unwrap();
            assert_eq!(opened.replay_tag().as_bytes().as_slice(), &*test.replay_tags[i], "{name}: in a batch");
            Some(opened)
        });
        for action in Opened::finish_each(opened) {
            match action.unwrap().unwrap() {
                Action::Forward { next_hop, .. } => {
                    assert_eq!(next_hop.as_bytes().as_slice(), &*test.path[i + 1].id, "{name}: in a batch");
                }
                Action::Deliver { payload, .. } => assert!(*payload == *test.payload.0, "{name}: in a batch"),
                Action::Reply { payload, .. } => {
                    assert!(*payload == **test.final_payload.as_ref().unwrap(), "{name}: in a batch");
                }
                action => panic!("{name}: {action:?}"),
            }
        }
        if let Some(next) = test.packets.get(i + 1) {
            assert!(copies.iter().all(|packet| *packet == **next), "{name}: packet after hop {i} of a batch");
        }
    }
}

fn use_the_surb<S: TestScheme>(sphinx: &Sphinx<S>, test: &PacketVector, name: &str) {
    let mut answer = test.final_payload.clone().unwrap().0;
    // unwrap-only vectors can have payload lengths that differ from the geometry's
    let forward_payload_len = answer.len() - 32;
    let geometry = Geometry::of::<S>(sphinx.geometry().hops(), forward_payload_len, false).unwrap();
    assert!(test.unwrap_only || geometry.payload_len() == sphinx.geometry().payload_len(), "{name}");
    let keys = Sphinx::<S>::new(geometry).unwrap().surb_keys(test.surb_keys.as_ref().unwrap()).unwrap();
    let payload = keys.open(&mut answer).unwrap();
    assert!(*payload == *test.payload.0, "{name}: payload of the answer");

    let surb = test.surb.as_ref().unwrap();
    if !test.unwrap_only {
        let mut packet = vec![0xaa; sphinx.geometry().packet_len()];
        let first_hop = sphinx.wrap_reply(surb, &test.payload, &mut packet).unwrap();
        assert_eq!(first_hop.as_bytes().as_slice(), &**test.first_hop.as_ref().unwrap(), "{name}");
        assert!(packet[..] == *test.packets[0].0, "{name}: packet made from the SURB");
    }
}

fn make_again<S: TestScheme>(test: &PacketVector, name: &str) {
    let sphinx = Sphinx::<S::Recorded>::new(test.geometry.geometry()).unwrap();
    let public_keys: Vec<_> = test.path.iter().map(|hop| S::recorded_key(&hop.public_key)).collect();
    let last = test.path.last().unwrap().expected();
    let hops: Vec<Hop<'_, S::Recorded>> = (test.path.iter().zip(&public_keys))
        .map(|(hop, public_key)| Hop {
            id: NodeId(hop.id.array()),
            public_key,
            delay_millis: hop.expected().delay_millis,
        })
        .collect();
    let path = Path { hops: &hops, recipient: last.recipient.unwrap() };
    let drawn = S::drawn(test);
    let padding = test.header_padding.as_deref().unwrap();

    if let Some(surb_id) = last.surb_id {
        let mut rng = ReplayRng::new(&[&drawn, padding, test.surb_random.as_deref().unwrap()]);
        let mut surb = vec![0xaa; sphinx.geometry().surb_len()];
        let keys = sphinx.new_surb(&path, surb_id, &mut rng, &mut surb).unwrap();
        rng.finish();
        assert!(surb == **test.surb.as_ref().unwrap(), "{name}: SURB");
        assert!(keys.as_bytes() == &**test.surb_keys.as_ref().unwrap(), "{name}: SURB keys");
    } else {
        let mut rng = ReplayRng::new(&[&drawn, padding]);
        let mut packet = vec![0xaa; sphinx.geometry().packet_len()];
        sphinx.wrap(&path, &test.payload, &mut rng, &mut packet).unwrap();
        rng.finish();
        assert!(packet[..] == *test.packets[0].0, "{name}: packet");
    }
}

#[test]
fn the_table_of_schemes_agrees_with_the_crates_of_the_schemes() {
    fn is_known<S: Scheme>() {
        assert!(mixwell_sphinx::SchemeInfo::ALL.contains(&S::INFO), "{}", S::INFO);
        assert!(Geometry::of::<S>(5, 2000, true).is_ok());
    }
    for_every_scheme!(is_known());
}
