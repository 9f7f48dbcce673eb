//! From a route to the path of a packet: the hops of `mixwell-sphinx`.
//!
//! The conversion is a feature of this crate, not of `mixwell-sphinx`: a program that reads a
//! consensus may not make packets (an authority), and one that makes packets may know its hops
//! from elsewhere (a test, a token that is told its path), but a program that turns one into the
//! other has both crates. A third crate would hold forty lines and a version of its own.

use crate::{Hop, Place};
use core::fmt;
use mixwell_sphinx::{self as sphinx, Scheme, pq_kem::KeyLength};

/// A hop of a packet's path, of the scheme that the network's geometry names. The public key stays
/// in the document, so that nothing is copied or allocated.
///
/// ```
/// use mixwell_pki_types::{Hop, MixKeyLength};
/// use mixwell_sphinx::{self as sphinx, Message, RecipientId, Scheme, Sphinx, WrapError, X25519};
/// # #[derive(Debug)] enum Error { Key(MixKeyLength), Wrap(WrapError) }
///
/// /// Wraps a message for the service `recipient` at the end of a route.
/// fn wrap<S: Scheme>(
///     sphinx: &Sphinx<S>,
///     route: &[Option<Hop<'_>>],
///     recipient: RecipientId,
///     message: &Message<'_>,
///     packet: &mut [u8],
/// ) -> Result<(), Error> {
///     let hops: Vec<sphinx::Hop<'_, S>> =
///         route.iter().flatten().map(TryFrom::try_from).collect::<Result<_, _>>().map_err(Error::Key)?;
///     let path = sphinx::Path { hops: &hops, recipient };
///     sphinx.wrap_message(&path, message, &mut rand::rng(), packet).map_err(Error::Wrap)
/// }
/// # let geometry = sphinx::Geometry::of::<X25519>(5, 10, true).unwrap();
/// # let sphinx = Sphinx::<X25519>::new(geometry).unwrap();
/// # let message = Message { surb: None, user_payload: b"" };
/// # let error = wrap(&sphinx, &[None], RecipientId([0; 32]), &message, &mut vec![0; geometry.packet_len()]);
/// # assert!(matches!(error, Err(Error::Wrap(WrapError::PathLength { got: 0, .. }))));
/// ```
impl<'a, S: Scheme> TryFrom<&Hop<'a>> for sphinx::Hop<'a, S> {
    type Error = MixKeyLength;

    fn try_from(hop: &Hop<'a>) -> Result<Self, MixKeyLength> {
        let wrong = |KeyLength { scheme, got, want, .. }| MixKeyLength { place: hop.node.place(), scheme, got, want };
        Ok(Self {
            id: hop.node.id().into(),
            public_key: S::public_key_ref(hop.mix_key).map_err(wrong)?,
            delay_millis: hop.delay_millis,
        })
    }
}

/// A node's mix key has another length than the keys of the packets' scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MixKeyLength {
    /// The node.
    pub place: Place,
    /// The scheme's name.
    pub scheme: &'static str,
    /// Bytes of the key.
    pub got: usize,
    /// Bytes of the scheme's keys.
    pub want: usize,
}

impl fmt::Display for MixKeyLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, scheme, got, want } = self;
        write!(f, "{place}: mix key is {got} bytes, want {want} for {scheme}")
    }
}

impl core::error::Error for MixKeyLength {}
