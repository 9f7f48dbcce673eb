//! Writing a command, padded (`docs/spec/wire.md#padding`).

use super::{COMMAND_HEADER_LEN, Command, Statement, Want, id};
use crate::{link::Link, noise::TAG_LEN};
use core::fmt;

impl Command<'_> {
    /// Writes the frame with its padding to the front of `out`, and returns its length.
    ///
    /// # Errors
    /// [`EncodeError`]; `out` is then unchanged.
    pub fn encode(&self, link: &Link, out: &mut [u8]) -> Result<usize, EncodeError> {
        let want = self.encoded_len(link)?;
        let got = out.len();
        let mut rest = out.get_mut(..want).ok_or(EncodeError::Buffer { want, got })?;
        let length = u32::try_from(self.body_len()).map_err(|_| self.too_long())?;
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

    /// The length of the frame, including its padding.
    ///
    /// # Errors
    /// [`EncodeError`] if this end may not send the command, or a field does not have this
    /// network's length.
    pub fn encoded_len(&self, link: &Link) -> Result<usize, EncodeError> {
        if !link.role().sends().contains(self.id()) {
            return Err(EncodeError::Role(self.id()));
        }
        self.check_fields(link)?;
        let frame = self.body_len().checked_add(COMMAND_HEADER_LEN).ok_or_else(|| self.too_long())?;
        let padded = match self {
            Self::GetConsensus { padded: false, .. } => 0,
            _ => link.padded_len(self.id()),
        };
        Ok(frame.max(padded))
    }

    /// Checks that the fields have the lengths that [`Command::decode`] requires at the other end.
    fn check_fields(&self, link: &Link) -> Result<(), EncodeError> {
        let (field, got, want) = match self {
            Self::SendPacket(packet) | Self::SendRetrievePacket(packet) => {
                ("packet", packet.len(), Want::Exactly(link.packet().packet))
            }
            Self::Message { payload, .. } => ("payload", payload.len(), Want::Exactly(link.message_payload_len())),
            Self::Consensus2 { payload, .. } => ("payload", payload.len(), Want::AtMost(link.down_len())),
            Self::GetVote { public_key, .. }
            | Self::Vote(Statement { public_key, .. })
            | Self::Reveal(Statement { public_key, .. })
            | Self::Sig(Statement { public_key, .. })
            | Self::Cert(Statement { public_key, .. }) => {
                ("public key", public_key.len(), Want::Exactly(link.pki().public_key))
            }
            Self::ReplicaMessage(envelope) => ("envelope", envelope.len(), Want::AtLeast(1)),
            // a session with an authority does not cross the mixnet
            Self::GetConsensus { padded: true, .. } if !link.role().pads() => {
                return Err(EncodeError::Unpadded { command: self.id() });
            }
            _ => return Ok(()),
        };
        if want.fits(got) { Ok(()) } else { Err(EncodeError::Field { command: self.id(), field, got, want }) }
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

    /// The error of a command that is too long for any frame.
    pub(crate) fn too_long(&self) -> EncodeError {
        // a frame's length is a u32 that counts the command's header and a tag too
        let max = usize::try_from(u32::MAX).unwrap_or(usize::MAX).saturating_sub(COMMAND_HEADER_LEN + TAG_LEN);
        EncodeError::Field { command: self.id(), field: "body", got: self.body_len(), want: Want::AtMost(max) }
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
    /// A field does not have the length for this network.
    Field {
        /// The command's id.
        command: u8,
        /// The field's name.
        field: &'static str,
        /// The field's length, in bytes.
        got: usize,
        /// The permitted lengths.
        want: Want,
    },
    /// The command should be padded, but the session does not pad.
    Unpadded {
        /// The command's id.
        command: u8,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { want, got } => write!(f, "the buffer has {got} bytes, want at least {want}"),
            Self::Role(command) => write!(f, "{} is not for this end of the link to send", id::name(*command)),
            Self::Field { command, field, got, want } => {
                write!(f, "{}: {field} is {got} bytes, {want}", id::name(*command))
            }
            Self::Unpadded { command } => write!(f, "{}: this session does not pad", id::name(*command)),
        }
    }
}

impl core::error::Error for EncodeError {}
