//! Link keys of a KEM chosen at run time. Sessions do not depend on the KEM, so its type stays
//! within this module.

mod handshakes;

use super::super::{files, files::KeyFileError, pem, pem::Kind};
use chacha20::ChaCha20Rng;
use core::fmt;
use handshakes::{Handshake, Handshaken, Handshakes};
use mixwell_pq_kem::{
    ByteArray as _, Kem, WithKem, XWing,
    kem::{KeyError, PrivateKey},
    with_kem,
};
use mixwell_wire::{Ad, Link, Session, Timeouts, responder::UnprovenSession};
use rand_core::CryptoRng;
use std::{path::Path, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

/// A KEM of links.
#[derive(Clone, Copy)]
pub struct LinkKem {
    name: &'static str,
    public_len: usize,
    private_len: usize,
    generate: fn(&mut dyn CryptoRng) -> Result<Generated, KeyError>,
    load: fn(&[u8]) -> Result<LinkKey, KeyError>,
}

/// A fresh key, and its private part for storage.
struct Generated {
    key: LinkKey,
    private: Zeroizing<Vec<u8>>,
}

/// A link key, ready for handshakes. Cloning shares it; the private part is wiped when the last one
/// is dropped.
#[derive(Clone)]
pub struct LinkKey {
    kem: LinkKem,
    key: Arc<dyn Handshakes>,
}

/// A byte stream of a link.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The identity that the other side of a handshake claims. A responder's claim is proven when the
/// handshake is done, an initiator's only by its first command.
#[derive(Debug, Clone, Copy)]
pub struct PeerClaim<'a> {
    /// The claimed name.
    pub ad: &'a [u8],
    /// The claimed link public key.
    pub link_key: &'a [u8],
}

/// A session with a responder that has proved its identity.
#[derive(Debug)]
pub struct Initiated {
    /// The session.
    pub session: Session,
    /// Seconds by which this machine's clock is ahead of the responder's.
    pub clock_skew: i64,
}

impl LinkKem {
    /// The KEM with a name, which is not case-sensitive.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        with_kem(name, OfKem)
    }

    /// The name in Noise protocol names and PEM.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of a public key.
    #[must_use]
    pub const fn public_len(&self) -> usize {
        self.public_len
    }

    /// Reads a public key in PEM form.
    ///
    /// # Errors
    /// [`pem::PemError`].
    pub fn public_from_pem(&self, text: &str) -> Result<Vec<u8>, pem::PemError> {
        Ok(pem::decode(self.name, Kind::Public, self.public_len, text.as_bytes())?.to_vec())
    }

    const fn of<K: Kem>() -> Self {
        Self {
            name: K::NAME,
            public_len: K::PublicBytes::LEN,
            private_len: K::PrivateBytes::LEN,
            generate: generate::<K>,
            load: load::<K>,
        }
    }
}

struct OfKem;

impl WithKem for OfKem {
    type Output = LinkKem;

    fn with<K: Kem>(self) -> LinkKem {
        LinkKem::of::<K>()
    }
}

/// X-Wing is the default.
impl Default for LinkKem {
    fn default() -> Self {
        Self::of::<XWing>()
    }
}

impl PartialEq for LinkKem {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for LinkKem {}

impl fmt::Debug for LinkKem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKem({})", self.name)
    }
}

fn generate<K: Kem>(rng: &mut dyn CryptoRng) -> Result<Generated, KeyError> {
    let private = PrivateKey::<K>::generate(rng);
    let bytes = Zeroizing::new(private.as_bytes().as_ref().to_vec());
    Ok(Generated { key: of_private(&private)?, private: bytes })
}

fn load<K: Kem>(bytes: &[u8]) -> Result<LinkKey, KeyError> {
    let mut private = PrivateKey::<K>::default();
    // `pem::decode` has checked the length
    private.as_bytes_mut().as_mut().copy_from_slice(bytes);
    of_private(&private)
}

fn of_private<K: Kem>(private: &PrivateKey<K>) -> Result<LinkKey, KeyError> {
    Ok(LinkKey { kem: LinkKem::of::<K>(), key: Arc::new(mixwell_wire::LinkKey::<K>::new(private)?) })
}

impl LinkKey {
    /// A fresh key, only in memory.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn generate(kem: LinkKem, rng: &mut dyn CryptoRng) -> Result<Self, KeyError> {
        Ok((kem.generate)(rng)?.key)
    }

    /// The key in a data folder, generated there if there is none.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load_or_generate(folder: &Path, kem: LinkKem, rng: &mut dyn CryptoRng) -> Result<Self, KeyFileError> {
        if let Some(loaded) = Self::load(folder, kem)? {
            return Ok(loaded);
        }
        let (private_path, public_path) = (folder.join(PRIVATE_FILE), folder.join(PUBLIC_FILE));
        let Generated { key, private } = (kem.generate)(rng)?;
        let text = pem::encode(kem.name, Kind::Private, &private);
        files::write_pair((&private_path, text.as_bytes()), (&public_path, key.public_pem().as_bytes()))?;
        Ok(key)
    }

    /// The key in a data folder, if there is one.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(folder: &Path, kem: LinkKem) -> Result<Option<Self>, KeyFileError> {
        let (private_path, public_path) = (folder.join(PRIVATE_FILE), folder.join(PUBLIC_FILE));
        files::mend_pair(&private_path, &public_path)?;
        let Some(text) = files::read_private(&private_path)? else { return Ok(None) };
        let failed = |error: &dyn fmt::Display| KeyFileError::Malformed(private_path.clone(), error.to_string());
        let bytes = pem::decode(kem.name, Kind::Private, kem.private_len, &text).map_err(|error| failed(&error))?;
        (kem.load)(&bytes).map(Some).map_err(|error| failed(&error))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.key.public()
    }

    /// The public key in PEM form, as other configurations list it.
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem::encode(self.kem.name, Kind::Public, self.public()).to_string()
    }

    /// Length of the buffer for a handshake on a link that does not pad.
    #[must_use]
    pub fn handshake_len(&self) -> usize {
        self.key.longest_message()
    }

    /// Length of the buffer for a handshake on `link` and the session that follows.
    #[must_use]
    pub fn buffer_len(&self, link: &Link) -> usize {
        self.key.longest_message().max(link.buffer_len())
    }

    /// Runs an initiator's handshake. `wanted` decides whether the responder is the intended peer.
    ///
    /// # Errors
    /// [`StreamError`](mixwell_wire::StreamError).
    pub async fn initiate(
        &self,
        stream: &mut dyn Stream,
        (ad, link): (Ad<'_>, Link),
        rng: &mut ChaCha20Rng,
        buffer: &mut [u8],
        timeouts: &Timeouts,
        mut wanted: impl FnMut(&PeerClaim<'_>) -> bool + Send,
    ) -> Handshaken<Initiated> {
        self.key.initiate(Handshake { stream, ad, rng, buffer, timeouts }, link, &mut wanted).await
    }

    /// Runs a responder's handshake. `link_for` returns the link for the peer that the initiator
    /// claims to be, or refuses it.
    ///
    /// # Errors
    /// [`StreamError`](mixwell_wire::StreamError).
    pub async fn respond(
        &self,
        stream: &mut dyn Stream,
        ad: Ad<'_>,
        rng: &mut ChaCha20Rng,
        buffer: &mut [u8],
        timeouts: &Timeouts,
        mut link_for: impl FnMut(&PeerClaim<'_>) -> Option<Link> + Send,
    ) -> Handshaken<UnprovenSession> {
        self.key.respond(Handshake { stream, ad, rng, buffer, timeouts }, &mut link_for).await
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey({}, ..)", self.kem.name)
    }
}

const PRIVATE_FILE: &str = "link.private.pem";
const PUBLIC_FILE: &str = "link.public.pem";
