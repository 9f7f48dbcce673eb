//! Keys as PEM text: type `<UPPER-CASED SCHEME NAME> PUBLIC KEY` or `… PRIVATE KEY`, body the key's
//! encoding.
//!
//! ```
//! use mixwell_pq_kem::{X25519, nike::PublicKey, pem};
//!
//! let key = PublicKey::<X25519>::from_bytes([9; 32]);
//! let mut text = [0; pem::encoded_len::<PublicKey<X25519>>()];
//! let text = pem::encode(&key, &mut text)?;
//! assert!(text.starts_with("-----BEGIN X25519 PUBLIC KEY-----\n"));
//! assert_eq!(pem::decode(text.as_bytes()), Ok(key));
//! # Ok::<(), pem::PemError>(())
//! ```
//!
//! Base64 is read and written in constant time. The reader is strict: one key, lines of 64
//! characters ended by LF (or CRLF), nothing before and nothing after; only the end of the last
//! line may be missing.

use crate::{ByteArray, Kem, Nike, kem, nike};
use base64ct::{Base64, Encoding as _};
use core::fmt;

/// A key with a PEM form.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey, pem};
///
/// let key = PrivateKey::<X25519>::from_bytes([7; 32]);
/// let mut text = [0; pem::encoded_len::<PrivateKey<X25519>>()];
/// let text = pem::encode(&key, &mut text)?;
/// assert!(text.starts_with("-----BEGIN X25519 PRIVATE KEY-----\n"));
///
/// let same: PrivateKey<X25519> = pem::decode(text.as_bytes())?;
/// assert_eq!(same.as_bytes(), key.as_bytes());
/// # Ok::<(), pem::PemError>(())
/// ```
pub trait PemKey: Sized {
    /// The scheme's name, ASCII, in any case.
    const NAME: &'static str;
    /// The words that follow the name.
    const KIND: Kind;
    /// The encoding.
    type Bytes: ByteArray;

    /// The encoding.
    fn to_pem_bytes(&self) -> &Self::Bytes;

    /// A key whose encoding `fill` writes in place.
    ///
    /// # Errors
    /// The error of `fill`.
    fn from_pem_bytes<E>(fill: impl FnOnce(&mut Self::Bytes) -> Result<(), E>) -> Result<Self, E>;
}

/// Public or private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a key is either")]
pub enum Kind {
    /// `PUBLIC KEY`.
    Public,
    /// `PRIVATE KEY`.
    Private,
}

/// The text is not that of a key of this type, or the buffer is too small for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
    /// The first line is not the `BEGIN` line of such a key.
    Begin,
    /// The last line is not the `END` line of such a key, or something follows it.
    End,
    /// A line of the body is malformed, too long or too short; the first is 1.
    Body {
        /// The line's number.
        line: usize,
    },
    /// The buffer is too small for the text.
    Room {
        /// The length of the text in bytes.
        want: usize,
        /// The length of the buffer in bytes.
        got: usize,
    },
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("the first line does not begin a key of this type"),
            Self::End => f.write_str("the last line does not end a key of this type"),
            Self::Body { line } => write!(f, "line {line} of the key is malformed"),
            Self::Room { want, got } => write!(f, "the buffer is {got} bytes, want {want}"),
        }
    }
}

impl core::error::Error for PemError {}

/// The type of a PEM text, for keys whose scheme is chosen at run time.
///
/// ```
/// use mixwell_pq_kem::pem::{Kind, Label};
///
/// let label = Label { scheme: "Ed25519", kind: Kind::Public };
/// let mut text = [0; 256];
/// let text = label.encode(&[9; 32], &mut text)?;
/// assert!(text.starts_with("-----BEGIN ED25519 PUBLIC KEY-----\n"));
/// let mut key = [0; 32];
/// label.decode(text.as_bytes(), &mut key)?;
/// assert_eq!(key, [9; 32]);
/// # Ok::<(), mixwell_pq_kem::pem::PemError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a PEM label of a key is these two")]
pub struct Label<'s> {
    /// The scheme's name, ASCII, in any case.
    pub scheme: &'s str,
    /// The words that follow the name.
    pub kind: Kind,
}

impl Label<'_> {
    /// The length of the PEM text in bytes, of a key of `key_len` bytes.
    #[must_use]
    pub const fn encoded_len(self, key_len: usize) -> usize {
        // saturating, as the caller's number need not be a key's length
        let label = self.scheme.len().saturating_add(self.kind.text().len());
        let boundaries = label.saturating_mul(2).saturating_add(BOUNDARIES_LEN);
        let body = key_len.div_ceil(3).saturating_mul(4);
        boundaries.saturating_add(body).saturating_add(body.div_ceil(LINE_CHARS))
    }

    /// Writes the PEM text of a key's encoding to the front of `out`.
    ///
    /// # Errors
    /// [`PemError::Room`] if `out` is shorter than [`encoded_len`](Self::encoded_len).
    pub fn encode<'o>(self, key: &[u8], out: &'o mut [u8]) -> Result<&'o str, PemError> {
        let want = self.encoded_len(key.len());
        let short = PemError::Room { want, got: out.len() };
        let text = out.get_mut(..want).ok_or(short)?;
        let mut rest = Rest(text);
        rest.boundary(BEGIN, self).ok_or(short)?;
        for line in key.chunks(LINE_BYTES) {
            let chars = rest.take(Base64::encoded_len(line)).ok_or(short)?;
            Base64::encode(line, chars).map_err(|_| short)?;
            rest.put("\n").ok_or(short)?;
        }
        rest.boundary(END, self).ok_or(short)?;
        // declassified with what it calls: that each character is ASCII
        str::from_utf8(text).map_err(|_| short)
    }

    /// Reads the encoding of a key from its PEM text into `key`, which has the key's length.
    ///
    /// # Errors
    /// [`PemError`] says which line is wrong; `key` may then be partly written.
    pub fn decode(self, mut text: &[u8], key: &mut [u8]) -> Result<(), PemError> {
        self.take_boundary(BEGIN, &mut text).and_then(|()| take_eol(&mut text)).ok_or(PemError::Begin)?;
        for (line, bytes) in (1..).zip(key.chunks_mut(LINE_BYTES)) {
            take_line(&mut text, bytes).ok_or(PemError::Body { line })?;
        }
        self.take_boundary(END, &mut text).ok_or(PemError::End)?;
        if text.is_empty() || take_eol(&mut text).is_some() && text.is_empty() { Ok(()) } else { Err(PemError::End) }
    }

    fn take_boundary(self, start: &str, text: &mut &[u8]) -> Option<()> {
        take(text, start.as_bytes())?;
        let name = text.split_off(..self.scheme.len())?;
        name.iter().copied().eq(self.scheme.bytes().map(|byte| byte.to_ascii_uppercase())).then_some(())?;
        take(text, self.kind.text().as_bytes())?;
        take(text, DASHES.as_bytes())
    }
}

/// The label as in the `BEGIN` line: the name in upper case, then the kind.
impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scheme.chars().try_for_each(|char| write!(f, "{}", char.to_ascii_uppercase()))?;
        f.write_str(self.kind.text())
    }
}

const fn label<K: PemKey>() -> Label<'static> {
    Label { scheme: K::NAME, kind: K::KIND }
}

/// The length of the key's PEM text in bytes.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey, pem};
///
/// let key = PrivateKey::<X25519>::from_bytes([7; 32]);
/// let mut text = [0; pem::encoded_len::<PrivateKey<X25519>>()];
/// let text = pem::encode(&key, &mut text)?;
/// assert!(text.starts_with("-----BEGIN X25519 PRIVATE KEY-----\n"));
///
/// let same: PrivateKey<X25519> = pem::decode(text.as_bytes())?;
/// assert_eq!(same.as_bytes(), key.as_bytes());
/// # Ok::<(), pem::PemError>(())
/// ```
#[must_use]
pub const fn encoded_len<K: PemKey>() -> usize {
    label::<K>().encoded_len(K::Bytes::LEN)
}

/// Writes the key's PEM text to the front of `out`.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey, pem};
///
/// let key = PrivateKey::<X25519>::from_bytes([7; 32]);
/// let mut text = [0; pem::encoded_len::<PrivateKey<X25519>>()];
/// let text = pem::encode(&key, &mut text)?;
/// assert!(text.starts_with("-----BEGIN X25519 PRIVATE KEY-----\n"));
///
/// let same: PrivateKey<X25519> = pem::decode(text.as_bytes())?;
/// assert_eq!(same.as_bytes(), key.as_bytes());
/// # Ok::<(), pem::PemError>(())
/// ```
///
/// # Errors
/// [`PemError::Room`] if `out` is shorter than [`encoded_len`].
pub fn encode<'o, K: PemKey>(key: &K, out: &'o mut [u8]) -> Result<&'o str, PemError> {
    label::<K>().encode(key.to_pem_bytes().as_ref(), out)
}

/// Reads a key from its PEM text.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey, pem};
///
/// let key = PrivateKey::<X25519>::from_bytes([7; 32]);
/// let mut text = [0; pem::encoded_len::<PrivateKey<X25519>>()];
/// let text = pem::encode(&key, &mut text)?;
/// assert!(text.starts_with("-----BEGIN X25519 PRIVATE KEY-----\n"));
///
/// let same: PrivateKey<X25519> = pem::decode(text.as_bytes())?;
/// assert_eq!(same.as_bytes(), key.as_bytes());
/// # Ok::<(), pem::PemError>(())
/// ```
///
/// # Errors
/// [`PemError`] says which line is wrong.
pub fn decode<K: PemKey>(text: &[u8]) -> Result<K, PemError> {
    K::from_pem_bytes(|bytes| label::<K>().decode(text, bytes.as_mut()))
}

/// The name of the scheme, in upper case, if the text begins like a key of this kind. Leading white
/// space is ignored.
///
/// ```
/// use mixwell_pq_kem::pem::{Kind, scheme_name};
///
/// let text = b"-----BEGIN XWING PUBLIC KEY-----\n";
/// assert_eq!(scheme_name(Kind::Public, text), Some("XWING"));
/// assert_eq!(scheme_name(Kind::Private, text), None);
/// ```
#[must_use]
pub fn scheme_name(kind: Kind, text: &[u8]) -> Option<&str> {
    let first = text.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
    let label = first.trim_ascii_end().strip_prefix(BEGIN.as_bytes())?.strip_suffix(DASHES.as_bytes())?;
    str::from_utf8(label.strip_suffix(kind.text().as_bytes())?).ok()
}

impl Kind {
    const fn text(self) -> &'static str {
        match self {
            Self::Public => " PUBLIC KEY",
            Self::Private => " PRIVATE KEY",
        }
    }
}

/// The rest of the output buffer.
struct Rest<'o>(&'o mut [u8]);

impl<'o> Rest<'o> {
    fn take(&mut self, len: usize) -> Option<&'o mut [u8]> {
        self.0.split_off_mut(..len)
    }

    fn put(&mut self, text: &str) -> Option<()> {
        self.take(text.len()).map(|to| to.copy_from_slice(text.as_bytes()))
    }

    fn boundary(&mut self, start: &str, label: Label<'_>) -> Option<()> {
        self.put(start)?;
        let name = self.take(label.scheme.len())?;
        name.copy_from_slice(label.scheme.as_bytes());
        name.make_ascii_uppercase();
        self.put(label.kind.text())?;
        self.put(DASHES)?;
        self.put("\n")
    }
}

/// Reads a line of the body, which has exactly the characters for `bytes`.
fn take_line(text: &mut &[u8], bytes: &mut [u8]) -> Option<()> {
    let chars = text.split_off(..Base64::encoded_len(bytes))?;
    let decoded = Base64::decode(chars, bytes).ok()?.len();
    // declassified: whether the line is well-formed
    (decoded == bytes.len()).then_some(())?;
    take_eol(text)
}

fn take_eol(text: &mut &[u8]) -> Option<()> {
    take(text, b"\n").or_else(|| take(text, b"\r\n"))
}

fn take(text: &mut &[u8], expected: &[u8]) -> Option<()> {
    *text = text.strip_prefix(expected)?;
    Some(())
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Both boundary lines without their labels.
const BOUNDARIES_LEN: usize = BEGIN.len() + END.len() + 2 * (DASHES.len() + 1);
const LINE_CHARS: usize = 64;
const LINE_BYTES: usize = 48;

macro_rules! pem_key {
    ($scheme:ident, $key:path, $kind:ident, $bytes:ident) => {
        impl<S: $scheme> PemKey for $key {
            const NAME: &'static str = S::NAME;
            const KIND: Kind = Kind::$kind;
            type Bytes = S::$bytes;

            fn to_pem_bytes(&self) -> &Self::Bytes {
                self.as_bytes()
            }

            fn from_pem_bytes<E>(fill: impl FnOnce(&mut Self::Bytes) -> Result<(), E>) -> Result<Self, E> {
                let mut key = Self::from_bytes(ByteArray::ZERO);
                fill(key.as_bytes_mut()).map(|()| key)
            }
        }
    };
}

pem_key!(Nike, nike::PublicKey<S>, Public, PublicBytes);
pem_key!(Nike, nike::PrivateKey<S>, Private, PrivateBytes);
pem_key!(Kem, kem::PublicKey<S>, Public, PublicBytes);
pem_key!(Kem, kem::PrivateKey<S>, Private, PrivateBytes);
