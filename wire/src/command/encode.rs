//! Writing a command, padded (`docs/spec/wire.md#padding`).

use super::{COMMAND_HEADER_LEN, Command, Statement};
use crate::link::Link;
use core::fmt;

impl Command<'_> {
    /// Writes the frame to the front of `out`, padding and all, and returns its length.
    ///
    /// # Errors
    /// [`EncodeError`]; `out` is unchanged then.
    pub fn encode(&self, link: &Link, out: &mut [u8]) -> Result<usize, EncodeError> {
        let want = self.encoded_len(link)?;
        let got = out.len();
        let mut rest = out.get_mut(..want).ok_or(EncodeError::Buffer { want, got })?;
        let length = u32::try_from(self.body_len()).map_err(|_| self.wrong_length())?;
        let mut put = |bytes: &[u8]| {
            if let Some((field, after)) = core::mem::take(&mut rest).split_at_mut_checked(bytes.len()) {
                field.copy_from_slice(bytes);
                rest = after;
            }
        };
        put(&[self.id(), 0]);
        put(&length.to_be_bytes());
        self.fields(&mut put);
        rest.fill(0);
        Ok(want)
    }

    /// The length of the frame, padding and all.
    ///
    /// # Errors
    /// [`EncodeError`] if this end may not send the command, or a field does not have this
    /// network's length.
    pub fn encoded_len(&self, link: &Link) -> Result<usize, EncodeError> {
        if !link.role().sends().contains(self.id()) {
            return Err(EncodeError::Role(self.id()));
        }
        if !self.fits(link) {
            return Err(self.wrong_length());
        }
        let frame = self.body_len().checked_add(COMMAND_HEADER_LEN).ok_or_else(|| self.wrong_length())?;
        let padded = match self {
            Self::GetConsensus { padded: false, .. } => 0,
            _ => link.padded_len(self.id()),
        };
        Ok(frame.max(padded))
    }

    /// Whether the fields have the lengths that [`Command::decode`] asks for at the other end.
    fn fits(&self, link: &Link) -> bool {
        match self {
            Self::SendPacket(packet) | Self::SendRetrievePacket(packet) => packet.len() == link.packet().packet,
            Self::Message { payload, .. } => payload.len() == link.message_payload_len(),
            Self::Consensus2 { payload, .. } => payload.len() <= link.down_len(),
            Self::GetVote { public_key, .. }
            | Self::Vote(Statement { public_key, .. })
            | Self::Reveal(Statement { public_key, .. })
            | Self::Sig(Statement { public_key, .. })
            | Self::Cert(Statement { public_key, .. }) => public_key.len() == link.pki().public_key,
            Self::ReplicaMessage(body) => !body.is_empty(),
            // a session with an authority does not cross the mixnet
            Self::GetConsensus { padded: true, .. } => link.role().pads(),
            _ => true,
        }
    }

    fn body_len(&self) -> usize {
        let mut length = 0_usize;
        self.fields(&mut |bytes| length = length.saturating_add(bytes.len()));
        length
    }

    /// The fields of the body, in order.
    fn fields(&self, put: &mut impl FnMut(&[u8])) {
        match *self {
            Self::NoOp | Self::Disconnect | Self::ReplicaDecoy => {}
            Self::SendPacket(body) | Self::SendRetrievePacket(body) | Self::ReplicaMessage(body) => put(body),
            Self::SendRetrievePacketReply { surb_id, payload } => {
                put(surb_id);
                put(payload);
            }
            Self::MessageDelivered { sequence } | Self::RetrieveMessage { sequence } => put(&sequence.to_be_bytes()),
            Self::ReplicaMessageReply { code, envelope_hash, replica_id, envelope } => {
                put(&[code]);
                put(envelope_hash);
                put(&[replica_id]);
                put(envelope);
            }
            Self::PostReplicaDescriptorStatus(status) | Self::PostDescriptorStatus(status) => put(&[status.code()]),
            Self::PostReplicaDescriptor { epoch, payload } | Self::PostDescriptor { epoch, payload } => {
                put(&epoch.to_be_bytes());
                put(payload);
            }
            Self::ReplicaWrite { box_id, signature, payload } => {
                put(box_id);
                put(signature);
                put(payload);
            }
            Self::ReplicaWriteReply { code } => put(&[code]),
            Self::Message { sequence, surb_id, payload } => {
                put(&sequence.to_be_bytes());
                put(surb_id);
                put(payload);
            }
            Self::GetConsensus { epoch, .. } | Self::GetConsensus2 { epoch } => put(&epoch.to_be_bytes()),
            Self::Consensus { code, payload } => {
                put(&[code.code()]);
                put(payload);
            }
            Self::Vote(statement) | Self::Reveal(statement) | Self::Sig(statement) | Self::Cert(statement) => {
                put(&statement.epoch.to_be_bytes());
                put(statement.public_key);
                put(statement.payload);
            }
            Self::VoteStatus(status) => put(&[status.code()]),
            Self::GetVote { epoch, public_key } => {
                put(&epoch.to_be_bytes());
                put(public_key);
            }
            Self::RevealStatus(status) => put(&[status.code()]),
            Self::SigStatus(status) => put(&[status.code()]),
            Self::CertStatus(status) => put(&[status.code()]),
            Self::Consensus2 { code, chunk, total, payload } => {
                put(&[code.code()]);
                put(&chunk.to_be_bytes());
                put(&total.to_be_bytes());
                put(payload);
            }
        }
    }

    fn wrong_length(&self) -> EncodeError {
        EncodeError::Field { command: self.id() }
    }
}

/// A command cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too short.
    Buffer {
        /// The minimum length, in bytes.
        want: usize,
        /// The length, in bytes.
        got: usize,
    },
    /// This end may not send the command with this id.
    Role(u8),
    /// A field does not have the length that it has in this network, or this session does not pad.
    Field {
        /// The command's id.
        command: u8,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { want, got } => write!(f, "the buffer has {got} bytes, want at least {want}"),
            Self::Role(command) => write!(f, "command {command} is not for this end of the link to send"),
            Self::Field { command } => write!(f, "a field of command {command} does not fit this network"),
        }
    }
}

impl core::error::Error for EncodeError {}
