//! PEM of schemes that are chosen at run time: `-----BEGIN ED25519 PUBLIC KEY-----`.

use base64ct::{Base64, Encoding as _};
use core::fmt;
use zeroize::Zeroizing;

/// Public or private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A public key.
    Public,
    /// A private key.
    Private,
}

/// A text is not the key that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
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

/// Writes a key of a scheme. Base64 is written, and read, in constant time.
#[must_use]
pub fn encode(scheme: &str, kind: Kind, key: &[u8]) -> Zeroizing<String> {
    let label = label(scheme, kind);
    // never moved while it grows, as what is left behind would not be wiped
    let room = key.len().saturating_mul(2).saturating_add(label.len().saturating_mul(2)).saturating_add(64);
    let mut text = Zeroizing::new(String::with_capacity(room));
    let mut chars = Zeroizing::new([0; LINE_CHARS]);
    text.extend([BEGIN, &label, DASHES, "\n"]);
    for line in key.chunks(LINE_BYTES) {
        // a line of bytes fits a line of characters
        text.push_str(Base64::encode(line, &mut *chars).unwrap_or_default());
        text.push('\n');
    }
    text.extend([END, &label, DASHES, "\n"]);
    text
}

/// Reads a key of a scheme, which has this length. Lines have 64 characters; nothing stands before
/// it and nothing after it but white space.
///
/// # Errors
/// [`PemError`].
pub fn decode(scheme: &str, kind: Kind, want: usize, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let text = str::from_utf8(text).map_err(|_| PemError::Form)?;
    let mut lines = text.trim_ascii().lines();
    let found = lines.next().and_then(|line| line.strip_prefix(BEGIN)?.strip_suffix(DASHES)).ok_or(PemError::Form)?;
    let label = label(scheme, kind);
    if found != label {
        return Err(PemError::Type { want: label });
    }
    let mut key = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = Zeroizing::new([0; LINE_BYTES]);
    let mut is_last = false;
    for line in lines.by_ref() {
        if let Some(end) = line.strip_prefix(END) {
            let ends = end.strip_suffix(DASHES) == Some(&*label) && lines.next().is_none();
            let got = key.len();
            return match (ends, got == want) {
                (false, _) => Err(PemError::Form),
                (true, false) => Err(PemError::Length { want, got }),
                (true, true) => Ok(key),
            };
        }
        if is_last {
            return Err(PemError::Form);
        }
        key.extend_from_slice(Base64::decode(line, &mut *bytes).map_err(|_| PemError::Form)?);
        is_last = line.len() != LINE_CHARS;
    }
    Err(PemError::Form)
}

/// The name of a key's scheme, in upper case, if the text begins as a key of this kind does.
#[must_use]
pub fn scheme_name(kind: Kind, text: &[u8]) -> Option<&str> {
    let text = str::from_utf8(text).ok()?;
    let label = text.trim_ascii().lines().next()?.strip_prefix(BEGIN)?.strip_suffix(DASHES)?;
    label.strip_suffix(kind.label())?.strip_suffix(' ')
}

impl Kind {
    const fn label(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC KEY",
            Self::Private => "PRIVATE KEY",
        }
    }
}

fn label(scheme: &str, kind: Kind) -> String {
    format!("{} {}", scheme.to_ascii_uppercase(), kind.label())
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

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE_CHARS: usize = 64;
const LINE_BYTES: usize = 48;

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::integer_division_remainder_used,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use mixwell_pq_kem::{X25519, nike};

    #[test]
    fn there_and_back() {
        for scheme in ["Ed25519", "Ed25519 Sphincs+", "Sphincs+"] {
            let text = encode(scheme, Kind::Private, &[7; 192]);
            assert_eq!(*decode(scheme, Kind::Private, 192, text.as_bytes()).unwrap(), [7; 192]);
            assert_eq!(scheme_name(Kind::Private, text.as_bytes()), Some(&*scheme.to_ascii_uppercase()));
            assert_eq!(scheme_name(Kind::Public, text.as_bytes()), None);
            let wrong = decode(scheme, Kind::Public, 192, text.as_bytes());
            assert!(matches!(wrong, Err(PemError::Type { .. })));
            let wrong = decode(scheme, Kind::Private, 191, text.as_bytes());
            assert_eq!(wrong, Err(PemError::Length { want: 191, got: 192 }));
        }
    }

    #[test]
    fn every_length_and_every_change() {
        for len in 1..200_usize {
            let key: Vec<u8> = (0..len).map(|byte| u8::try_from(byte % 251).unwrap()).collect();
            let text = encode("MLKEM768-X448", Kind::Public, &key);
            assert_eq!(*decode("mlkem768-x448", Kind::Public, len, text.as_bytes()).unwrap(), key);
            let crlf = text.replace('\n', "\r\n");
            assert_eq!(*decode("mlkem768-x448", Kind::Public, len, crlf.as_bytes()).unwrap(), key);
        }
        let text = encode("Ed25519", Kind::Public, &[7; 100]);
        let form = Err(PemError::Form);
        for at in 0..text.len() - 1 {
            assert!(decode("Ed25519", Kind::Public, 100, &text.as_bytes()[..at]).is_err(), "cut at {at}");
            let mut changed = text.as_bytes().to_vec();
            changed[at] = b'!';
            assert!(decode("Ed25519", Kind::Public, 100, &changed).is_err(), "changed at {at}");
        }
        for bad in ["", "nonsense", &format!("x{}", *text), &format!("{}x", *text), &format!("{}{}", *text, *text)] {
            assert_eq!(decode("Ed25519", Kind::Public, 100, bad.as_bytes()), form, "{bad}");
        }
        // a short line in the midst
        let broken = text.replacen("BwcHBwcH", "BwcHBwcH\n", 1);
        assert_eq!(decode("Ed25519", Kind::Public, 100, broken.as_bytes()), form);
    }

    #[test]
    fn as_the_library_writes_it() {
        let key = nike::PublicKey::<X25519>::from_bytes([9; 32]);
        let mut text = [0; mixwell_pq_kem::pem::encoded_len::<nike::PublicKey<X25519>>()];
        let text = mixwell_pq_kem::pem::encode(&key, &mut text).unwrap();
        assert_eq!(*encode("x25519", Kind::Public, &[9; 32]), text);
    }
}
