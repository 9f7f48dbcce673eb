//! What goes into an authority's state and what comes out of it.

use core::time::Duration;
use mixwell_pki_types::KeyHash;
use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement, VoteStatus,
};
use std::sync::Arc;

/// Who is at the other end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    /// Anyone.
    Client,
    /// Someone who calls itself by a node's id; its uploads have to show whether it is.
    Node(KeyHash),
    /// Another authority, known by its link key.
    Authority(KeyHash),
}

/// Which of its statements an authority makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Vote,
    Reveal,
    Cert,
    Sig,
}

/// What is to be asked of another authority, until it has answered or it is too late.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// Whom to ask.
    pub(crate) to: KeyHash,
    /// What.
    pub(crate) request: Request,
    /// The time since 1970 when it is no use any more.
    pub(crate) deadline: Duration,
}

/// A request to another authority.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    /// A statement of our own.
    Say {
        /// Which.
        kind: Kind,
        /// The epoch that it is about.
        epoch: u64,
        /// Our identity public key.
        public_key: Arc<[u8]>,
        /// The statement.
        payload: Arc<[u8]>,
    },
    /// For the vote of one that we have none of.
    GetVote {
        /// The epoch that it is about.
        epoch: u64,
        /// Whose.
        public_key: Arc<[u8]>,
    },
}

impl Request {
    /// As it is sent.
    pub(crate) fn command(&self) -> Command<'_> {
        match self {
            Self::Say { kind, epoch, public_key, payload } => {
                let statement = Statement { epoch: *epoch, public_key, payload };
                match kind {
                    Kind::Vote => Command::Vote(statement),
                    Kind::Reveal => Command::Reveal(statement),
                    Kind::Cert => Command::Cert(statement),
                    Kind::Sig => Command::Sig(statement),
                }
            }
            Self::GetVote { epoch, public_key } => Command::GetVote { epoch: *epoch, public_key },
        }
    }
}

/// Whether asking again may help: the other's clock is behind ours.
pub(crate) fn is_too_early(answer: &Command<'_>) -> bool {
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
pub(crate) enum Reply {
    Consensus(ConsensusStatus, Option<Arc<[u8]>>),
    Descriptor(DescriptorStatus),
    ReplicaDescriptor(DescriptorStatus),
    Vote(VoteStatus),
    /// The vote of an authority, which was asked for.
    VoteOf {
        epoch: u64,
        public_key: Arc<[u8]>,
        payload: Arc<[u8]>,
    },
    Reveal(RevealStatus),
    Cert(CertStatus),
    Sig(SigStatus),
    /// Nothing to say.
    Nothing,
    /// The peer wants to go.
    Close,
}

impl Reply {
    /// As it is sent; `None` if nothing is.
    pub(crate) fn command(&self) -> Option<Command<'_>> {
        Some(match self {
            Self::Consensus(code, certificate) => {
                Command::Consensus { code: *code, payload: certificate.as_deref().unwrap_or_default() }
            }
            Self::Descriptor(code) => Command::PostDescriptorStatus(*code),
            Self::ReplicaDescriptor(code) => Command::PostReplicaDescriptorStatus(*code),
            Self::Vote(code) => Command::VoteStatus(*code),
            Self::VoteOf { epoch, public_key, payload } => {
                Command::Vote(Statement { epoch: *epoch, public_key, payload })
            }
            Self::Reveal(code) => Command::RevealStatus(*code),
            Self::Cert(code) => Command::CertStatus(*code),
            Self::Sig(code) => Command::SigStatus(*code),
            Self::Nothing | Self::Close => return None,
        })
    }
}
