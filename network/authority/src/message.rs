//! Input and output of [`State`](crate::State): peers, their commands' answers, and messages to
//! other authorities.

pub use crate::statement_kind::{StatementKind, Verdict};

use core::time::Duration;
use mixwell_pki_types::KeyHash;
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus, Statement};
use std::sync::Arc;

/// The peer at the other end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the roles of the protocol")]
pub enum Peer {
    /// Anyone.
    Client,
    /// A peer that claims a node's id; the signature of its upload shows whether it is that node.
    Node(KeyHash),
    /// Another authority, authenticated by its link key.
    Authority(KeyHash),
}

/// A message to another authority, to be sent until it has answered or the deadline has passed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outgoing {
    /// The id of the recipient.
    pub to: KeyHash,
    /// The message.
    pub request: Request,
    /// Time since 1970 from which the message is useless.
    pub deadline: Duration,
}

/// The content of a message to another authority.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "tests and simulators of other authorities write them")]
pub enum Request {
    /// A statement of this authority.
    Statement {
        /// The statement's kind.
        kind: StatementKind,
        /// The epoch that the round is about.
        epoch: u64,
        /// This authority's identity public key.
        public_key: Arc<[u8]>,
        /// The certificate that the statement is.
        payload: Arc<[u8]>,
    },
    /// Endorsed statements of other authorities, for peers that relay.
    Relay {
        /// The epoch that the round is about.
        epoch: u64,
        /// This authority's identity public key.
        public_key: Arc<[u8]>,
        /// A CBOR list of endorsements.
        payload: Arc<[u8]>,
        /// Whether the payload has the statements themselves, and not their digests alone.
        is_complete: bool,
    },
    /// A request for the peer's own copy of this authority's vote, which tells whether the peer
    /// relays: a Katzenpost authority closes the connection.
    Probe {
        /// The epoch that the round is about.
        epoch: u64,
        /// This authority's identity public key.
        public_key: Arc<[u8]>,
    },
}

impl Request {
    /// The command that carries the message. A relay travels as a vote: its payload is a CBOR list,
    /// a vote's a map.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::Statement { kind, epoch, public_key, payload } => {
                kind.command(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Relay { epoch, public_key, payload, .. } => {
                Command::Vote(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Probe { epoch, public_key } => Command::GetVote { epoch: *epoch, public_key },
        }
    }

    /// Number of times that a peer may close the connection instead of answering before it is taken
    /// for a Katzenpost authority ([`State::does_not_relay`](crate::State::does_not_relay)). A
    /// probe is sent once an epoch; a peer that has relayed before may be restarting.
    #[must_use]
    pub const fn max_closed(&self) -> u32 {
        if matches!(self, Self::Relay { .. }) { 3 } else { 1 }
    }

    /// Whether a Katzenpost peer closes the connection instead of answering.
    #[must_use]
    pub const fn is_extension(&self) -> bool {
        !matches!(self, Self::Statement { .. })
    }
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// The certificate of a consensus, if there is one.
    Consensus(ConsensusStatus, Option<Arc<[u8]>>),
    /// The status of a node's descriptor.
    Descriptor(DescriptorStatus),
    /// The status of a storage replica's descriptor.
    ReplicaDescriptor(DescriptorStatus),
    /// The verdict on a statement, on a relay (as on a vote), or on a request for a vote.
    Verdict(StatementKind, Verdict),
    /// The requested vote, or the list of digests that a relay's receiver lacks.
    Vote {
        /// The epoch that the round is about.
        epoch: u64,
        /// The identity public key of the vote's author, or of this authority for a list.
        public_key: Arc<[u8]>,
        /// The vote or the list.
        payload: Arc<[u8]>,
    },
    /// No answer.
    Nothing,
    /// No answer; the session ends.
    Close,
}

impl Reply {
    /// The command that carries the answer; `None` if nothing is sent.
    #[must_use]
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
