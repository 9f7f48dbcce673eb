//! Extreme values: the last epoch, one node in each layer, no authorities, one signer many times.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use core::time::Duration;
use mixwell_pki_types::{
    Certificate, CertificateError, DecodeError, Departure, Descriptor, DescriptorFault, Document, DocumentError,
    DocumentFault, Epoch, KeyHash, LIFETIME, PathError, Period, Router, VerifyError,
    build::{DescriptorBuilder, DocumentBuilder},
    cbor::{CborError, Item, Writer},
    certify,
};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const LAST: Epoch = Epoch(u64::MAX);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = vec![0; 4096];
    let mut writer = Writer::new(&mut out);
    write(&mut writer);
    let len = writer.finish().unwrap();
    out.truncate(len);
    out
}

/// A network of one mix in each of three layers, a gateway and a service node, all with keys for
/// these epochs only.
fn smallest(epoch: Epoch, keys: &[Epoch]) -> DocumentBuilder {
    let node = |number, role: &str| DescriptorBuilder {
        epoch,
        mix_keys: Some(keys.iter().map(|epoch| (*epoch, vec![9; 32])).collect()),
        is_gateway: role == "gateway",
        is_service: role == "service",
        ..network::descriptor(number, role)
    };
    DocumentBuilder {
        epoch,
        topology: Some((0..3).map(|layer| vec![node(layer, "mix").encode()]).collect()),
        gateways: Some(vec![node(0, "gateway").encode()]),
        services: Some(vec![node(0, "service").encode()]),
        ..network::document(10)
    }
}

/// The only possible route.
#[test]
fn one_node_in_each_layer() {
    let bytes = smallest(EPOCH, &[EPOCH]).encode();
    let document = Document::parse(&bytes).unwrap();
    document.check(&[], &mut [KeyHash::default(); 1]).unwrap();
    let router = Router::new(document, Period::default());
    let ends = (document.gateways().next().unwrap(), document.services().next().unwrap());
    let departure = Departure { unix: Period::default().start(EPOCH), spent: Duration::ZERO };
    let mut hops = [None; 5];
    for _ in 0..10 {
        let mut delays = |_: f64, _: &mut ChaCha20Rng| Some(1);
        let spent = router.forward(ends, true, departure, &mut delays, &mut rng(), &mut hops).unwrap();
        assert_eq!(spent, Duration::from_millis(5));
        assert!(
            hops.iter()
                .flatten()
                .map(|hop| hop.node.id())
                .eq([ends.0.id()].into_iter().chain(document.mixes().map(|node| node.id())).chain([ends.1.id()]))
        );
    }
}

/// Nodes are drawn uniformly, whatever load weight they announce.
#[test]
fn weights_do_not_draw() {
    let mut builder = network::document(10);
    let node = |number, load_weight| DescriptorBuilder { load_weight, ..network::descriptor(number, "mix") }.encode();
    builder.topology.as_mut().unwrap()[1] = vec![node(50, 0), node(51, 255)];
    let bytes = builder.encode();
    let document = Document::parse(&bytes).unwrap();
    assert!(document.mixes().any(|node| node.load_weight() == 255));
    let router = Router::new(document, Period::default());
    let departure = Departure { unix: Period::default().start(EPOCH), spent: Duration::ZERO };
    let (mut rng, mut hops, mut heavy) = (rng(), [None; 4], 0);
    for _ in 0..2000 {
        let mut delays = |_: f64, _: &mut ChaCha20Rng| Some(1);
        router.reply(document.gateways().next().unwrap(), departure, &mut delays, &mut rng, &mut hops).unwrap();
        heavy += u32::from(hops[1].unwrap().node.load_weight() == 255);
    }
    // five standard deviations of a fair coin
    assert!((888..=1112).contains(&heavy), "{heavy}");
}

#[test]
fn the_last_epoch() {
    let pair = Pair::new(1);
    let bytes = smallest(LAST, &[LAST]).encode();
    let document = Document::parse(&bytes).unwrap();
    // no key can be for a later epoch
    document.check(&[], &mut [KeyHash::default(); 8]).unwrap();
    let before = Epoch(u64::MAX - 3);
    let fault = Document::parse(&smallest(before, &[before, LAST]).encode()).unwrap().check(&[], &mut []).unwrap_err();
    let far = DescriptorFault::MixKeyEpoch { of: LAST, epoch: before };
    assert!(matches!(fault, DocumentFault::Node { fault, .. } if fault == far), "{fault}");

    let mut out = vec![0; bytes.len() + 400];
    let len = certify(&bytes, LAST.plus(LIFETIME), &pair.signing(), &mut rng(), &mut out).unwrap();
    let certificate = Certificate::parse(&out[..len]).unwrap();
    let (key, now) = (pair.verifying(), Epoch(u64::MAX - 1));
    let verified = certificate.verify(&key, now).unwrap();
    assert_eq!(verified.document_for(LAST).unwrap().epoch(), LAST);
    assert_eq!(verified.document_for(now).unwrap_err(), DocumentError::Epoch { got: LAST, want: now });
    let expired = VerifyError::Expired { expiration: LAST, now: LAST };
    assert_eq!(certificate.verify(&key, LAST).unwrap_err(), expired);

    // the latest time is valid with any period, and no epoch number overflows
    let router = Router::new(document, Period::default());
    let gateway = document.gateways().next().unwrap();
    for (unix, spent) in [(Duration::MAX, Duration::ZERO), (Duration::MAX, Duration::MAX)] {
        let mut delays = |_: f64, _: &mut ChaCha20Rng| Some(u32::MAX);
        let failed = router.reply(gateway, Departure { unix, spent }, &mut delays, &mut rng(), &mut [None; 4]);
        assert!(matches!(failed, Err(PathError::NoMixKey { .. } | PathError::TooSlow { .. })), "{failed:?}");
    }
    for period in [Duration::from_millis(1), Duration::from_millis(u64::MAX)] {
        let period = Period::new(period).unwrap();
        assert!(period.at(Duration::MAX).is_ok());
        assert!(period.start(LAST) >= period.start(Epoch(1)));
    }
}

#[test]
fn no_authorities() {
    let pair = Pair::new(1);
    let bytes = network::certificate(&network::document(10).encode(), &[Pair::new(1)]);
    let certificate = Certificate::parse(&bytes).unwrap();
    for threshold in [0, 1, usize::MAX] {
        let range = VerifyError::ThresholdRange { threshold, keys: 0 };
        assert_eq!(certificate.verify_threshold(&[], threshold, EPOCH).unwrap_err(), range);
    }
    let authority = pair.verifying().hash();
    let commits = Some([(authority, bytes.clone())].into());
    let document = DocumentBuilder { commits, ..network::document(10) }.encode();
    let fault = Document::parse(&document).unwrap().check(&[], &mut [KeyHash::default(); 64]).unwrap_err();
    assert_eq!(fault, DocumentFault::UnknownAuthority { authority });
}

/// A valid signature that is filed again, under its own hash or another authority's, counts once.
#[test]
fn one_signer_many_times() {
    let pairs = [1, 2, 3].map(Pair::new);
    let keys = [0, 1, 2].map(|n: usize| pairs[n].verifying());
    let mut out = vec![0; 400];
    let len = certify(b"payload", Epoch(10), &pairs[0].signing(), &mut rng(), &mut out).unwrap();
    let signature = Certificate::parse(&out[..len]).unwrap().signature_by(keys[0].hash()).unwrap().to_vec();
    let with = |filed: &[(KeyHash, KeyHash)]| {
        written(|writer| {
            writer.map(5).text("KeyType").text("Ed25519").text("Version").unsigned(0);
            writer.text("Certified").bytes(b"payload").text("Expiration").unsigned(10);
            writer.text("Signatures").map(filed.len());
            for (under, signer) in filed {
                writer.bytes(&under.0).map(2).text("Payload").bytes(&signature);
                writer.text("PublicKeySum256").bytes(&signer.0);
            }
        })
    };
    let [a, b, c] = keys.map(|key| key.hash());
    // twice in a row, and with another in between, which is out of order
    for filed in [&[(a, a), (a, a)][..], &[(a, a), (b, b), (a, a)]] {
        let twice = Certificate::parse(&with(filed)).unwrap_err();
        let cbor = CertificateError::Decode(DecodeError::Cbor(CborError::DuplicateKey { at: 0 }));
        assert_eq!(core::mem::discriminant(&twice), core::mem::discriminant(&cbor), "{twice}");
        assert!(twice.to_string().contains("holds a key twice"), "{twice}");
    }
    // under all three hashes, naming the signer or the owner of each hash
    for filed in [[(a, a), (b, a), (c, a)], [(a, a), (b, b), (c, c)]] {
        let bytes = with(&filed);
        let certificate = Certificate::parse(&bytes).unwrap();
        let not_met = VerifyError::ThresholdNotMet { good: 1, bad: 2, missing: 0, threshold: 2 };
        assert_eq!(certificate.verify_threshold(&keys, 2, Epoch(9)).unwrap_err(), not_met);
        let verified = certificate.verify_threshold(&keys, 1, Epoch(9)).unwrap();
        assert!(verified.good().iter().eq([0]) && verified.bad().iter().eq([1, 2]));
    }
}

/// An unsigned number may be encoded in any width; nothing else is accepted as one.
#[test]
fn forms_of_numbers() {
    let epoch = |value: &[u8]| {
        let bytes = [b"\xa1\x65Epoch", value].concat();
        Descriptor::parse(&bytes).map(|read| read.epoch())
    };
    for seven in [&b"\x07"[..], b"\x18\x07", b"\x19\0\x07", b"\x1a\0\0\0\x07", b"\x1b\0\0\0\0\0\0\0\x07"] {
        assert_eq!(epoch(seven), Ok(Epoch(7)));
    }
    assert_eq!(epoch(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), Ok(LAST));
    for (other, got) in [
        (&b"\x20"[..], "a negative number"),
        // a date, a bignum
        (b"\xc1\x07", "a tagged item"),
        (b"\xc2\x41\x07", "a tagged item"),
        (b"\xf9\x47\0", "a float"),
        (b"\x617", "a text"),
        (b"\xf5", "a Boolean"),
        (b"\xe5", "a simple value"),
    ] {
        let error = DecodeError::Kind { field: "Epoch", got, want: "an unsigned number" };
        assert_eq!(epoch(other), Err(error), "{other:02x?}");
    }
    let weight = |value: u64| {
        let bytes = written(|writer| _ = writer.map(1).text("LoadWeight").unsigned(value));
        Descriptor::parse(&bytes).map(|read| read.load_weight())
    };
    let too_large = DecodeError::Kind { field: "LoadWeight", got: "a larger number", want: "a number below 256" };
    assert_eq!(weight(255), Ok(255));
    assert_eq!(weight(256), Err(too_large));
    assert_eq!(weight(u64::MAX), Err(too_large));
}

/// The maximum number of layers, which their numbering limits, and one more.
#[test]
fn layers_have_numbers() {
    let with =
        |layers: usize| DocumentBuilder { topology: Some(vec![vec![]; layers]), ..network::document(10) }.encode();
    assert!(Document::parse(&with(254)).is_ok());
    assert_eq!(Document::parse(&with(255)).unwrap_err(), DocumentError::Layers { layers: 255 });
}

/// Truncated input and trailing bytes are rejected.
#[test]
fn every_length_but_its_own() {
    let bytes = network::certificate(&network::document(10).encode(), &[Pair::new(1)]);
    assert!(Certificate::parse(&bytes).is_ok());
    for len in (0..bytes.len()).step_by(37).chain([bytes.len() - 1]) {
        assert!(Certificate::parse(&bytes[..len]).is_err(), "{len}");
    }
    let at = bytes.len();
    assert_eq!(Item::parse(&[&bytes[..], b"\0"].concat()), Err(CborError::Trailing { at, extra: 1 }));
}
