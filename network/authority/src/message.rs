//! What goes into an authority's state and what comes out of it.

use core::time::Duration;
use mixwell_pki_types::KeyHash;
use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement, VoteStatus,
};
use std::sync::Arc;

/// The peer at the other end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Anyone.
    Client,
    /// A peer that claims a node's id; the signature of its upload shows whether it is that node.
    Node(KeyHash),
    /// Another authority, known by its link key.
    Authority(KeyHash),
}

/// The statements of an authority in a round, in the order in which it makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Vote,
    Reveal,
    Cert,
    Sig,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Vote, Self::Reveal, Self::Cert, Self::Sig];

    /// The statement in a command.
    pub(super) const fn of<'c>(command: &'c Command<'c>) -> Option<(Self, &'c Statement<'c>)> {
        Some(match command {
            Command::Vote(statement) => (Self::Vote, statement),
            Command::Reveal(statement) => (Self::Reveal, statement),
            Command::Cert(statement) => (Self::Cert, statement),
            Command::Sig(statement) => (Self::Sig, statement),
            _ => return None,
        })
    }

    const fn command(self, statement: Statement<'_>) -> Command<'_> {
        match self {
            Self::Vote => Command::Vote(statement),
            Self::Reveal => Command::Reveal(statement),
            Self::Cert => Command::Cert(statement),
            Self::Sig => Command::Sig(statement),
        }
    }
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Vote => "vote",
            Self::Reveal => "reveal",
            Self::Cert => "certificate",
            Self::Sig => "signature",
        })
    }
}

/// The answer to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// For an earlier epoch than the one voted on, or a certificate before its author's vote.
    TooEarly,
    /// For a later epoch, or after the deadline of its kind.
    TooLate,
    /// Not from the authority that it claims.
    NotAuthorized,
    /// Not signed by its author, or malformed.
    NotSigned,
    AlreadyReceived,
    /// The vote that was asked for is not known.
    NotFound,
}

macro_rules! statuses {
    ($($kind:ident($status:ident) { $($verdict:ident => $code:ident),+ })+) => {
        impl Kind {
            fn status(self, verdict: Verdict) -> Command<'static> {
                match (self, verdict) {
                    $($((Self::$kind, Verdict::$verdict) => Command::$status($status::$code),)+)+
                }
            }
        }
    };
}

statuses! {
    Vote(VoteStatus) {
        Ok => Ok, TooEarly => TooEarly, TooLate => TooLate, NotAuthorized => NotAuthorized, NotSigned => NotSigned,
        AlreadyReceived => AlreadyReceived, NotFound => NotFound
    }
    Reveal(RevealStatus) {
        Ok => Ok, TooEarly => TooEarly, TooLate => TooLate, NotAuthorized => NotAuthorized, NotSigned => NotSigned,
        AlreadyReceived => AlreadyReceived, NotFound => NotSigned
    }
    Cert(CertStatus) {
        Ok => Ok, TooEarly => TooEarly, TooLate => TooLate, NotAuthorized => NotAuthorized, NotSigned => NotSigned,
        AlreadyReceived => AlreadyReceived, NotFound => NotSigned
    }
    Sig(SigStatus) {
        Ok => Ok, TooEarly => TooEarly, TooLate => TooLate, NotAuthorized => NotAuthorized, NotSigned => NotSigned,
        AlreadyReceived => AlreadyReceived, NotFound => NotSigned
    }
}

/// A message to another authority, to be sent until it has answered or the deadline has passed.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub to: KeyHash,
    pub request: Request,
    /// The time since 1970 from which the message is useless.
    pub deadline: Duration,
}

/// A message to another authority.
#[derive(Debug, Clone)]
pub enum Request {
    /// A statement of our own.
    Say {
        kind: Kind,
        /// The epoch that the round is about.
        epoch: u64,
        /// Our identity public key.
        public_key: Arc<[u8]>,
        payload: Arc<[u8]>,
    },
    /// Statements of others that we endorse ([`relay`](super::relay)): only for peers that relay.
    Relay {
        epoch: u64,
        /// Our identity public key.
        public_key: Arc<[u8]>,
        payload: Arc<[u8]>,
        /// Whether the statements themselves come along, not their digests alone.
        is_complete: bool,
    },
    /// A request for our own vote, which tells whether the peer relays: one of the reference closes the
    /// connection.
    Probe {
        epoch: u64,
        /// Our identity public key.
        public_key: Arc<[u8]>,
    },
}

impl Request {
    /// The command that carries it. A relay travels as a vote: its payload is a list, a vote's a map.
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::Say { kind, epoch, public_key, payload } => {
                kind.command(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Relay { epoch, public_key, payload, .. } => {
                Command::Vote(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Probe { epoch, public_key } => Command::GetVote { epoch: *epoch, public_key },
        }
    }

    /// How often a peer closes the connection instead of answering until it is taken for one of the reference. It is
    /// asked once an epoch; one that has relayed before may be restarting.
    pub const fn max_closed(&self) -> u32 {
        if matches!(self, Self::Relay { .. }) { 3 } else { 1 }
    }

    /// Whether a peer of the reference closes the connection instead of answering.
    pub const fn is_extension(&self) -> bool {
        !matches!(self, Self::Say { .. })
    }
}

/// Whether sending again may help: the peer has yet to receive our vote.
pub(crate) const fn is_too_early(answer: &Command<'_>) -> bool {
    matches!(
        answer,
        Command::VoteStatus(VoteStatus::TooEarly)
            | Command::RevealStatus(RevealStatus::TooEarly)
            | Command::CertStatus(CertStatus::TooEarly)
            | Command::SigStatus(SigStatus::TooEarly)
    )
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Consensus(ConsensusStatus, Option<Arc<[u8]>>),
    Descriptor(DescriptorStatus),
    ReplicaDescriptor(DescriptorStatus),
    /// To a statement, a relay (as to a vote), or a request for a vote.
    Verdict(Kind, Verdict),
    /// A vote that was asked for, or the list of what a relay lacks.
    Vote {
        epoch: u64,
        public_key: Arc<[u8]>,
        payload: Arc<[u8]>,
    },
    /// No answer.
    Nothing,
    /// No answer; the session ends.
    Close,
}

impl Reply {
    /// The command that carries it; `None` if nothing is sent.
    pub fn command(&self) -> Option<Command<'_>> {
        Some(match self {
            Self::Consensus(code, certificate) => {
                Command::Consensus { code: *code, payload: certificate.as_deref().unwrap_or_default() }
            }
            Self::Descriptor(code) => Command::PostDescriptorStatus(*code),
            Self::ReplicaDescriptor(code) => Command::PostReplicaDescriptorStatus(*code),
            Self::Verdict(kind, verdict) => kind.status(*verdict),
            Self::Vote { epoch, public_key, payload } => {
                Command::Vote(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Nothing | Self::Close => return None,
        })
    }
}
