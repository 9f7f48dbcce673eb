//! The framing of a payload (`docs/spec/sphinx.md#payload-framing`): flags, perhaps a SURB, and the
//! user's bytes.

use crate::{
    geometry::{Geometry, PLAINTEXT_HEADER_LEN},
    seal::WrapError,
};
use core::fmt;

const WITHOUT_SURB: u8 = 0;
const WITH_SURB: u8 = 1;

/// A message to a client or service.
///
/// ```
/// use mixwell_sphinx::Message;
/// # use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// # use mixwell_sphinx::{Action, Geometry, Hop, NodeId, Path, RecipientId, Sphinx};
/// # let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(3, 100, true)?)?;
/// # let mix_key = PrivateKey::generate(&mut rand::rng());
/// # let hops = [Hop { id: NodeId([1; 32]), public_key: &mix_key.public_key(), delay_millis: None }];
/// # let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
/// # let mut packet = vec![0; sphinx.geometry().packet_len()];
///
/// let message = Message { surb: None, user_payload: b"hello" };
/// sphinx.wrap_message(&path, &message, &mut rand::rng(), &mut packet)?;
///
/// // at the recipient
/// # let Action::Deliver { payload, .. } = sphinx.open(&mut packet, &mix_key)?.finish()? else { panic!() };
/// let message = Message::parse(sphinx.geometry(), payload)?;
/// assert!(message.surb.is_none());
/// assert!(message.user_payload.starts_with(b"hello\0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// A SURB for the reply, [`Geometry::surb_len`] bytes.
    pub surb: Option<&'a [u8]>,
    /// The user's bytes. At most [`Geometry::user_forward_payload_len`] for wrapping; exactly that
    /// many after reading, zero-padded.
    pub user_payload: &'a [u8],
}

/// The reason why a payload is not a message. Its sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError {
    /// The payload's length is not the geometry's.
    Length {
        /// The given length in bytes.
        got: usize,
        /// The geometry's forward payload length in bytes.
        want: usize,
    },
    /// The flags are unknown.
    Flags {
        /// The flags.
        got: u8,
    },
    /// The reserved byte is not zero.
    Reserved {
        /// The byte.
        got: u8,
    },
    /// The geometry's payloads have no flags and no room for a SURB.
    NoFraming,
}

impl<'a> Message<'a> {
    /// Reads the payload that a packet delivered.
    ///
    /// # Errors
    /// [`MessageError`] if the framing does not match the geometry.
    pub fn parse(geometry: &Geometry, payload: &'a [u8]) -> Result<Self, MessageError> {
        if !geometry.has_surb() {
            return Err(MessageError::NoFraming);
        }
        let length = MessageError::Length { got: payload.len(), want: geometry.forward_payload_len() };
        if payload.len() != geometry.forward_payload_len() {
            return Err(length);
        }
        let (&[flags, reserved], body) = payload.split_first_chunk::<PLAINTEXT_HEADER_LEN>().ok_or(length)?;
        let (surb, user_payload) = body.split_at_checked(geometry.surb_len()).ok_or(length)?;
        match (flags, reserved) {
            (WITHOUT_SURB, 0) => Ok(Self { surb: None, user_payload }),
            (WITH_SURB, 0) => Ok(Self { surb: Some(surb), user_payload }),
            (WITHOUT_SURB | WITH_SURB, got) => Err(MessageError::Reserved { got }),
            (got, _) => Err(MessageError::Flags { got }),
        }
    }
}

/// Whether a message fits the geometry.
pub(crate) const fn check(geometry: &Geometry, message: &Message<'_>) -> Result<(), WrapError> {
    if !geometry.has_surb() {
        return Err(WrapError::NoFraming);
    }
    if let Some(surb) = message.surb
        && surb.len() != geometry.surb_len()
    {
        return Err(WrapError::SurbLength { got: surb.len(), want: geometry.surb_len() });
    }
    let (got, max) = (message.user_payload.len(), geometry.user_forward_payload_len());
    if got > max { Err(WrapError::PayloadTooLong { got, max }) } else { Ok(()) }
}

/// Writes a message, which [`check`] has accepted, to a forward payload.
pub(crate) fn write(geometry: &Geometry, message: &Message<'_>, forward_payload: &mut [u8]) {
    let (header, body) = forward_payload.split_at_mut(PLAINTEXT_HEADER_LEN);
    let (surb, user_payload) = body.split_at_mut(geometry.surb_len());
    if let Some(bytes) = message.surb {
        header.copy_from_slice(&[WITH_SURB, 0]);
        surb.copy_from_slice(bytes);
    } else {
        header.copy_from_slice(&[WITHOUT_SURB, 0]);
        surb.fill(0);
    }
    let (bytes, zeros) = user_payload.split_at_mut(message.user_payload.len());
    bytes.copy_from_slice(message.user_payload);
    zeros.fill(0);
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(..)")
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, want } => write!(f, "payload is {got} bytes, want {want}"),
            Self::Flags { got } => write!(f, "payload has unknown flags {got:#04x}"),
            Self::Reserved { got } => write!(f, "payload's reserved byte is {got:#04x}, want zero"),
            Self::NoFraming => f.write_str("the geometry's payloads have no flags and no room for a SURB"),
        }
    }
}

impl core::error::Error for MessageError {}
