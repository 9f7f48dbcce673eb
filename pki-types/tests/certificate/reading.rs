//! Inputs that are not certificates.

use mixwell_pki_types::{
    Certificate, CertificateError, DecodeError,
    cbor::{CborError, Writer},
};

#[test]
fn each_error_of_reading() {
    let build = |version: u64, key_type: &str, payload: &[u8]| {
        let mut out = vec![0; 256];
        let mut writer = Writer::new(&mut out);
        writer.map(5).text("KeyType").text(key_type).text("Version").unsigned(version).text("Certified").bytes(payload);
        writer.text("Expiration").unsigned(10).text("Signatures").null();
        let len = writer.finish().unwrap();
        out.truncate(len);
        out
    };
    let error = |bytes: &[u8]| Certificate::parse(bytes).unwrap_err();
    assert!(Certificate::parse(&build(0, "Ed25519", b"p")).is_ok());
    assert_eq!(error(&build(1, "Ed25519", b"p")), CertificateError::Version { got: 1 });
    assert_eq!(error(&build(0, "", b"p")), CertificateError::NoKeyType);
    assert_eq!(error(&build(0, "Ed25519", b"")), CertificateError::NoPayload);
    let kind = |field, got, want| CertificateError::Decode(DecodeError::Kind { field, got, want });
    assert_eq!(error(&build(1 << 32, "Ed25519", b"p")), kind("Version", "a larger number", "a number below 2^32"));
    assert_eq!(error(b"\x80"), kind("Certificate", "a list", "a map"));
    assert_eq!(error(b"\xa1\x67KeyType\x00"), kind("KeyType", "an unsigned number", "a text"));
    assert_eq!(
        error(b"\xa1\x6aSignatures\xa1\x41a\xa0"),
        kind("Signatures", "a byte string of another length", "32 bytes")
    );
    let trailing = CborError::Trailing { at: 1, extra: 1 };
    assert_eq!(error(b"\xa0\x00"), CertificateError::Decode(DecodeError::Cbor(trailing)));
}
