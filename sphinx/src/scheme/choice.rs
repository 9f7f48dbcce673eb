//! The choice of a scheme at run time: from a geometry's scheme to the type.

use super::{Kem, Scheme};
use crate::geometry::SchemeInfo;
use mixwell_pq_kem::{Nike, WithKem, WithNike, with_kem, with_nike};

/// An operation that is generic over the scheme, for [`with_scheme`]. A program that knows its
/// network's geometry only at run time writes one for each entry into its generic code, such as
/// "make a mix" or "make a client", and keeps the result behind a trait of its own.
///
/// ```
/// use mixwell_sphinx::{Geometry, Scheme, Sphinx, WithScheme};
///
/// /// What the program needs of any scheme.
/// trait Mix {
///     fn unwrap(&self, packet: &mut [u8]) -> bool;
/// }
///
/// struct MixOf<S: Scheme> {
///     sphinx: Sphinx<S>,
///     key: S::PrivateKey,
/// }
///
/// impl<S: Scheme> Mix for MixOf<S> {
///     fn unwrap(&self, packet: &mut [u8]) -> bool {
///         self.sphinx.open(packet, &self.key).is_ok_and(|opened| opened.finish().is_ok())
///     }
/// }
///
/// /// Makes a mix of a stored key; `None` if the key or the geometry is another scheme's.
/// struct MakeMix<'a>(Geometry, &'a [u8]);
///
/// impl WithScheme for MakeMix<'_> {
///     type Output = Option<Box<dyn Mix>>;
///
///     fn with<S: Scheme>(self) -> Self::Output {
///         let (key, _) = S::expand(&self.1.try_into().ok()?).ok()?;
///         Some(Box::new(MixOf::<S> { sphinx: Sphinx::new(self.0).ok()?, key }))
///     }
/// }
/// ```
pub trait WithScheme {
    /// The result.
    type Output;

    /// Runs the operation with the scheme.
    fn with<S: Scheme>(self) -> Self::Output;
}

/// Runs an operation with the scheme of a geometry. Returns `None` if this build has no such
/// scheme: the schemes are features of this crate (or of `mixwell-pq-kem`).
///
/// ```
/// use mixwell_sphinx::{Geometry, Scheme, SchemeInfo, WithScheme, with_scheme};
///
/// /// Checks the length of a public key in a descriptor.
/// struct IsPublicKey<'a>(&'a [u8]);
///
/// impl WithScheme for IsPublicKey<'_> {
///     type Output = bool;
///
///     fn with<S: Scheme>(self) -> bool {
///         S::PublicKey::try_from(self.0).is_ok()
///     }
/// }
///
/// let scheme = SchemeInfo::by_names("x25519", "").expect("its names come from a configuration");
/// let geometry = Geometry::new(scheme, 5, 2000, true)?;
/// assert_eq!(with_scheme(geometry.scheme(), IsPublicKey(&[9; 32])), Some(true));
/// assert_eq!(with_scheme(geometry.scheme(), IsPublicKey(&[9; 31])), Some(false));
/// # Ok::<(), mixwell_sphinx::GeometryError>(())
/// ```
pub fn with_scheme<W: WithScheme>(scheme: SchemeInfo, operation: W) -> Option<W::Output> {
    let choice = Choice { scheme, operation };
    if scheme.is_kem() { with_kem(scheme.name(), choice) } else { with_nike(scheme.name(), choice) }.flatten()
}

struct Choice<W> {
    scheme: SchemeInfo,
    operation: W,
}

impl<W: WithScheme> Choice<W> {
    /// Runs the operation unless only the name is the same, as a scheme of the caller's own may
    /// have it.
    fn run<S: Scheme>(self) -> Option<W::Output> {
        (S::INFO == self.scheme).then(|| self.operation.with::<S>())
    }
}

impl<W: WithScheme> WithNike for Choice<W> {
    type Output = Option<W::Output>;

    fn with<N: Nike>(self) -> Self::Output {
        self.run::<N>()
    }
}

impl<W: WithScheme> WithKem for Choice<W> {
    type Output = Option<W::Output>;

    fn with<K: mixwell_pq_kem::Kem>(self) -> Self::Output {
        self.run::<Kem<K>>()
    }
}
