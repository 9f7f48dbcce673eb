//! Reading a command (`docs/spec/wire.md#command-format`). All input comes from a peer.

use super::{
    COMMAND_HEADER_LEN, CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement,
    VoteStatus, Want, id,
};
use crate::{link::Link, padding};
use core::fmt;

impl<'a> Command<'a> {
    /// Reads the command in a decrypted frame, including its padding.
    ///
    /// # Errors
    /// [`CommandError`]; the caller has to end the session.
    pub fn decode(frame: &'a [u8], link: &Link) -> Result<Self, CommandError> {
        let got = frame.len();
        if got > link.max_frame() {
            return Err(CommandError::TooLong { max: link.max_frame(), got });
        }
        let short = CommandError::Truncated { want: COMMAND_HEADER_LEN, got };
        let (&[command, reserved, length @ ..], rest) = frame.split_first_chunk::<COMMAND_HEADER_LEN>().ok_or(short)?;
        if reserved != 0 {
            return Err(CommandError::Reserved(reserved));
        }
        if !link.role().receives().contains(command) {
            return Err(if is_known(command) { CommandError::Role(command) } else { CommandError::Unknown(command) });
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let (body, pad) = rest
            .split_at_checked(length)
            .ok_or(CommandError::Truncated { want: length.saturating_add(COMMAND_HEADER_LEN), got })?;
        let decoded = Body { bytes: body, command, length }.read(link, !pad.is_empty())?;
        if padding::is_zero(pad) { Ok(decoded) } else { Err(CommandError::Padding) }
    }
}

const fn is_known(command: u8) -> bool {
    command < id::END && !matches!(command, 6 | 7 | 14 | 15)
}

/// The unread rest of a command's body.
struct Body<'a> {
    bytes: &'a [u8],
    command: u8,
    length: usize,
}

impl<'a> Body<'a> {
    fn read(mut self, link: &Link, padded: bool) -> Result<Command<'a>, CommandError> {
        let decoded = match self.command {
            id::NO_OP => Command::NoOp,
            id::DISCONNECT => Command::Disconnect,
            id::SEND_PACKET => Command::SendPacket(self.exactly(link.packet().packet)?),
            id::SEND_RETRIEVE_PACKET => Command::SendRetrievePacket(self.exactly(link.packet().packet)?),
            id::SEND_RETRIEVE_PACKET_REPLY => {
                Command::SendRetrievePacketReply { surb_id: self.array()?, payload: self.rest() }
            }
            id::MESSAGE_DELIVERED => Command::MessageDelivered { sequence: self.u32()? },
            id::REPLICA_MESSAGE => Command::ReplicaMessage(self.nonempty()?),
            id::REPLICA_MESSAGE_REPLY => Command::ReplicaMessageReply {
                code: self.u8()?,
                envelope_hash: self.array()?,
                replica_id: self.u8()?,
                envelope: self.rest(),
            },
            id::POST_REPLICA_DESCRIPTOR_STATUS => {
                Command::PostReplicaDescriptorStatus(self.code(DescriptorStatus::from_code)?)
            }
            id::POST_REPLICA_DESCRIPTOR => Command::PostReplicaDescriptor { epoch: self.u64()?, payload: self.rest() },
            id::REPLICA_WRITE => {
                Command::ReplicaWrite { box_id: self.array()?, signature: self.array()?, payload: self.rest() }
            }
            id::REPLICA_WRITE_REPLY => Command::ReplicaWriteReply { code: self.u8()? },
            id::RETRIEVE_MESSAGE => Command::RetrieveMessage { sequence: self.u32()? },
            id::MESSAGE => Command::Message {
                sequence: self.u32()?,
                surb_id: self.array()?,
                payload: self.exactly(link.message_payload_len())?,
            },
            id::GET_CONSENSUS => Command::GetConsensus { epoch: self.u64()?, padded },
            id::CONSENSUS => Command::Consensus { code: self.code(ConsensusStatus::from_code)?, payload: self.rest() },
            id::POST_DESCRIPTOR => Command::PostDescriptor { epoch: self.u64()?, payload: self.rest() },
            id::POST_DESCRIPTOR_STATUS => Command::PostDescriptorStatus(self.code(DescriptorStatus::from_code)?),
            id::VOTE => Command::Vote(self.statement(link)?),
            id::VOTE_STATUS => Command::VoteStatus(self.code(VoteStatus::from_code)?),
            id::GET_VOTE => Command::GetVote { epoch: self.u64()?, public_key: self.exactly(link.pki().public_key)? },
            id::REVEAL => Command::Reveal(self.statement(link)?),
            id::REVEAL_STATUS => Command::RevealStatus(self.code(RevealStatus::from_code)?),
            id::SIG => Command::Sig(self.statement(link)?),
            id::SIG_STATUS => Command::SigStatus(self.code(SigStatus::from_code)?),
            id::CERT => Command::Cert(self.statement(link)?),
            id::CERT_STATUS => Command::CertStatus(self.code(CertStatus::from_code)?),
            id::CONSENSUS2 => Command::Consensus2 {
                code: self.code(ConsensusStatus::from_code)?,
                chunk: self.u32()?,
                total: self.u32()?,
                payload: self.at_most(link.down_len())?,
            },
            id::GET_CONSENSUS2 => Command::GetConsensus2 { epoch: self.u64()? },
            id::REPLICA_DECOY => Command::ReplicaDecoy,
            other => return Err(CommandError::Unknown(other)),
        };
        if self.bytes.is_empty() { Ok(decoded) } else { Err(self.wrong_length(Want::Exactly(self.read_len()))) }
    }

    fn statement(&mut self, link: &Link) -> Result<Statement<'a>, CommandError> {
        Ok(Statement { epoch: self.u64()?, public_key: self.take(link.pki().public_key)?, payload: self.rest() })
    }

    fn code<T>(&mut self, from_code: impl Fn(u8) -> Option<T>) -> Result<T, CommandError> {
        let code = self.u8()?;
        from_code(code).ok_or(CommandError::Code { command: self.command, code })
    }

    fn u8(&mut self) -> Result<u8, CommandError> {
        self.array::<1>().map(|[byte]| *byte)
    }

    fn u32(&mut self) -> Result<u32, CommandError> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    fn u64(&mut self) -> Result<u64, CommandError> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], CommandError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or_else(|| self.ends_within(N))?;
        self.bytes = rest;
        Ok(array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CommandError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(|| self.ends_within(length))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The whole rest, if it has this length.
    fn exactly(&mut self, length: usize) -> Result<&'a [u8], CommandError> {
        self.rest_of(Want::Exactly, length)
    }

    fn at_most(&mut self, length: usize) -> Result<&'a [u8], CommandError> {
        self.rest_of(Want::AtMost, length)
    }

    fn nonempty(&mut self) -> Result<&'a [u8], CommandError> {
        self.rest_of(Want::AtLeast, 1)
    }

    fn rest_of(&mut self, want: fn(usize) -> Want, length: usize) -> Result<&'a [u8], CommandError> {
        if want(length).fits(self.bytes.len()) {
            Ok(self.rest())
        } else {
            Err(self.wrong_length(want(self.read_len().saturating_add(length))))
        }
    }

    fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.bytes)
    }

    /// Number of bytes that were read.
    const fn read_len(&self) -> usize {
        self.length.saturating_sub(self.bytes.len())
    }

    /// The body ends within a field of this length.
    const fn ends_within(&self, length: usize) -> CommandError {
        self.wrong_length(Want::AtLeast(self.read_len().saturating_add(length)))
    }

    const fn wrong_length(&self, want: Want) -> CommandError {
        CommandError::Body { command: self.command, got: self.length, want }
    }
}

/// The frame is not a command that this end may receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The frame is longer than any that this end may receive.
    TooLong {
        /// The maximum length, in bytes.
        max: usize,
        /// The frame's length.
        got: usize,
    },
    /// The frame ends before the command does.
    Truncated {
        /// The minimum length, in bytes.
        want: usize,
        /// The length, in bytes.
        got: usize,
    },
    /// The reserved byte is not zero.
    Reserved(u8),
    /// There is no command with this id.
    Unknown(u8),
    /// This end may not receive the command with this id.
    Role(u8),
    /// The body's length is not that of this command in this network.
    Body {
        /// The command's id.
        command: u8,
        /// The body's length, in bytes.
        got: usize,
        /// The lengths that it may have, as far as it was read.
        want: Want,
    },
    /// The status code is unknown.
    Code {
        /// The command's id.
        command: u8,
        /// The status code.
        code: u8,
    },
    /// The padding is not zero.
    Padding,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { max, got } => write!(f, "the frame has {got} bytes, want at most {max}"),
            Self::Truncated { want, got } => write!(f, "the frame has {got} bytes, want at least {want}"),
            Self::Reserved(byte) => write!(f, "the reserved byte is {byte}, want 0"),
            Self::Unknown(command) => write!(f, "there is no command {command}"),
            Self::Role(command) => write!(f, "{} is not for this end of the link", id::name(*command)),
            Self::Body { command, got, want } => write!(f, "{}: body is {got} bytes, {want}", id::name(*command)),
            Self::Code { command, code } => write!(f, "{} has no code {code}", id::name(*command)),
            Self::Padding => f.write_str("the padding is not zero"),
        }
    }
}

impl core::error::Error for CommandError {}

/// The packet in a decrypted frame that [`Command::decode`] has read as [`Command::SendPacket`] or
/// [`Command::SendRetrievePacket`], to be unwrapped in place.
///
/// ```
/// use mixwell_wire::{Link, PacketSizes, packet_mut};
///
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// let mut frame = vec![0; 10]; // no command with a packet
/// assert!(packet_mut(&mut frame, &Link::node(sizes)).is_none());
/// ```
pub fn packet_mut<'a>(frame: &'a mut [u8], link: &Link) -> Option<&'a mut [u8]> {
    let (&mut [command, ..], body) = frame.split_first_chunk_mut::<COMMAND_HEADER_LEN>()?;
    if matches!(command, id::SEND_PACKET | id::SEND_RETRIEVE_PACKET) {
        body.get_mut(..link.packet().packet)
    } else {
        None
    }
}
