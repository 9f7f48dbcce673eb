//! Signing, and adding signatures to a certificate.

use crate::pair::{Pair, certificate, rng};
use mixwell_pki_types::{Certificate, Ed25519, Encoding, Epoch, SchemeError, SignError, cbor::BufferTooSmall, certify};

#[test]
fn each_error_of_signing() {
    let (one, two) = (Pair::new(&Ed25519, 1), Pair::new(&Ed25519, 2));
    let bytes = certificate(&[&one]);
    let parsed = Certificate::parse(&bytes).unwrap();
    let (signer, now, out) = (one.verifying().hash(), Epoch(9), &mut [0; 1024]);
    assert_eq!(certify(b"", Epoch(10), &one.signing(), &mut rng(0), out).unwrap_err(), SignError::NoPayload);
    let duplicate = SignError::DuplicateSignature { signer };
    assert_eq!(parsed.add_own_signature(&one.signing(), now, &mut rng(0), out).unwrap_err(), duplicate);
    let own = parsed.signature_by(signer).unwrap();
    assert_eq!(parsed.add_signature(&one.verifying(), own, now, out).unwrap_err(), duplicate);
    let expired = SignError::Expired { expiration: Epoch(10), now: Epoch(10) };
    assert_eq!(parsed.add_own_signature(&two.signing(), Epoch(10), &mut rng(0), out).unwrap_err(), expired);
    assert_eq!(
        parsed.add_signature(&two.verifying(), own, now, out).unwrap_err(),
        SignError::Scheme(SchemeError::Signature)
    );
    let length = SchemeError::Length { of: Encoding::Signature, want: 64, got: 63 };
    assert_eq!(parsed.add_signature(&two.verifying(), &own[1..], now, out).unwrap_err(), SignError::Scheme(length));

    // a signature that one signer adds itself can also be added by another party
    let both = certificate(&[&one, &two]);
    let given = Certificate::parse(&both).unwrap();
    let given = given.signature_by(two.verifying().hash()).unwrap();
    let len = parsed.add_signature(&two.verifying(), given, now, out).unwrap();
    assert_eq!(out[..len], both);
    let room = SignError::Buffer(BufferTooSmall { need: len, have: len - 1 });
    assert_eq!(parsed.add_signature(&two.verifying(), given, now, &mut vec![0; len - 1]).unwrap_err(), room);
}
