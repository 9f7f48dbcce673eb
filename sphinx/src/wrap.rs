//! Making packets (`docs/spec/sphinx.md#packet-construction`).

use crate::{
    geometry::PAYLOAD_TAG_LEN,
    keys::PayloadKey,
    message::{self, Message},
    path::Path,
    scheme::Scheme,
    seal::{WrapError, check_output, seal_header},
    sphinx::Sphinx,
};
use rand_core::CryptoRng;

impl<S: Scheme> Sphinx<S> {
    /// Wraps a payload of exactly
    /// [`Geometry::forward_payload_len`](crate::Geometry::forward_payload_len) bytes, without
    /// framing, into `packet`, which has exactly
    /// [`Geometry::packet_len`](crate::Geometry::packet_len) bytes.
    ///
    /// Most callers want [`Sphinx::wrap_message`].
    ///
    /// # Errors
    /// [`WrapError`]; the content of `packet` is then meaningless and not secret.
    pub fn wrap<R: CryptoRng + ?Sized>(
        &self,
        path: &Path<'_, S>,
        payload: &[u8],
        rng: &mut R,
        packet: &mut [u8],
    ) -> Result<(), WrapError> {
        let want = self.geometry.forward_payload_len();
        if payload.len() != want {
            return Err(WrapError::PayloadLength { got: payload.len(), want });
        }
        self.seal_packet(path, rng, packet, |forward_payload| forward_payload.copy_from_slice(payload))
    }

    /// Wraps a message for a client or service: its bytes, padded with zeros, and optionally a SURB
    /// for the reply.
    ///
    /// # Errors
    /// [`WrapError`]; the content of `packet` is then meaningless and not secret.
    pub fn wrap_message<R: CryptoRng + ?Sized>(
        &self,
        path: &Path<'_, S>,
        message: &Message<'_>,
        rng: &mut R,
        packet: &mut [u8],
    ) -> Result<(), WrapError> {
        message::check(&self.geometry, message)?;
        self.seal_packet(path, rng, packet, |forward_payload| message::write(&self.geometry, message, forward_payload))
    }

    fn seal_packet<R: CryptoRng + ?Sized>(
        &self,
        path: &Path<'_, S>,
        rng: &mut R,
        packet: &mut [u8],
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), WrapError> {
        check_output(packet, self.geometry.packet_len())?;
        let (_, payload) = packet.split_at_mut(self.geometry.header_len());
        let (tag, forward_payload) = payload.split_at_mut(PAYLOAD_TAG_LEN);
        tag.fill(0);
        write(forward_payload);
        seal_header(&self.geometry, path, None, rng, packet, PayloadKey::encrypt).inspect_err(|_| packet.fill(0))
    }
}
