//! The schemes that can be chosen at run time: the one place where a name becomes a type.

use clap::ValueEnum;
use core::fmt;
use mixwell_pq_kem::{Adapter, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing};
use mixwell_sphinx::{
    SchemeInfo, SchemeKeys as _, {self as sphinx},
};

/// A NIKE or KEM, by the name that `--scheme` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemeName {
    /// X25519, as a NIKE
    X25519,
    /// X448, as a NIKE
    X448,
    /// X25519, as a KEM
    X25519Kem,
    /// X448, as a KEM
    X448Kem,
    /// ML-KEM-768 alone
    #[value(name = "mlkem768")]
    MlKem768,
    /// X-Wing: ML-KEM-768 and X25519
    #[value(name = "xwing")]
    XWing,
    /// X25519 and ML-KEM-768, combined by a split PRF
    #[value(name = "mlkem768-x25519")]
    MlKem768X25519,
    /// X448 and ML-KEM-768, combined by a split PRF
    #[value(name = "mlkem768-x448")]
    MlKem768X448,
}

/// What is to be done with a scheme, whichever it is.
pub(crate) trait WithScheme {
    /// What comes of it.
    type Output;

    /// With a NIKE.
    fn nike<N: Nike>(self) -> Self::Output;

    /// With a KEM.
    fn kem<K: Kem>(self) -> Self::Output;
}

impl SchemeName {
    /// Does something with this scheme.
    pub(crate) fn run<W: WithScheme>(self, what: W) -> W::Output {
        match self {
            Self::X25519 => what.nike::<X25519>(),
            Self::X448 => what.nike::<X448>(),
            Self::X25519Kem => what.kem::<Adapter<X25519>>(),
            Self::X448Kem => what.kem::<Adapter<X448>>(),
            Self::MlKem768 => what.kem::<MlKem768>(),
            Self::XWing => what.kem::<XWing>(),
            Self::MlKem768X25519 => what.kem::<MlKem768X25519>(),
            Self::MlKem768X448 => what.kem::<MlKem768X448>(),
        }
    }
}

/// Tells what geometries say of a scheme.
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
        self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
    }
}
