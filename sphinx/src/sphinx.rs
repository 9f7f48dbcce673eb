//! The packet format of one network: a scheme and a geometry.

use crate::{
    geometry::{Geometry, SchemeInfo},
    scheme::Scheme,
};
use core::{fmt, marker::PhantomData};

/// Makes and processes the packets of one network.
///
/// The type parameter is the scheme: `Sphinx<X25519>`, or `Sphinx<Kem<XWing>>`. The value contains
/// only a [`Geometry`]: no keys, no state.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx};
///
/// let mut rng = rand::rng();
/// let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(5, 2000, true)?)?;
/// let mix_key = PrivateKey::generate(&mut rng);
///
/// // a client
/// let hops = [Hop { id: NodeId([1; 32]), public_key: &mix_key.public_key(), delay_millis: None }];
/// let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
/// let mut packet = vec![0; sphinx.geometry().packet_len()];
/// sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"hello" }, &mut rng, &mut packet)?;
///
/// // the hop
/// let action = sphinx.open(&mut packet, &mix_key)?.finish()?;
/// assert!(matches!(action, Action::Deliver { recipient: RecipientId([2, ..]), .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sphinx<S> {
    pub(crate) geometry: Geometry,
    scheme: PhantomData<fn() -> S>,
}

impl<S: Scheme> Sphinx<S> {
    /// The packet format for a geometry from outside.
    ///
    /// # Errors
    /// [`WrongScheme`] if the geometry is for another scheme.
    pub fn new(geometry: Geometry) -> Result<Self, WrongScheme> {
        if geometry.scheme() == S::INFO {
            Ok(Self { geometry, scheme: PhantomData })
        } else {
            Err(WrongScheme { got: geometry.scheme(), want: S::INFO })
        }
    }

    /// The lengths of this network's packets.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }
}

impl<S> Clone for Sphinx<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Sphinx<S> {}

impl<S> fmt::Debug for Sphinx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sphinx").field(&self.geometry).finish()
    }
}

/// The geometry is for another scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongScheme {
    /// The geometry's scheme.
    pub got: SchemeInfo,
    /// The requested scheme.
    pub want: SchemeInfo,
}

impl fmt::Display for WrongScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the geometry is for {}, want {}", self.got, self.want)
    }
}

impl core::error::Error for WrongScheme {}
