//! Packets of a Sphinx scheme chosen at run time: this module erases the scheme's type.

use chacha20::ChaCha20Rng;
use core::fmt;
use mixwell_pki_types as pki;
use mixwell_sphinx::{
    Geometry, Hop, Message, NodeId, Path, RecipientId, Scheme, Sphinx, SurbId, SurbKeys, WithScheme, WrapError,
    with_scheme,
};

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

impl<S: Scheme> PacketCodec for Sphinx<S> {
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
        let (out, back) = (hops(message.out)?, hops(message.back)?);
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

/// The hops of a route.
fn hops<'a, S: Scheme>(route: &[Option<pki::Hop<'a>>]) -> Result<Vec<Hop<'a, S>>, WrapError> {
    let hop = |(index, hop)| Hop::try_from(hop).map_err(|_| WrapError::PublicKey { hop: index });
    (0..).zip(route.iter().flatten()).map(hop).collect()
}

/// The codec of a geometry; `None` if its scheme is unknown.
#[must_use]
pub fn packet_codec(geometry: Geometry) -> Option<Box<dyn PacketCodec>> {
    with_scheme(geometry.scheme(), Boxed(geometry)).flatten()
}

struct Boxed(Geometry);

impl WithScheme for Boxed {
    type Output = Option<Box<dyn PacketCodec>>;

    fn with<S: Scheme>(self) -> Self::Output {
        Some(Box::new(Sphinx::<S>::new(self.0).ok()?))
    }
}
