//! Errors of a self-test.

use core::fmt;
use mixwell_pq_kem::kem::KeyError;
use mixwell_sphinx::{FinishError, OpenError, ReplayFilterFull, WrapError, WrongScheme};

/// The reason why a self-test could not continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestError {
    /// The geometry is for another scheme.
    WrongScheme(WrongScheme),
    /// A new key is malformed.
    Key(KeyError),
    /// A packet or SURB can't be made.
    Wrap(WrapError),
    /// A hop could not open a good packet.
    Open(OpenError),
    /// A hop could not finish a good packet.
    Finish(FinishError),
    /// A hop's replay filter is full.
    FilterFull(ReplayFilterFull),
    /// A packet or message was processed differently from what its maker specified.
    Violation(Violation),
}

/// A difference between a packet or message and what its maker asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A hop took a new packet for a replay.
    Replay,
    /// A packet names a next hop that does not exist.
    NextHop,
    /// A packet names a service that does not exist.
    Service,
    /// A hop returned an action other than forward, deliver and reply.
    Action,
    /// The service can't read a message.
    Message,
    /// A message lacks its SURB.
    NoSurb,
    /// A reply is for another recipient.
    Recipient,
    /// A reply is for a SURB that was never sent.
    UnknownSurb,
    /// A reply can't be decrypted.
    Reply,
    /// A reply is shorter than the message.
    ShortReply,
}

impl fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongScheme(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Wrap(error) => error.fmt(f),
            Self::Open(error) => write!(f, "a hop refused a good packet: {error}"),
            Self::Finish(error) => write!(f, "a hop refused a good packet: {error}"),
            Self::FilterFull(error) => error.fmt(f),
            Self::Violation(violation) => violation.fmt(f),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replay => "a hop took a new packet for a replay",
            Self::NextHop => "a packet names a next hop that does not exist",
            Self::Service => "a packet names a service that does not exist",
            Self::Action => "a hop asks for an unknown action",
            Self::Message => "the service can't read a message",
            Self::NoSurb => "a message lacks its SURB",
            Self::Recipient => "a reply is for another recipient",
            Self::UnknownSurb => "a reply is for a SURB that was never sent",
            Self::Reply => "a reply can't be decrypted",
            Self::ShortReply => "a reply is shorter than its message",
        })
    }
}

impl core::error::Error for SelfTestError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::WrongScheme(error) => Some(error),
            Self::Key(error) => Some(error),
            Self::Wrap(error) => Some(error),
            Self::Open(error) => Some(error),
            Self::Finish(error) => Some(error),
            Self::FilterFull(error) => Some(error),
            Self::Violation(error) => Some(error),
        }
    }
}

impl core::error::Error for Violation {}

macro_rules! from {
    ($($error:ident => $variant:ident),* $(,)?) => {
        $(impl From<$error> for SelfTestError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    WrongScheme => WrongScheme,
    KeyError => Key,
    WrapError => Wrap,
    Violation => Violation,
}
