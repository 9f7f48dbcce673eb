//! The four messages: their lengths and their parts.

use super::{HandshakeError, authenticate::AUTHENTICATE_LEN};
use crate::{CallerError, noise::TAG_LEN};
use core::marker::PhantomData;
use mixwell_pq_kem::{ByteArray, Kem};

/// The lengths of the four handshake messages with the KEM `K`, in bytes on the wire.
///
/// ```
/// # use mixwell_pq_kem::Kem;
/// # fn buffer<K: Kem>() -> usize { mixwell_wire::Messages::<K>::MAX_LEN }
/// ```
#[derive(Debug)]
pub struct Messages<K: Kem>(PhantomData<K>);

impl<K: Kem> Messages<K> {
    /// Initiator to responder: version, ephemeral key.
    pub const LEN_1: usize = 1 + K::PublicBytes::LEN;
    /// Responder to initiator: ciphertext, static key, authenticate message.
    pub const LEN_2: usize = Self::CIPHERTEXT_LEN + Self::STATIC_LEN + Self::PAYLOAD_LEN;
    /// Initiator to responder: ciphertext, static key, authenticate message.
    pub const LEN_3: usize = Self::SEALED_CIPHERTEXT_LEN + Self::STATIC_LEN + Self::PAYLOAD_LEN;
    /// Responder to initiator: ciphertext.
    pub const LEN_4: usize = Self::SEALED_CIPHERTEXT_LEN + TAG_LEN;
    /// A buffer length that suffices for each message. (Message 3 is the longest with every KEM.)
    pub const MAX_LEN: usize = Self::LEN_3;

    pub(super) const CIPHERTEXT_LEN: usize = K::CiphertextBytes::LEN;
    pub(super) const STATIC_LEN: usize = K::PublicBytes::LEN + TAG_LEN;
    pub(super) const SEALED_CIPHERTEXT_LEN: usize = Self::CIPHERTEXT_LEN + TAG_LEN;
    pub(super) const PAYLOAD_LEN: usize = AUTHENTICATE_LEN + TAG_LEN;
}

/// The front of a buffer that a message is written to.
pub(super) fn room(out: &mut [u8], want: usize) -> Result<&mut [u8], HandshakeError> {
    let got = out.len();
    out.get_mut(..want).ok_or(CallerError::Buffer { want, got }.into())
}

/// Checks that a peer's message has exactly this length.
pub(super) const fn check_length(message: &[u8], want: usize) -> Result<(), HandshakeError> {
    let got = message.len();
    if got == want { Ok(()) } else { Err(HandshakeError::Length { want, got }) }
}

/// Cuts a message in two after `length` bytes.
pub(super) fn cut(message: &mut [u8], length: usize) -> Result<(&mut [u8], &mut [u8]), HandshakeError> {
    let got = message.len();
    message.split_at_mut_checked(length).ok_or(HandshakeError::Length { want: length, got })
}
