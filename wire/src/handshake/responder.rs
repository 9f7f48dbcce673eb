//! The side that was called.
//!
//! [`Responder`] reads message 1 → [`SendMessage2`] → [`AwaitMessage3`] → [`CheckPeer`] → [`SendMessage4`] →
//! [`SendNoOp`] → [`Session`].

use super::{
    Ad, HandshakeError, LinkKey, Local, Messages, Peer, StaticKey, VERSION, kem,
    messages::{check_length, cut, room},
    opaque_debug, start,
};
use crate::{
    Command, Link, SendError, Session,
    noise::{Keyed, Unkeyed},
};
use mixwell_pq_kem::{Kem, kem::PublicKey};
use rand_core::CryptoRng;

/// The start: nothing has come yet.
pub struct Responder<'a, K: Kem>(Local<'a, K>);

/// Message 1 has come.
pub struct SendMessage2<'a, K: Kem> {
    local: Local<'a, K>,
    state: Unkeyed,
    ephemeral: PublicKey<K>,
}

/// Message 2 is sent.
pub struct AwaitMessage3<'a, K: Kem> {
    local: Local<'a, K>,
    state: Keyed,
}

/// Message 3 has come. The caller decides whether it wants to talk with this peer, and over which link.
pub struct CheckPeer<K: Kem> {
    state: Keyed,
    peer: Peer<K>,
}

/// The peer is a right one.
pub struct SendMessage4<K: Kem> {
    link: Link,
    state: Keyed,
    initiator: PublicKey<K>,
}

/// Message 4 is sent. The session is up when a [`Command::NoOp`] has followed it.
#[derive(Debug)]
pub struct SendNoOp(Session);

impl<'a, K: Kem> Responder<'a, K> {
    /// A new handshake.
    #[must_use]
    pub const fn new(key: &'a LinkKey<K>, ad: Ad<'a>) -> Self {
        Self(Local { key: StaticKey::Expanded(key), ad })
    }

    /// Reads message 1, [`Messages::LEN_1`] bytes.
    ///
    /// # Errors
    /// [`HandshakeError::Version`] if the first byte is not this protocol's, which nothing is computed for;
    /// [`HandshakeError::Length`].
    pub fn read(self, message: &[u8]) -> Result<SendMessage2<'a, K>, HandshakeError> {
        let empty = HandshakeError::Length { want: Messages::<K>::LEN_1, got: 0 };
        let (&version, public) = message.split_first_chunk().ok_or(empty)?;
        Self::check_version(version)?;
        check_length(message, Messages::<K>::LEN_1)?;
        let mut state = start::<K>();
        state.mix_hash(public);
        // the empty payload
        state.mix_hash(&[]);
        Ok(SendMessage2 { local: self.0, state, ephemeral: kem::public_key(public)?.clone() })
    }
}

impl<K: Kem> Responder<'_, K> {
    /// Whether the first byte on the wire is this protocol's: if not, the others need not be waited for.
    ///
    /// # Errors
    /// [`HandshakeError::Version`].
    pub const fn check_version([version]: [u8; 1]) -> Result<(), HandshakeError> {
        if version == VERSION { Ok(()) } else { Err(HandshakeError::Version(version)) }
    }
}

impl<'a, K: Kem> SendMessage2<'a, K> {
    /// Writes message 2, [`Messages::LEN_2`] bytes, to the front of `out`. `unix_time` is this side's clock.
    ///
    /// # Errors
    /// [`HandshakeError::Caller`], or [`HandshakeError::Key`] if the initiator's ephemeral key is malformed.
    pub fn write<'m, R: CryptoRng + ?Sized>(
        self,
        rng: &mut R,
        unix_time: u32,
        out: &'m mut [u8],
    ) -> Result<(AwaitMessage3<'a, K>, &'m [u8]), HandshakeError> {
        let out = room(out, Messages::<K>::LEN_2)?;
        let Self { local, mut state, ephemeral } = self;
        let (ekem, identity) = cut(out, Messages::<K>::CIPHERTEXT_LEN)?;
        let secret = kem::encapsulate(&ephemeral, rng, ekem)?;
        state.mix_hash(ekem);
        let mut state = state.mix_key(secret.as_bytes().as_ref());
        local.send_identity(&mut state, unix_time, identity)?;
        Ok((AwaitMessage3 { local, state }, out))
    }
}

impl<K: Kem> AwaitMessage3<'_, K> {
    /// Reads message 3, [`Messages::LEN_3`] bytes, which is decrypted where it lies.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is not the initiator's.
    pub fn read(self, message: &mut [u8]) -> Result<CheckPeer<K>, HandshakeError> {
        check_length(message, Messages::<K>::LEN_3)?;
        let Self { local, mut state } = self;
        let (skem, rest) = cut(message, Messages::<K>::SEALED_CIPHERTEXT_LEN)?;
        let (static_key, payload) = cut(rest, Messages::<K>::STATIC_LEN)?;
        kem::receive_skem(&mut state, &local.key, skem)?;
        let static_key = state.decrypt_and_hash(static_key)?;
        let peer = Peer::read(static_key, state.decrypt_and_hash(payload)?)?;
        Ok(CheckPeer { state, peer })
    }
}

impl<K: Kem> CheckPeer<K> {
    /// Who the initiator says it is.
    #[must_use]
    pub const fn peer(&self) -> &Peer<K> {
        &self.peer
    }

    /// Goes on: it may talk with this side, over such a link. What a peer may send, and how much, follows from who it is.
    #[must_use]
    pub fn accept(self, link: Link) -> SendMessage4<K> {
        SendMessage4 { link, state: self.state, initiator: self.peer.into_static_key() }
    }

    /// Ends the handshake. Close the connection, and send nothing.
    pub fn refuse(self) {}
}

impl<K: Kem> SendMessage4<K> {
    /// Writes message 4, [`Messages::LEN_4`] bytes, to the front of `out`.
    ///
    /// # Errors
    /// [`HandshakeError::Caller`], or [`HandshakeError::Key`] if the initiator's static key is malformed.
    pub fn write<'m, R: CryptoRng + ?Sized>(
        self,
        rng: &mut R,
        out: &'m mut [u8],
    ) -> Result<(SendNoOp, &'m [u8]), HandshakeError> {
        let out = room(out, Messages::<K>::LEN_4)?;
        let Self { link, mut state, initiator } = self;
        let (skem, payload) = cut(out, Messages::<K>::SEALED_CIPHERTEXT_LEN)?;
        kem::send_skem(&mut state, &initiator, rng, skem)?;
        state.encrypt_and_hash(payload)?;
        let [receive, send] = state.split();
        Ok((SendNoOp(Session::new(send, receive, link)), out))
    }
}

impl SendNoOp {
    /// How many bytes the command has on the wire.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        self.0.sender.frame_len(&Command::NoOp).unwrap_or(0)
    }

    /// Writes the first command to the front of `out`.
    ///
    /// # Errors
    /// [`SendError`] if the buffer is too short.
    pub fn write(mut self, out: &mut [u8]) -> Result<(Session, &[u8]), SendError> {
        let frame = self.0.sender.seal(&Command::NoOp, out)?;
        Ok((self.0, frame))
    }
}

opaque_debug!(Responder<'_, K>, SendMessage2<'_, K>, AwaitMessage3<'_, K>, CheckPeer<K>, SendMessage4<K>);
