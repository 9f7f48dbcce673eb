//! The side that opened the connection.
//!
//! [`Initiator`] writes message 1 → [`AwaitMessage2`] → [`CheckPeer`] → [`SendMessage3`] →
//! [`AwaitMessage4`] → [`AwaitNoOp`] → [`AwaitNoOpBody`] → [`Session`]. A device with little memory
//! reads message 2 in two steps, via [`AwaitPeer`].

use super::{
    Ad, Ephemeral, HandshakeError, LinkKey, LinkSeed, Local, Messages, Peer, StaticKey, VERSION, kem,
    messages::{check_length, cut, room},
    opaque_debug, start,
};
use crate::{
    Command, Link, ReceiveError, Session,
    noise::{Keyed, Unkeyed},
    session::FRAME_HEADER_LEN,
};
use mixwell_pq_kem::{
    Kem,
    kem::{PublicKey, SharedSecret},
};
use rand_core::CryptoRng;

/// The start: nothing is sent yet.
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::PrivateKey};
/// use mixwell_wire::{Ad, Link, LinkKey, PacketSizes, initiator::Initiator};
///
/// let key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut rand::rng()))?;
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// let initiator = Initiator::new(&key, Ad::client(&[7; 32]), Link::client(sizes));
///
/// let mut buffer = [0; 2048];
/// let (awaits_message_2, message_1) = initiator.write(&mut rand::rng(), &mut buffer)?;
/// // the crate's page has the other steps; `blocking::initiate` and its like take them all
/// # drop(awaits_message_2);
/// # assert!(!message_1.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Initiator<'a, K: Kem> {
    local: Local<'a, K>,
    link: Link,
    place: Option<&'a mut K::Expanded>,
}

/// Message 1 is sent.
pub struct AwaitMessage2<'a, K: Kem> {
    local: Local<'a, K>,
    link: Link,
    state: Unkeyed,
    ephemeral: Ephemeral<'a, K>,
}

/// The secret of message 2 has been read, but not the rest.
pub struct AwaitPeer<'a, K: Kem> {
    local: Local<'a, K>,
    link: Link,
    state: Keyed,
}

/// Message 2 is received. The caller decides whether this is the intended peer.
pub struct CheckPeer<'a, K: Kem> {
    local: Local<'a, K>,
    link: Link,
    state: Keyed,
    peer: Peer<K>,
}

/// The peer is accepted.
pub struct SendMessage3<'a, K: Kem> {
    local: Local<'a, K>,
    link: Link,
    state: Keyed,
    responder: PublicKey<K>,
}

/// Message 3 is sent.
pub struct AwaitMessage4<'a, K: Kem> {
    key: StaticKey<'a, K>,
    link: Link,
    state: Keyed,
}

/// The handshake is over. The session is up when the responder's first command, a
/// [`Command::NoOp`], is received.
#[derive(Debug)]
pub struct AwaitNoOp(Session);

/// The length of the responder's first command is received.
#[derive(Debug)]
pub struct AwaitNoOpBody(Session);

impl<'a, K: Kem> Initiator<'a, K> {
    /// A new handshake.
    #[must_use]
    pub const fn new(key: &'a LinkKey<K>, ad: Ad<'a>, link: Link) -> Self {
        Self { local: Local { key: StaticKey::Expanded(key), ad }, link, place: None }
    }

    /// A new handshake with a key that is expanded only for message 4, which saves some KiB until
    /// then.
    #[must_use]
    pub const fn with_seed(key: &'a LinkSeed<K>, ad: Ad<'a>, link: Link) -> Self {
        Self { local: Local { key: StaticKey::Seed(key), ad }, link, place: None }
    }

    /// Keeps the ephemeral key expanded in `place` until message 2 arrives; `place` is then wiped.
    /// Otherwise only the key's seed is kept, some bytes instead of some KiB, and the key is
    /// derived a second time.
    #[must_use]
    pub const fn keep_expanded(mut self, place: &'a mut K::Expanded) -> Self {
        self.place = Some(place);
        self
    }

    /// Writes message 1, [`Messages::LEN_1`] bytes, to the front of `out`.
    ///
    /// # Errors
    /// [`HandshakeError::Caller`].
    pub fn write<'m, R: CryptoRng + ?Sized>(
        self,
        rng: &mut R,
        out: &'m mut [u8],
    ) -> Result<(AwaitMessage2<'a, K>, &'m [u8]), HandshakeError> {
        let out = room(out, Messages::<K>::LEN_1)?;
        let (version, public) = cut(out, 1)?;
        version.fill(VERSION);
        let ephemeral = Ephemeral::<K>::generate(rng, self.place, public)?;
        let mut state = start::<K>();
        state.mix_hash(public);
        // the empty payload
        state.mix_hash(&[]);
        Ok((AwaitMessage2 { local: self.local, link: self.link, state, ephemeral }, out))
    }
}

impl<'a, K: Kem> AwaitMessage2<'a, K> {
    /// Reads message 2, [`Messages::LEN_2`] bytes, which is decrypted in place.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is not a responder's.
    pub fn read(self, message: &mut [u8]) -> Result<CheckPeer<'a, K>, HandshakeError> {
        self.read_secret(message)?.read(message)
    }

    /// Reads only the secret of message 2, for devices with little memory: this step needs the most
    /// stack of the whole handshake, so nothing of the peer is in memory yet. Continue with
    /// [`AwaitPeer::read`], in another function.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is not a responder's.
    pub fn read_secret(mut self, message: &[u8]) -> Result<AwaitPeer<'a, K>, HandshakeError> {
        check_length(message, Messages::<K>::LEN_2)?;
        let ekem = message.get(..Messages::<K>::CIPHERTEXT_LEN).unwrap_or_default();
        self.state.mix_hash(ekem);
        let secret = self.ephemeral.decapsulate(ekem)?;
        Ok(self.mix(&secret))
    }

    /// Not inlined: its result must not take stack space while the secret is computed.
    #[inline(never)]
    fn mix(self, secret: &SharedSecret<K>) -> AwaitPeer<'a, K> {
        let state = self.state.mix_key(secret.as_bytes().as_ref());
        AwaitPeer { local: self.local, link: self.link, state }
    }
}

impl<'a, K: Kem> AwaitPeer<'a, K> {
    /// Reads the rest of the same message, which is decrypted in place.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is not a responder's.
    pub fn read(self, message: &mut [u8]) -> Result<CheckPeer<'a, K>, HandshakeError> {
        check_length(message, Messages::<K>::LEN_2)?;
        let Self { local, link, mut state } = self;
        let (_, rest) = cut(message, Messages::<K>::CIPHERTEXT_LEN)?;
        let (static_key, payload) = cut(rest, Messages::<K>::STATIC_LEN)?;
        let static_key = state.decrypt_and_hash(static_key)?;
        let peer = Peer::read(static_key, state.decrypt_and_hash(payload)?)?;
        Ok(CheckPeer { local, link, state, peer })
    }
}

impl<'a, K: Kem> CheckPeer<'a, K> {
    /// The peer that the responder claims to be.
    #[must_use]
    pub const fn peer(&self) -> &Peer<K> {
        &self.peer
    }

    /// Accepts the peer.
    #[must_use]
    pub fn accept(self) -> SendMessage3<'a, K> {
        let Self { local, link, state, peer } = self;
        SendMessage3 { local, link, state, responder: peer.into_static_key() }
    }

    /// Ends the handshake. Close the connection, and send nothing.
    pub fn refuse(self) {}
}

impl<'a, K: Kem> SendMessage3<'a, K> {
    /// Writes message 3, [`Messages::LEN_3`] bytes, to the front of `out`.
    ///
    /// # Errors
    /// [`HandshakeError::Caller`], or [`HandshakeError::Key`] if the responder's static key is
    /// malformed.
    pub fn write<'m, R: CryptoRng + ?Sized>(
        self,
        rng: &mut R,
        out: &'m mut [u8],
    ) -> Result<(AwaitMessage4<'a, K>, &'m [u8]), HandshakeError> {
        let out = room(out, Messages::<K>::LEN_3)?;
        let Self { local, link, mut state, responder } = self;
        let (skem, identity) = cut(out, Messages::<K>::SEALED_CIPHERTEXT_LEN)?;
        kem::send_skem(&mut state, &responder, rng, skem)?;
        local.send_identity(&mut state, 0, identity)?;
        Ok((AwaitMessage4 { key: local.key, link, state }, out))
    }
}

impl<K: Kem> AwaitMessage4<'_, K> {
    /// Reads message 4, [`Messages::LEN_4`] bytes, which is decrypted in place.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is not the responder's.
    pub fn read(mut self, message: &mut [u8]) -> Result<AwaitNoOp, HandshakeError> {
        check_length(message, Messages::<K>::LEN_4)?;
        let (skem, payload) = cut(message, Messages::<K>::SEALED_CIPHERTEXT_LEN)?;
        kem::receive_skem(&mut self.state, &self.key, skem)?;
        self.state.decrypt_and_hash(payload)?;
        Ok(self.split())
    }

    /// Not inlined: its result must not take stack space while the secret is computed.
    #[inline(never)]
    fn split(self) -> AwaitNoOp {
        let [send, receive] = self.state.split();
        AwaitNoOp(Session::new(send, receive, self.link))
    }
}

impl AwaitNoOp {
    /// Reads the length of the first command.
    ///
    /// # Errors
    /// [`ReceiveError`] if the length is not the responder's, or too great for a command of this
    /// link.
    pub fn open_length(mut self, header: &mut [u8; FRAME_HEADER_LEN]) -> Result<AwaitNoOpBody, ReceiveError> {
        self.0.receiver.open_length(header)?;
        Ok(AwaitNoOpBody(self.0))
    }
}

impl AwaitNoOpBody {
    /// Length of the command on the wire, in bytes.
    #[must_use]
    pub fn body_len(&self) -> usize {
        self.0.receiver.pending_len().unwrap_or(0)
    }

    /// Reads the first command, from the front of `buffer`.
    ///
    /// # Errors
    /// [`ReceiveError`] if the command is not the responder's [`Command::NoOp`], or the buffer is
    /// too short for it.
    pub fn open(mut self, buffer: &mut [u8]) -> Result<Session, ReceiveError> {
        let body = self.0.receiver.pending().ok_or(ReceiveError::Dead)?;
        // declassified: the first command
        match body.open(buffer)? {
            Command::NoOp => Ok(self.0),
            _ => Err(ReceiveError::NotNoOp),
        }
    }
}

opaque_debug!(
    Initiator<'_, K>,
    AwaitMessage2<'_, K>,
    AwaitPeer<'_, K>,
    CheckPeer<'_, K>,
    SendMessage3<'_, K>,
    AwaitMessage4<'_, K>
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PacketSizes, noise::CipherState};

    #[test]
    fn another_command_before_the_no_op() {
        let sizes = PacketSizes { packet: 100, forward_payload: 50, user_forward_payload: 20 };
        let session = |link| Session::new(CipherState::new(&[1; 64]), CipherState::new(&[1; 64]), link);
        let mut frame = [0; 300];
        for (command, result) in [(Command::NoOp, Ok(())), (Command::Disconnect, Err(ReceiveError::NotNoOp))] {
            session(Link::gateway(sizes)).sender.seal(&command, &mut frame).unwrap();
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            let state = AwaitNoOp(session(Link::client(sizes))).open_length(header).unwrap();
            assert_eq!(state.open(body).map(|_| ()), result);
        }
    }
}
