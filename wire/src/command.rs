//! The commands of a session (`docs/spec/wire.md#commands`).

mod decode;
mod encode;
pub(crate) mod id;
mod status;
mod want;

pub use decode::{CommandError, packet_mut};
pub use encode::EncodeError;
pub use status::{CertStatus, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, VoteStatus};
pub use want::Want;

/// Length of a command's id, reserved byte and body length.
pub(crate) const COMMAND_HEADER_LEN: usize = 6;

/// A command, borrowed from the frame that holds it.
///
/// [`Command::decode`] reads what a role may receive, [`Command::encode`] writes what it may send.
/// Epochs count from the network's first; payloads are opaque here.
///
/// ```
/// use mixwell_wire::Command;
///
/// /// What a mix does with a command.
/// fn handle(command: Command<'_>) {
///     match command {
///         Command::SendPacket(packet) => println!("unwrap {} bytes", packet.len()),
///         Command::Disconnect => println!("close the connection"),
///         Command::NoOp => {}
///         other => println!("ignored: {other:?}"),
///     }
/// }
/// # handle(Command::NoOp);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Keep-alive, and the responder's first command.
    NoOp,
    /// The sender is about to close the connection.
    Disconnect,
    /// A Sphinx packet to unwrap. See [`packet_mut`] for unwrapping it in place.
    SendPacket(&'a [u8]),
    /// As [`Command::SendPacket`], answered by [`Command::SendRetrievePacketReply`].
    SendRetrievePacket(&'a [u8]),
    /// The answer to [`Command::SendRetrievePacket`].
    SendRetrievePacketReply {
        /// The id of the SURB that carried the reply.
        surb_id: &'a [u8; 16],
        /// The reply's payload.
        payload: &'a [u8],
    },
    /// Acknowledges a [`Command::Message`].
    MessageDelivered {
        /// The sequence number in [`Command::Message`].
        sequence: u32,
    },
    /// A service node's envelope for a storage replica, opaque: its fields depend on the service's
    /// NIKE.
    ReplicaMessage(&'a [u8]),
    /// A replica's answer.
    ReplicaMessageReply {
        /// The replica's status code.
        code: u8,
        /// BLAKE2b-256 of the answered envelope: sender's public key, ciphertext.
        envelope_hash: &'a [u8; 32],
        /// The replica's id.
        replica_id: u8,
        /// The reply, which may be empty.
        envelope: &'a [u8],
    },
    /// The answer to [`Command::PostReplicaDescriptor`].
    PostReplicaDescriptorStatus(DescriptorStatus),
    /// A replica's descriptor, signed.
    PostReplicaDescriptor {
        /// The descriptor's epoch.
        epoch: u64,
        /// The signed upload.
        payload: &'a [u8],
    },
    /// A box to be stored by a replica.
    ReplicaWrite {
        /// The box's id.
        box_id: &'a [u8; 32],
        /// The box's signature.
        signature: &'a [u8; 64],
        /// The box's content, which may be empty.
        payload: &'a [u8],
    },
    /// The answer to [`Command::ReplicaWrite`].
    ReplicaWriteReply {
        /// The replica's status code.
        code: u8,
    },
    /// A request for a stored message. Gateways push messages and currently answer this with an
    /// error.
    RetrieveMessage {
        /// The sequence number of the message.
        sequence: u32,
    },
    /// A reply that arrived for the client.
    Message {
        /// The sequence number, to be repeated in [`Command::MessageDelivered`].
        sequence: u32,
        /// The id of the SURB that carried the reply.
        surb_id: &'a [u8; 16],
        /// Payload tag and forward payload, still encrypted.
        payload: &'a [u8],
    },
    /// A request for the consensus of an epoch in one piece.
    GetConsensus {
        /// The epoch.
        epoch: u64,
        /// Whether the command crosses the mixnet and so is padded.
        padded: bool,
    },
    /// The answer to [`Command::GetConsensus`].
    Consensus {
        /// The status.
        code: ConsensusStatus,
        /// The certificate, or nothing.
        payload: &'a [u8],
    },
    /// A node's descriptor, signed.
    PostDescriptor {
        /// The descriptor's epoch.
        epoch: u64,
        /// The signed upload.
        payload: &'a [u8],
    },
    /// The answer to [`Command::PostDescriptor`].
    PostDescriptorStatus(DescriptorStatus),
    /// An authority's vote.
    Vote(Statement<'a>),
    /// The answer to [`Command::Vote`] or [`Command::GetVote`].
    VoteStatus(VoteStatus),
    /// A request for an authority's vote.
    GetVote {
        /// The epoch.
        epoch: u64,
        /// The identity public key of the vote's author.
        public_key: &'a [u8],
    },
    /// An authority's share of the shared randomness.
    Reveal(Statement<'a>),
    /// The answer to [`Command::Reveal`].
    RevealStatus(RevealStatus),
    /// An authority's signature on the consensus.
    Sig(Statement<'a>),
    /// The answer to [`Command::Sig`].
    SigStatus(SigStatus),
    /// An authority's certificate.
    Cert(Statement<'a>),
    /// The answer to [`Command::Cert`].
    CertStatus(CertStatus),
    /// A part of the answer to [`Command::GetConsensus2`].
    Consensus2 {
        /// The status.
        code: ConsensusStatus,
        /// The number of this chunk, from 0.
        chunk: u32,
        /// The number of chunks.
        total: u32,
        /// At most [`Link::down_len`](crate::Link::down_len) bytes of the gzipped certificate.
        payload: &'a [u8],
    },
    /// A request for the consensus of an epoch, in chunks.
    GetConsensus2 {
        /// The epoch.
        epoch: u64,
    },
    /// Cover traffic between replicas and service nodes.
    ReplicaDecoy,
}

/// A statement of an authority to the others, about an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The epoch.
    pub epoch: u64,
    /// The authority's identity public key.
    pub public_key: &'a [u8],
    /// The signed statement.
    pub payload: &'a [u8],
}

impl Command<'_> {
    /// The id on the wire.
    #[must_use]
    pub const fn id(&self) -> u8 {
        match self {
            Self::NoOp => id::NO_OP,
            Self::Disconnect => id::DISCONNECT,
            Self::SendPacket(_) => id::SEND_PACKET,
            Self::SendRetrievePacket(_) => id::SEND_RETRIEVE_PACKET,
            Self::SendRetrievePacketReply { .. } => id::SEND_RETRIEVE_PACKET_REPLY,
            Self::MessageDelivered { .. } => id::MESSAGE_DELIVERED,
            Self::ReplicaMessage(_) => id::REPLICA_MESSAGE,
            Self::ReplicaMessageReply { .. } => id::REPLICA_MESSAGE_REPLY,
            Self::PostReplicaDescriptorStatus(_) => id::POST_REPLICA_DESCRIPTOR_STATUS,
            Self::PostReplicaDescriptor { .. } => id::POST_REPLICA_DESCRIPTOR,
            Self::ReplicaWrite { .. } => id::REPLICA_WRITE,
            Self::ReplicaWriteReply { .. } => id::REPLICA_WRITE_REPLY,
            Self::RetrieveMessage { .. } => id::RETRIEVE_MESSAGE,
            Self::Message { .. } => id::MESSAGE,
            Self::GetConsensus { .. } => id::GET_CONSENSUS,
            Self::Consensus { .. } => id::CONSENSUS,
            Self::PostDescriptor { .. } => id::POST_DESCRIPTOR,
            Self::PostDescriptorStatus(_) => id::POST_DESCRIPTOR_STATUS,
            Self::Vote(_) => id::VOTE,
            Self::VoteStatus(_) => id::VOTE_STATUS,
            Self::GetVote { .. } => id::GET_VOTE,
            Self::Reveal(_) => id::REVEAL,
            Self::RevealStatus(_) => id::REVEAL_STATUS,
            Self::Sig(_) => id::SIG,
            Self::SigStatus(_) => id::SIG_STATUS,
            Self::Cert(_) => id::CERT,
            Self::CertStatus(_) => id::CERT_STATUS,
            Self::Consensus2 { .. } => id::CONSENSUS2,
            Self::GetConsensus2 { .. } => id::GET_CONSENSUS2,
            Self::ReplicaDecoy => id::REPLICA_DECOY,
        }
    }
}
