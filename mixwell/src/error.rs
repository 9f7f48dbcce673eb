//! The tool's errors and their messages.

use crate::{cmd::document::DocumentError, network_error::NetworkError};
use mixwell_net::{files::KeyFileError, runtime::StartError};
use mixwell_pq_kem::{kem::KeyError, pem::PemError};
use mixwell_sim::{anonymity::ScenarioError, selftest::SelfTestError};
use mixwell_sphinx::{FinishError, GeometryError, OpenError, WrongScheme};
use mixwell_testnet::speed::SpeedError;
use std::{io, io::ErrorKind, path::PathBuf, process::ExitCode};

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// Standard output can't be written to.
    Output(io::Error),
    /// A file can't be read.
    Read(PathBuf, io::Error),
    /// A file can't be written.
    Write(PathBuf, io::Error),
    /// A file is there already.
    Exists(PathBuf),
    /// The operating system returned no randomness.
    Random(getrandom::Error),
    /// A file is not valid TOML, or has unexpected contents.
    Toml(PathBuf, toml::de::Error),
    /// A TOML file lacks the geometry.
    NoGeometry(PathBuf),
    /// A geometry in a file is wrong.
    FileGeometry(PathBuf, GeometryError),
    /// The requested geometry is impossible.
    Geometry(GeometryError),
    /// A geometry is for another scheme.
    WrongScheme(WrongScheme),
    /// A key that was just made is malformed.
    Key(KeyError),
    /// A key can't be written as PEM.
    Pem(PemError),
    /// There is nothing to send.
    NothingToSend,
    /// There is more to send than a demonstration takes.
    TooMuchToSend { max_bytes: u64 },
    /// A hop can't open the packet.
    Open(OpenError),
    /// A hop can't finish the packet.
    Finish(FinishError),
    /// The packets' self-test failed to run.
    SelfTest(SelfTestError),
    /// The self-test lost or changed bytes.
    NotAllReturned,
    /// The self-test accepted a tampered packet.
    TamperedAccepted,
    /// The scenario can't be simulated.
    Scenario(ScenarioError),
    /// A file with a consensus, a vote or an authority's key is invalid.
    Document(PathBuf, DocumentError),
    /// A part of a network can't start, or had to stop.
    Network(NetworkError),
    /// The speed can't be measured.
    Speed(SpeedError),
}

impl Error {
    /// Prints the message and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        // the reader has closed the pipe, as in `mixwell schemes | head -1`
        if matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        anstream::eprintln!("{ERROR}error:{ERROR:#} {self}", ERROR = crate::style::ERROR);
        ExitCode::FAILURE
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Output(error) => write!(f, "can't write to standard output: {error}"),
            Self::Read(path, error) => write!(f, "can't read {}: {error}", path.display()),
            Self::Write(path, error) => write!(f, "can't write {}: {error}", path.display()),
            Self::Exists(path) => write!(f, "{} exists; --force replaces it", path.display()),
            Self::Random(error) => write!(f, "the operating system returned no randomness: {error}"),
            Self::Toml(path, error) => write!(f, "{}: {}", path.display(), error.to_string().trim_end()),
            Self::NoGeometry(path) => write!(f, "{}: there is no section [SphinxGeometry]", path.display()),
            Self::FileGeometry(path, error) => write!(f, "{}: SphinxGeometry: {error}", path.display()),
            Self::Geometry(error) => error.fmt(f),
            Self::WrongScheme(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Pem(error) => error.fmt(f),
            Self::NothingToSend => f.write_str("there is nothing to send: the input is empty"),
            Self::TooMuchToSend { max_bytes } => {
                write!(f, "the input is longer than {max_bytes} bytes, the maximum for packets of this size")
            }
            Self::Document(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Open(error) => write!(f, "a hop refused the packet: {error}"),
            Self::Finish(error) => write!(f, "a hop refused the packet: {error}"),
            Self::SelfTest(error) => error.fmt(f),
            Self::NotAllReturned => f.write_str("not every byte came back"),
            Self::TamperedAccepted => f.write_str("a hop accepted a tampered packet"),
            Self::Scenario(error) => error.fmt(f),
            Self::Network(error) => error.fmt(f),
            Self::Speed(error) => error.fmt(f),
        }
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    Random(getrandom::Error),
    Geometry(GeometryError),
    WrongScheme(WrongScheme),
    Key(KeyError),
    Pem(PemError),
    Open(OpenError),
    Finish(FinishError),
    SelfTest(SelfTestError),
    Network(NetworkError),
    Speed(SpeedError),
}

/// Errors that daemons and commands have in common.
macro_rules! from_network {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Network(error.into())
            }
        })*
    };
}

from_network!(KeyFileError, StartError);
