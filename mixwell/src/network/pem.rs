//! PEM of schemes that are chosen at run time: `-----BEGIN ED25519 PUBLIC KEY-----`.

use core::fmt;
use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

/// Public or private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Public,
    Private,
}

/// A text is not the key that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PemError {
    /// It is no PEM.
    Form,
    /// It is of another type.
    Type {
        /// The type that is wanted.
        want: String,
    },
    /// The key has another length.
    Length {
        /// In bytes, as the scheme has it.
        want: usize,
        /// In bytes, as it is.
        got: usize,
    },
}

/// Writes a key of a scheme.
pub(crate) fn encode(scheme: &str, kind: Kind, key: &[u8]) -> Zeroizing<String> {
    // fails on a label or length that no scheme has
    Zeroizing::new(pem_rfc7468::encode_string(&label(scheme, kind), LineEnding::LF, key).unwrap_or_default())
}

/// Reads a key of a scheme, which has this length.
pub(crate) fn decode(scheme: &str, kind: Kind, want: usize, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let (found, key) = pem_rfc7468::decode_vec(text.trim_ascii()).map_err(|_| PemError::Form)?;
    let key = Zeroizing::new(key);
    let label = label(scheme, kind);
    if found != label {
        return Err(PemError::Type { want: label });
    }
    let got = key.len();
    if got == want { Ok(key) } else { Err(PemError::Length { want, got }) }
}

fn label(scheme: &str, kind: Kind) -> String {
    let kind = match kind {
        Kind::Public => "PUBLIC",
        Kind::Private => "PRIVATE",
    };
    format!("{} {kind} KEY", scheme.to_ascii_uppercase())
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("not a key in PEM form"),
            Self::Type { want } => write!(f, "a key of another type, want {want}"),
            Self::Length { want, got } => write!(f, "the key has {got} bytes, want {want}"),
        }
    }
}

impl core::error::Error for PemError {}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pq_kem::{X25519, nike};

    #[test]
    fn there_and_back() {
        for scheme in ["Ed25519", "Ed25519 Sphincs+", "Sphincs+"] {
            let text = encode(scheme, Kind::Private, &[7; 192]);
            assert_eq!(*decode(scheme, Kind::Private, 192, text.as_bytes()).unwrap(), [7; 192]);
            let wrong = decode(scheme, Kind::Public, 192, text.as_bytes());
            assert!(matches!(wrong, Err(PemError::Type { .. })));
            let wrong = decode(scheme, Kind::Private, 191, text.as_bytes());
            assert_eq!(wrong, Err(PemError::Length { want: 191, got: 192 }));
        }
        assert_eq!(decode("Ed25519", Kind::Public, 32, b"nonsense"), Err(PemError::Form));
    }

    #[test]
    fn as_the_library_writes_it() {
        let key = nike::PublicKey::<X25519>::from_bytes([9; 32]);
        let mut text = [0; mixwell_pq_kem::pem::encoded_len::<nike::PublicKey<X25519>>()];
        let text = mixwell_pq_kem::pem::encode(&key, &mut text).unwrap();
        assert_eq!(*encode("x25519", Kind::Public, &[9; 32]), text);
    }
}
