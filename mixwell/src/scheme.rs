//! The schemes that can be chosen at run time: the one place where a name becomes a type.

use clap::ValueEnum;
use core::fmt;
use mixwell_pq_kem::{Kem, Nike, X448, X25519};
use mixwell_sphinx::{self as sphinx, SchemeInfo, SchemeKeys as _};

/// A NIKE or KEM, by the name that `--scheme` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemeName {
    /// X25519, as a NIKE
    X25519,
    /// X448, as a NIKE
    X448,
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
