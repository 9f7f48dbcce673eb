//! Verification: whose signatures count.

use crate::pair::{Pair, certificate};
use mixwell_pki_types::{Certificate, Ed25519, Epoch, KeyHash, MAX_KEYS, VerifyError, cbor::Writer};

#[test]
fn each_error_of_verifying() {
    let pairs: Vec<_> = (1..=4).map(|seed| Pair::new(&Ed25519, seed)).collect();
    let bytes = certificate(&[&pairs[0], &pairs[1]]);
    let certificate = Certificate::parse(&bytes).unwrap();
    let keys: Vec<_> = pairs.iter().map(Pair::verifying).collect();
    let (now, signer) = (Epoch(9), keys[2].hash());

    let verified = certificate.verify_threshold(&keys, 2, now).unwrap();
    assert_eq!(format!("{:?} {:?} {:?}", verified.good(), verified.bad(), verified.missing()), "{0, 1} {} {2, 3}");
    let not_met = VerifyError::ThresholdNotMet { good: 2, bad: 0, missing: 2, threshold: 3 };
    assert_eq!(certificate.verify_threshold(&keys, 3, now).unwrap_err(), not_met);
    let range = |threshold, keys| VerifyError::ThresholdRange { threshold, keys };
    assert_eq!(certificate.verify_threshold(&keys, 5, now).unwrap_err(), range(5, 4));
    assert_eq!(certificate.verify_threshold(&keys, 0, now).unwrap_err(), range(0, 4));
    assert_eq!(certificate.verify_threshold(&[], 1, now).unwrap_err(), range(1, 0));
    assert_eq!(certificate.verify_all(&[], now).unwrap_err(), range(0, 0));
    let expired = VerifyError::Expired { expiration: Epoch(10), now: Epoch(10) };
    assert_eq!(certificate.verify_threshold(&keys, 1, Epoch(10)).unwrap_err(), expired);
    assert_eq!(certificate.verify(&keys[0], Epoch(10)).unwrap_err(), expired);
    assert_eq!(certificate.verify(&keys[2], now).unwrap_err(), VerifyError::NotSigned { signer });
    assert_eq!(certificate.verify_all(&keys[1..], now).unwrap_err(), VerifyError::NotSigned { signer });

    // a key that is configured twice counts once
    let twice = [keys[0], keys[0], keys[2]];
    assert_eq!(certificate.verify_threshold(&twice, 3, now).unwrap_err(), range(3, 2));
    let not_met = VerifyError::ThresholdNotMet { good: 1, bad: 0, missing: 1, threshold: 2 };
    assert_eq!(certificate.verify_threshold(&twice, 2, now).unwrap_err(), not_met);

    let many = vec![keys[0]; MAX_KEYS + 1];
    assert_eq!(certificate.verify_threshold(&many, 1, now).unwrap_err(), VerifyError::TooManyKeys { keys: 129 });
    assert!(certificate.verify_threshold(&many[1..], 1, now).is_ok());
}

/// An attacker who fills the map with strangers' signatures neither gets them verified nor crowds
/// out the real ones.
#[test]
fn strangers_are_passed_over() {
    let pair = Pair::new(&Ed25519, 1);
    let bytes = certificate(&[&pair]);
    let parsed = Certificate::parse(&bytes).unwrap();
    let mut signatures: Vec<(KeyHash, &[u8])> =
        (0..50_000_u32).map(|n| (KeyHash::of(&n.to_be_bytes()), &[0; 64][..])).collect();
    signatures.push((pair.verifying().hash(), parsed.signature_by(pair.verifying().hash()).unwrap()));
    signatures.sort_unstable();
    let mut out = vec![0; 10_000_000];
    let mut writer = Writer::new(&mut out);
    writer.map(5).text("KeyType").text("Ed25519").text("Version").unsigned(0).text("Certified").bytes(b"payload");
    writer.text("Expiration").unsigned(10).text("Signatures").map(signatures.len());
    for (signer, signature) in signatures {
        writer.bytes(&signer.0).map(2).text("Payload").bytes(signature).text("PublicKeySum256").bytes(&signer.0);
    }
    let len = writer.finish().unwrap();
    let crowded = Certificate::parse(&out[..len]).unwrap();
    let verified = crowded.verify_threshold(&[pair.verifying()], 1, Epoch(9)).unwrap();
    assert_eq!((verified.good().len(), verified.bad().len()), (1, 0));
}
