//! The packet format of one network: a scheme and a geometry.

use crate::{
    geometry::{Geometry, SchemeInfo},
    scheme::Scheme,
};
use core::{fmt, marker::PhantomData};

/// Makes and processes the packets of one network.
///
/// The type parameter is the scheme: `Sphinx<X25519>`, or `Sphinx<Kem<XWing>>`. It holds a
/// [`Geometry`] and nothing else: no keys, no state.
pub struct Sphinx<S> {
    pub(crate) geometry: Geometry,
    scheme: PhantomData<fn() -> S>,
}

impl<S: Scheme> Sphinx<S> {
    /// For a geometry that was read from outside.
    ///
    /// # Errors
    /// [`WrongScheme`] if the geometry is one of another scheme.
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

/// The geometry is one of another scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongScheme {
    /// The geometry's scheme.
    pub got: SchemeInfo,
    /// The scheme asked for.
    pub want: SchemeInfo,
}

impl fmt::Display for WrongScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the geometry is for {}, want {}", self.got, self.want)
    }
}

impl core::error::Error for WrongScheme {}
