//! Packets of a Sphinx scheme chosen at run time: this module erases the scheme's type.

mod scheme;

pub use scheme::{MixScheme, WithMixScheme, with_scheme};

use chacha20::ChaCha20Rng;
use core::fmt;
use mixwell_pki_types as pki;
use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx, SurbId, SurbKeys, WrapError};

/// A message to be wrapped with a SURB for its reply.
#[derive(Clone, Copy)]
pub struct OutgoingMessage<'a> {
    /// The path to the service.
    pub out: &'a [Option<pki::Hop<'a>>],
    /// The service.
    pub service: RecipientId,
    /// The path back.
    pub back: &'a [Option<pki::Hop<'a>>],
    /// The recipient of the reply.
    pub owner: RecipientId,
    /// The id of the SURB.
    pub surb_id: SurbId,
    /// The message; zeros follow it.
    pub payload: &'a [u8],
}

// not printed, because it reveals who communicates with whom
impl fmt::Debug for OutgoingMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutgoingMessage(..)")
    }
}

/// Wraps packets of one geometry. No private key is needed.
pub trait PacketCodec: Send + Sync {
    /// The lengths of packets.
    fn geometry(&self) -> &Geometry;

    /// Wraps a message with a SURB into `packet`; `surb` is room for the SURB.
    ///
    /// # Errors
    /// [`WrapError`].
    fn wrap(
        &self,
        message: &OutgoingMessage<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError>;

    /// Wraps a reply into `packet`, and returns its first hop.
    ///
    /// # Errors
    /// [`WrapError`].
    fn wrap_reply(&self, surb: &[u8], payload: &[u8], packet: &mut [u8]) -> Result<NodeId, WrapError>;
}

impl<S: MixScheme> PacketCodec for Sphinx<S> {
    fn geometry(&self) -> &Geometry {
        self.geometry()
    }

    fn wrap(
        &self,
        message: &OutgoingMessage<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError> {
        let (out_keys, back_keys) = (public_keys::<S>(message.out)?, public_keys::<S>(message.back)?);
        let (out, back) = (hops(message.out, &out_keys), hops(message.back, &back_keys));
        let path = Path { hops: &back, recipient: message.owner };
        let keys = self.new_surb(&path, message.surb_id, rng, surb)?;
        let inner = Message { surb: Some(surb), user_payload: message.payload };
        self.wrap_message(&Path { hops: &out, recipient: message.service }, &inner, rng, packet)?;
        Ok(keys)
    }

    fn wrap_reply(&self, surb: &[u8], payload: &[u8], packet: &mut [u8]) -> Result<NodeId, WrapError> {
        self.wrap_reply(surb, payload, packet)
    }
}

/// The public keys of a route's hops.
fn public_keys<S: MixScheme>(route: &[Option<pki::Hop<'_>>]) -> Result<Vec<S::PublicKey>, WrapError> {
    let key =
        |(hop, place): (&pki::Hop<'_>, usize)| S::of_public(hop.mix_key).ok_or(WrapError::PublicKey { hop: place });
    route.iter().flatten().zip(0..).map(key).collect()
}

/// The hops of a route.
fn hops<'k, S: MixScheme>(route: &[Option<pki::Hop<'_>>], keys: &'k [S::PublicKey]) -> Vec<Hop<'k, S>> {
    let hop = |(hop, public_key): (&pki::Hop<'_>, &'k S::PublicKey)| Hop {
        id: hop.node.id().into(),
        public_key,
        delay_millis: hop.delay_millis,
    };
    route.iter().flatten().zip(keys).map(hop).collect()
}

/// The codec of a geometry; `None` if its scheme is unknown.
#[must_use]
pub fn packet_codec(geometry: Geometry) -> Option<Box<dyn PacketCodec>> {
    with_scheme(geometry.scheme(), Boxed(geometry)).flatten()
}

struct Boxed(Geometry);

impl WithMixScheme for Boxed {
    type Output = Option<Box<dyn PacketCodec>>;

    fn with<S: MixScheme>(self) -> Self::Output {
        Some(Box::new(Sphinx::<S>::new(self.0).ok()?))
    }
}
