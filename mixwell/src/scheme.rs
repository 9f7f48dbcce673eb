//! The schemes that can be chosen at run time, by their `--scheme` values.

use core::fmt;
use mixwell_pq_kem::{KEMS, Kem, NIKES, Nike, Scheme, WithKem, WithNike, with_kem, with_nike};
use mixwell_sphinx::{self as sphinx, SchemeInfo, SchemeKeys as _};

/// A NIKE or KEM: its name in lower case, followed by `-kem` for a KEM if a NIKE has the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SchemeName {
    scheme: &'static Scheme,
    is_kem: bool,
}

/// An operation that is generic over the scheme.
pub(crate) trait WithScheme {
    /// The result.
    type Output;

    /// With a NIKE.
    fn nike<N: Nike>(self) -> Self::Output;

    /// With a KEM.
    fn kem<K: Kem>(self) -> Self::Output;
}

impl SchemeName {
    /// All schemes.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let nikes = NIKES.iter().map(|scheme| Self { scheme, is_kem: false });
        nikes.chain(KEMS.iter().map(|scheme| Self { scheme, is_kem: true }))
    }

    /// Parses a `--scheme` value; case is ignored.
    pub(crate) fn parse(name: &str) -> Result<Self, &'static str> {
        let found = Self::all().find(|scheme| scheme.to_string().eq_ignore_ascii_case(name));
        found.ok_or("no such scheme; `mixwell schemes` lists them")
    }

    /// Runs an operation with this scheme.
    #[expect(clippy::expect_used, reason = "a name is only made of an entry of the list that is searched")]
    pub(crate) fn run<W: WithScheme>(self, what: W) -> W::Output {
        let name = self.scheme.name;
        if self.is_kem { with_kem(name, OfKem(what)) } else { with_nike(name, OfNike(what)) }.expect("a listed scheme")
    }

    /// The lengths of the scheme's keys, ciphertexts and secrets.
    pub(crate) const fn lengths(self) -> &'static Scheme {
        self.scheme
    }
}

struct OfNike<W>(W);

impl<W: WithScheme> WithNike for OfNike<W> {
    type Output = W::Output;

    fn with<N: Nike>(self) -> W::Output {
        self.0.nike::<N>()
    }
}

struct OfKem<W>(W);

impl<W: WithScheme> WithKem for OfKem<W> {
    type Output = W::Output;

    fn with<K: Kem>(self) -> W::Output {
        self.0.kem::<K>()
    }
}

/// Returns a scheme's parameters in geometries.
pub(crate) struct Info;

impl WithScheme for Info {
    type Output = SchemeInfo;

    fn nike<N: Nike>(self) -> SchemeInfo {
        N::INFO
    }

    fn kem<K: Kem>(self) -> SchemeInfo {
        sphinx::Kem::<K>::INFO
    }
}

impl fmt::Display for SchemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scheme.name.to_ascii_lowercase();
        let is_shared = self.is_kem && Scheme::nike(self.scheme.name).is_some();
        f.pad(&if is_shared { name + "-kem" } else { name })
    }
}
