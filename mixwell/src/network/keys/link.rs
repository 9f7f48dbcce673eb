//! Link keys of a KEM that is chosen at run time: the type is known in here alone, as a session does not depend on it.

use super::super::{
    error::NetworkError,
    files,
    pem::{self, Kind},
};
use chacha20::ChaCha20Rng;
use core::{fmt, pin::Pin};
use mixwell_pq_kem::{
    Adapter, ByteArray as _, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing, kem::PrivateKey,
};
use mixwell_wire::{
    Ad, Link, Messages, Session, StreamError, Timeouts, initiator::Initiator, responder::Responder, tokio as wire_tokio,
};
use rand_core::CryptoRng;
use std::{io, path::Path, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

/// A KEM of links, by its name.
#[derive(Clone, Copy)]
pub(crate) struct LinkKem {
    name: &'static str,
    public_len: usize,
    private_len: usize,
    generate: fn(&mut dyn CryptoRng) -> Result<Made, NetworkError>,
    load: fn(&[u8]) -> Result<LinkKey, NetworkError>,
}

/// A fresh key, and its private part to be written down.
type Made = (LinkKey, Zeroizing<Vec<u8>>);

/// A link key, ready for handshakes. Cloning shares it; the private part is wiped when the last one is dropped.
#[derive(Clone)]
pub(crate) struct LinkKey {
    kem: LinkKem,
    key: Arc<dyn Handshakes>,
}

/// A byte stream of a link.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How a handshake ends.
pub(crate) type Handshaken = Result<Session, StreamError<io::Error>>;

/// Whether a peer of this `ad` and static key is one that is wanted.
type Wanted<'a> = &'a mut (dyn FnMut(&[u8], &[u8]) -> bool + Send);

/// Which link a peer of this `ad` and static key gets, if it is wanted.
type LinkFor<'a> = &'a mut (dyn FnMut(&[u8], &[u8]) -> Option<Link> + Send);

impl LinkKem {
    /// The KEM of a name, in any case.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        KEMS.iter().find(|kem| kem.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The name, as Noise and PEM have it.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of a public key.
    pub(crate) const fn public_len(&self) -> usize {
        self.public_len
    }

    /// Reads a public key in PEM form.
    pub(crate) fn public_from_pem(&self, text: &str) -> Result<Vec<u8>, pem::PemError> {
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

/// X-Wing, if nobody says otherwise.
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

const KEMS: &[LinkKem] = &[
    LinkKem::of::<XWing>(),
    LinkKem::of::<MlKem768>(),
    LinkKem::of::<MlKem768X25519>(),
    LinkKem::of::<MlKem768X448>(),
    LinkKem::of::<Adapter<X25519>>(),
    LinkKem::of::<Adapter<X448>>(),
];

fn generate<K: Kem>(rng: &mut dyn CryptoRng) -> Result<Made, NetworkError> {
    let private = PrivateKey::<K>::generate(rng);
    let bytes = Zeroizing::new(private.as_bytes().as_ref().to_vec());
    Ok((of_private(&private)?, bytes))
}

fn load<K: Kem>(bytes: &[u8]) -> Result<LinkKey, NetworkError> {
    let mut private = PrivateKey::<K>::default();
    // `pem::decode` has checked the length
    private.as_bytes_mut().as_mut().copy_from_slice(bytes);
    of_private(&private)
}

fn of_private<K: Kem>(private: &PrivateKey<K>) -> Result<LinkKey, NetworkError> {
    Ok(LinkKey { kem: LinkKem::of::<K>(), key: Arc::new(mixwell_wire::LinkKey::<K>::new(private)?) })
}

impl LinkKey {
    /// A fresh one, in memory.
    pub(crate) fn generate(kem: LinkKem, rng: &mut dyn CryptoRng) -> Result<Self, NetworkError> {
        Ok((kem.generate)(rng)?.0)
    }

    /// The one of a data folder, made there if there is none.
    pub(crate) fn load_or_generate(folder: &Path, kem: LinkKem, rng: &mut dyn CryptoRng) -> Result<Self, NetworkError> {
        let (private_path, public_path) = (folder.join(PRIVATE_FILE), folder.join(PUBLIC_FILE));
        files::mend_pair(&private_path, &public_path)?;
        let Some(text) = files::read_private(&private_path)? else {
            let (key, private) = (kem.generate)(rng)?;
            let text = pem::encode(kem.name, Kind::Private, &private);
            files::write_pair((&private_path, text.as_bytes()), (&public_path, key.public_pem().as_bytes()))?;
            return Ok(key);
        };
        let failed = |error: &dyn fmt::Display| NetworkError::KeyFile(private_path.clone(), error.to_string());
        let bytes = pem::decode(kem.name, Kind::Private, kem.private_len, &text).map_err(|error| failed(&error))?;
        (kem.load)(&bytes).map_err(|error| failed(&error))
    }

    /// The public key.
    pub(crate) fn public(&self) -> &[u8] {
        self.key.public()
    }

    /// The public key as configurations of others have it.
    pub(crate) fn public_pem(&self) -> String {
        pem::encode(self.kem.name, Kind::Public, self.public()).to_string()
    }

    /// How long a buffer has to be for a handshake on a link that pads nothing.
    pub(crate) fn handshake_len(&self) -> usize {
        self.key.longest_message()
    }

    /// How long a buffer has to be for a handshake on `link`, and for what follows.
    pub(crate) fn buffer_len(&self, link: &Link) -> usize {
        self.key.longest_message().max(link.buffer_len())
    }

    /// Runs an initiator's handshake. `wanted` is asked with the responder's `ad` and static key.
    pub(crate) async fn initiate(
        &self,
        stream: &mut dyn Stream,
        (ad, link): (Ad<'_>, Link),
        rng: &mut ChaCha20Rng,
        buffer: &mut [u8],
        timeouts: &Timeouts,
        mut wanted: impl FnMut(&[u8], &[u8]) -> bool + Send,
    ) -> Handshaken {
        self.key.initiate(Handshake { stream, ad, rng, buffer, timeouts }, link, &mut wanted).await
    }

    /// Runs a responder's handshake. `link_for` tells by the initiator's `ad` and static key which link it gets.
    pub(crate) async fn respond(
        &self,
        stream: &mut dyn Stream,
        ad: Ad<'_>,
        rng: &mut ChaCha20Rng,
        buffer: &mut [u8],
        timeouts: &Timeouts,
        mut link_for: impl FnMut(&[u8], &[u8]) -> Option<Link> + Send,
    ) -> Handshaken {
        self.key.respond(Handshake { stream, ad, rng, buffer, timeouts }, &mut link_for).await
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey({}, ..)", self.kem.name)
    }
}

/// What a handshake takes.
struct Handshake<'a> {
    stream: &'a mut dyn Stream,
    ad: Ad<'a>,
    rng: &'a mut ChaCha20Rng,
    buffer: &'a mut [u8],
    timeouts: &'a Timeouts,
}

type Future<'a> = Pin<Box<dyn core::future::Future<Output = Handshaken> + Send + 'a>>;

/// A link key of some KEM.
trait Handshakes: Send + Sync {
    fn public(&self) -> &[u8];
    fn longest_message(&self) -> usize;
    fn initiate<'a>(&'a self, handshake: Handshake<'a>, link: Link, wanted: Wanted<'a>) -> Future<'a>;
    fn respond<'a>(&'a self, handshake: Handshake<'a>, link_for: LinkFor<'a>) -> Future<'a>;
}

impl<K: Kem> Handshakes for mixwell_wire::LinkKey<K> {
    fn public(&self) -> &[u8] {
        self.public().as_bytes().as_ref()
    }

    fn longest_message(&self) -> usize {
        Messages::<K>::MAX_LEN
    }

    fn initiate<'a>(&'a self, handshake: Handshake<'a>, link: Link, wanted: Wanted<'a>) -> Future<'a> {
        Box::pin(async move {
            let Handshake { mut stream, ad, rng, buffer, timeouts } = handshake;
            let initiator = Initiator::new(self, ad, link);
            wire_tokio::initiate(&mut stream, initiator, rng, buffer, timeouts, |peer| {
                wanted(peer.ad(), peer.static_key().as_bytes().as_ref())
            })
            .await
        })
    }

    fn respond<'a>(&'a self, handshake: Handshake<'a>, link_for: LinkFor<'a>) -> Future<'a> {
        Box::pin(async move {
            let Handshake { mut stream, ad, rng, buffer, timeouts } = handshake;
            let responder = Responder::new(self, ad);
            let unproven = wire_tokio::respond(&mut stream, responder, rng, buffer, timeouts, |peer| {
                link_for(peer.ad(), peer.static_key().as_bytes().as_ref())
            });
            let unproven = unproven.await?;
            wire_tokio::await_proof(&mut stream, unproven, timeouts).await
        })
    }
}

const PRIVATE_FILE: &str = "link.private.pem";
const PUBLIC_FILE: &str = "link.public.pem";
