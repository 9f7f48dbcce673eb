//! The side that accepted the connection.
//!
//! [`Responder`] reads message 1 → [`SendMessage2`] → [`AwaitMessage3`] → [`CheckPeer`] →
//! [`SendMessage4`] → [`SendNoOp`] → [`UnprovenSession`] → [`Session`].

use super::{
    Ad, HandshakeError, LinkKey, Local, Messages, Peer, StaticKey, VERSION, kem,
    messages::{check_length, cut, room},
    opaque_debug, start,
};
use crate::{
    Command, Link, ReceiveError, SendError, Session,
    noise::{Keyed, Unkeyed},
    session::FRAME_HEADER_LEN,
};
use mixwell_pq_kem::{Kem, kem::PublicKey};
use rand_core::CryptoRng;

/// The start: nothing is received yet.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, HandshakeError, LinkKey, responder::{Responder, SendMessage2}};
///
/// fn accept<'a>(
///     key: &'a LinkKey<XWing>,
///     node_id: &'a [u8; 32],
///     message_1: &[u8],
/// ) -> Result<SendMessage2<'a, XWing>, HandshakeError> {
///     // the crate's page has the other steps; `blocking::respond` and its like take them all
///     Responder::new(key, Ad::node(node_id)).read(message_1)
/// }
/// ```
pub struct Responder<'a, K: Kem>(Local<'a, K>);

/// Message 1 is received.
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

/// Message 3 is received. The caller decides whether to accept the named peer, and over which link.
pub struct CheckPeer<K: Kem> {
    state: Keyed,
    peer: Peer<K>,
}

/// The peer is accepted.
pub struct SendMessage4<K: Kem> {
    link: Link,
    state: Keyed,
    initiator: PublicKey<K>,
}

/// Message 4 is written. The responder's first command, a [`Command::NoOp`], follows it.
#[derive(Debug)]
pub struct SendNoOp(Session);

/// The handshake is over, but the initiator has proved nothing: anyone can make messages 1 and 3
/// from public values of the responder and of the peer named in message 3. Only the owner of that
/// peer's static key can decrypt message 4, and so encrypt the first command.
///
/// This state sends nothing. Give it none of the named peer's rights either: it must not take a
/// slot reserved for that peer, nor replace that peer's other connections.
#[derive(Debug)]
pub struct UnprovenSession(Session);

impl<'a, K: Kem> Responder<'a, K> {
    /// A new handshake.
    #[must_use]
    pub const fn new(key: &'a LinkKey<K>, ad: Ad<'a>) -> Self {
        Self(Local { key: StaticKey::Expanded(key), ad })
    }

    /// Reads message 1, [`Messages::LEN_1`] bytes.
    ///
    /// # Errors
    /// [`HandshakeError::Version`] if the first byte is not this protocol's (checked before any
    /// computation); [`HandshakeError::Length`].
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
    /// Checks that the first byte on the wire is this protocol's. If not, there is no need to wait
    /// for the rest.
    ///
    /// # Errors
    /// [`HandshakeError::Version`].
    pub const fn check_version([version]: [u8; 1]) -> Result<(), HandshakeError> {
        if version == VERSION { Ok(()) } else { Err(HandshakeError::Version(version)) }
    }
}

impl<'a, K: Kem> SendMessage2<'a, K> {
    /// Writes message 2, [`Messages::LEN_2`] bytes, to the front of `out`. `unix_time` is this
    /// side's clock.
    ///
    /// # Errors
    /// [`HandshakeError::Caller`], or [`HandshakeError::Key`] if the initiator's ephemeral key is
    /// malformed.
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
    /// Reads message 3, [`Messages::LEN_3`] bytes, which is decrypted in place.
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
    /// The peer that the initiator claims to be. The proof comes later: see [`UnprovenSession`].
    #[must_use]
    pub const fn peer(&self) -> &Peer<K> {
        &self.peer
    }

    /// Accepts the peer over `link`, which determines the commands that the peer may send, and
    /// their lengths.
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
    /// [`HandshakeError::Caller`], or [`HandshakeError::Key`] if the initiator's static key is
    /// malformed.
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
    /// Length of the command on the wire, in bytes.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        self.0.sender.frame_len(&Command::NoOp).unwrap_or(0)
    }

    /// Writes the first command to the front of `out`.
    ///
    /// # Errors
    /// [`SendError`] if the buffer is too short.
    pub fn write(mut self, out: &mut [u8]) -> Result<(UnprovenSession, &[u8]), SendError> {
        let frame = self.0.sender.seal(&Command::NoOp, out)?;
        Ok((UnprovenSession(self.0), frame))
    }
}

impl UnprovenSession {
    /// Decrypts the length of the initiator's first command, which proves that the initiator owns
    /// its static key. The command itself is read like any other, with
    /// [`Receiver::pending`](crate::Receiver::pending).
    ///
    /// # Errors
    /// [`ReceiveError`] if the length is not the initiator's, or too great for a command of this
    /// link.
    pub fn open_length(mut self, header: &mut [u8; FRAME_HEADER_LEN]) -> Result<Session, ReceiveError> {
        self.0.receiver.open_length(header)?;
        Ok(self.0)
    }

    /// This end of the link.
    #[must_use]
    pub const fn link(&self) -> &Link {
        self.0.receiver.link()
    }
}

opaque_debug!(Responder<'_, K>, SendMessage2<'_, K>, AwaitMessage3<'_, K>, CheckPeer<K>, SendMessage4<K>);
