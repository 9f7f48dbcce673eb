//! The output of the state machines: commands that own their bytes, and what else there is to do.

use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement, VoteStatus,
};

/// An action that a state machine asks of the driver of its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle all of them")]
pub enum Action {
    /// Send a command.
    Send(OwnedCommand),
    /// Unwrap this packet, which the peer sent.
    Unwrap(Vec<u8>),
    /// Close the connection, without a further command.
    Close,
    /// End the whole process: the reference crashes here.
    Crash,
}

/// The four kinds of statement that authorities make (`docs/spec/authority.md#statements`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these")]
pub enum StatementKind {
    /// A proposed document with a commit.
    Vote,
    /// The number of the commit.
    Reveal,
    /// The tallied document with all commits and reveals.
    Cert,
    /// A signature over the consensus.
    Sig,
}

/// A command that owns its bytes: those that the reference's peers send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, clippy::exhaustive_enums, reason = "the variants and fields of `Command`")]
pub enum OwnedCommand {
    NoOp,
    SendPacket(Vec<u8>),
    SendRetrievePacketReply,
    Message { sequence: u32, surb_id: [u8; 16], payload: Vec<u8> },
    MessageDelivered { sequence: u32 },
    GetConsensus { epoch: u64 },
    Consensus { code: ConsensusStatus, payload: Vec<u8> },
    GetConsensus2 { epoch: u64 },
    Consensus2 { code: ConsensusStatus, chunk: u32, total: u32, payload: Vec<u8> },
    PostDescriptor { epoch: u64, payload: Vec<u8> },
    PostDescriptorStatus(DescriptorStatus),
    Statement { kind: StatementKind, epoch: u64, public_key: Vec<u8>, payload: Vec<u8> },
    VoteStatus(VoteStatus),
    RevealStatus(RevealStatus),
    CertStatus(CertStatus),
    SigStatus(SigStatus),
}

impl OwnedCommand {
    /// The command to encode.
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::NoOp => Command::NoOp,
            Self::SendPacket(packet) => Command::SendPacket(packet),
            Self::SendRetrievePacketReply => Command::SendRetrievePacketReply { surb_id: &[0; 16], payload: &[] },
            Self::Message { sequence, surb_id, payload } => Command::Message { sequence: *sequence, surb_id, payload },
            Self::MessageDelivered { sequence } => Command::MessageDelivered { sequence: *sequence },
            Self::GetConsensus { epoch } => Command::GetConsensus { epoch: *epoch, padded: false },
            Self::Consensus { code, payload } => Command::Consensus { code: *code, payload },
            Self::GetConsensus2 { epoch } => Command::GetConsensus2 { epoch: *epoch },
            Self::Consensus2 { code, chunk, total, payload } => {
                Command::Consensus2 { code: *code, chunk: *chunk, total: *total, payload }
            }
            Self::PostDescriptor { epoch, payload } => Command::PostDescriptor { epoch: *epoch, payload },
            Self::PostDescriptorStatus(status) => Command::PostDescriptorStatus(*status),
            Self::Statement { kind, epoch, public_key, payload } => {
                let statement = Statement { epoch: *epoch, public_key, payload };
                match kind {
                    StatementKind::Vote => Command::Vote(statement),
                    StatementKind::Reveal => Command::Reveal(statement),
                    StatementKind::Cert => Command::Cert(statement),
                    StatementKind::Sig => Command::Sig(statement),
                }
            }
            Self::VoteStatus(status) => Command::VoteStatus(*status),
            Self::RevealStatus(status) => Command::RevealStatus(*status),
            Self::CertStatus(status) => Command::CertStatus(*status),
            Self::SigStatus(status) => Command::SigStatus(*status),
        }
    }
}

impl StatementKind {
    /// The statement in a command.
    pub const fn of<'c>(command: &'c Command<'c>) -> Option<(Self, &'c Statement<'c>)> {
        Some(match command {
            Command::Vote(statement) => (Self::Vote, statement),
            Command::Reveal(statement) => (Self::Reveal, statement),
            Command::Cert(statement) => (Self::Cert, statement),
            Command::Sig(statement) => (Self::Sig, statement),
            _ => return None,
        })
    }
}
