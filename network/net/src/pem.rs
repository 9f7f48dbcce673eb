//! PEM texts of keys whose scheme is chosen at run time, for files and configurations:
//! `-----BEGIN ED25519 PUBLIC KEY-----`.

use core::fmt;
use mixwell_pq_kem::pem::Label;
pub use mixwell_pq_kem::pem::{Kind, scheme_name};
use zeroize::Zeroizing;

/// A text is not an encoding of the expected key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PemError {
    /// The expected type, such as `X25519 PUBLIC KEY`.
    pub want: String,
    /// The error and its line.
    pub reason: mixwell_pq_kem::pem::PemError,
}

/// Encodes a key of a scheme. Base64 is encoded and decoded in constant time.
#[must_use]
pub fn encode(scheme: &str, kind: Kind, key: &[u8]) -> Zeroizing<String> {
    let label = Label { scheme, kind };
    let mut text = Zeroizing::new(vec![0; label.encoded_len(key.len())]);
    // the buffer has the length that the text needs
    let text = label.encode(key, &mut text).unwrap_or_default();
    Zeroizing::new(text.to_owned())
}

/// Reads a key of a scheme, which has this length. White space around the text is ignored.
///
/// # Errors
/// [`PemError`].
pub fn decode(scheme: &str, kind: Kind, len: usize, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let mut key = Zeroizing::new(vec![0; len]);
    let label = Label { scheme, kind };
    match label.decode(text.trim_ascii(), &mut key) {
        Ok(()) => Ok(key),
        Err(reason) => Err(PemError { want: label.to_string(), reason }),
    }
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a key of type {}: {}", self.want, self.reason)
    }
}

impl core::error::Error for PemError {}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::integer_division_remainder_used,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use mixwell_pq_kem::{X25519, nike, pem::PemError as LineError};

    fn reason(decoded: Result<Zeroizing<Vec<u8>>, PemError>) -> mixwell_pq_kem::pem::PemError {
        decoded.unwrap_err().reason
    }

    #[test]
    fn there_and_back() {
        for scheme in ["Ed25519", "Ed25519 Sphincs+", "Sphincs+"] {
            let text = encode(scheme, Kind::Private, &[7; 192]);
            assert_eq!(*decode(scheme, Kind::Private, 192, text.as_bytes()).unwrap(), [7; 192]);
            assert_eq!(scheme_name(Kind::Private, text.as_bytes()), Some(&*scheme.to_ascii_uppercase()));
            assert_eq!(scheme_name(Kind::Public, text.as_bytes()), None);
            let wrong = decode(scheme, Kind::Public, 192, text.as_bytes()).unwrap_err();
            assert_eq!(wrong.want, format!("{} PUBLIC KEY", scheme.to_ascii_uppercase()));
            assert_eq!(wrong.reason, LineError::Begin);
            assert_eq!(reason(decode(scheme, Kind::Private, 191, text.as_bytes())), LineError::Body { line: 4 });
            assert_eq!(reason(decode(scheme, Kind::Private, 193, text.as_bytes())), LineError::Body { line: 5 });
        }
    }

    #[test]
    fn every_length_and_every_change() {
        for len in 1..200_usize {
            let key: Vec<u8> = (0..len).map(|byte| u8::try_from(byte % 251).unwrap()).collect();
            let text = encode("MLKEM768-X448", Kind::Public, &key);
            assert_eq!(*decode("mlkem768-x448", Kind::Public, len, text.as_bytes()).unwrap(), key);
            let crlf = format!("\r\n {}\n", text.replace('\n', "\r\n"));
            assert_eq!(*decode("mlkem768-x448", Kind::Public, len, crlf.as_bytes()).unwrap(), key);
        }
        let text = encode("Ed25519", Kind::Public, &[7; 100]);
        for at in 0..text.len() - 1 {
            assert!(decode("Ed25519", Kind::Public, 100, &text.as_bytes()[..at]).is_err(), "cut at {at}");
            let mut changed = text.as_bytes().to_vec();
            changed[at] = b'!';
            assert!(decode("Ed25519", Kind::Public, 100, &changed).is_err(), "changed at {at}");
        }
        // a short line in the middle of the body
        let broken = text.replacen("BwcHBwcH", "BwcHBwcH\n", 1);
        let twice = format!("{}{}", *text, *text);
        for (bad, error) in [
            ("", LineError::Begin),
            ("nonsense", LineError::Begin),
            (&*format!("x{}", *text), LineError::Begin),
            (&broken, LineError::Body { line: 1 }),
            (&format!("{}x", *text), LineError::End),
            (&twice, LineError::End),
        ] {
            assert_eq!(reason(decode("Ed25519", Kind::Public, 100, bad.as_bytes())), error, "{bad}");
        }
    }

    #[test]
    fn as_the_library_writes_it() {
        let key = nike::PublicKey::<X25519>::from_bytes([9; 32]);
        let mut text = [0; mixwell_pq_kem::pem::encoded_len::<nike::PublicKey<X25519>>()];
        let text = mixwell_pq_kem::pem::encode(&key, &mut text).unwrap();
        assert_eq!(*encode("x25519", Kind::Public, &[9; 32]), text);
    }
}
