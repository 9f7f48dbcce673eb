//! The handshake: pqXX over a KEM (`docs/spec/wire.md#handshake-pattern`).
//!
//! Each state of each side is a type, and every step consumes it: a message out of order does not
//! compile, and an error ends the handshake.

mod authenticate;
mod ephemeral;
pub mod initiator;
mod kem;
mod link_key;
mod link_seed;
mod messages;
pub mod responder;

pub use authenticate::{Ad, Peer};
pub use link_key::LinkKey;
pub use link_seed::LinkSeed;
pub use messages::Messages;

use ephemeral::Ephemeral;

use crate::{
    CallerError,
    noise::{CipherError, Keyed, TAG_LEN, Unkeyed},
};
use core::fmt;
use mixwell_pq_kem::{
    Kem,
    kem::{DecapsulateError, KeyError, PublicKey, SharedSecret},
};

/// The first byte on the wire, and Noise's prologue.
const VERSION: u8 = 3;

/// One side's input to a handshake.
struct Local<'a, K: Kem> {
    key: StaticKey<'a, K>,
    ad: Ad<'a>,
}

/// A side's static key, in either form.
enum StaticKey<'a, K: Kem> {
    Expanded(&'a LinkKey<K>),
    Seed(&'a LinkSeed<K>),
}

impl<K: Kem> StaticKey<'_, K> {
    const fn public(&self) -> &PublicKey<K> {
        match self {
            Self::Expanded(key) => key.public(),
            Self::Seed(key) => key.public(),
        }
    }

    fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
        match self {
            Self::Expanded(key) => kem::decapsulate::<K>(key.expanded(), ciphertext),
            Self::Seed(key) => kem::decapsulate_by_seed(key.seed(), ciphertext),
        }
    }
}

impl<K: Kem> Local<'_, K> {
    /// The `s` token and the payload of messages 2 and 3.
    fn send_identity(&self, state: &mut Keyed, unix_time: u32, out: &mut [u8]) -> Result<(), HandshakeError> {
        let (static_key, payload) = messages::cut(out, Messages::<K>::STATIC_LEN)?;
        if let Some((public, _)) = static_key.split_last_chunk_mut::<TAG_LEN>() {
            public.copy_from_slice(self.key.public().as_bytes().as_ref());
        }
        state.encrypt_and_hash(static_key)?;
        if let Some((message, _)) = payload.split_last_chunk_mut::<TAG_LEN>() {
            self.ad.write(unix_time, message);
        }
        Ok(state.encrypt_and_hash(payload)?)
    }
}

/// States hold secrets: their `Debug` prints only their name.
macro_rules! opaque_debug {
    ($($state:ident<$($parameter:tt),+>),+) => {$(
        impl<K: Kem> core::fmt::Debug for $state<$($parameter),+> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}<{}>(..)", stringify!($state), K::NAME)
            }
        }
    )+};
}

use opaque_debug;

fn start<K: Kem>() -> Unkeyed {
    let mut state = Unkeyed::new(&["Noise_pqXX_", K::NAME, "_ChaChaPoly_BLAKE2b"]);
    state.mix_hash(&[VERSION]);
    state
}

/// The handshake has failed; close the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// A mistake of the caller. The handshake has ended nevertheless, because each step consumes
    /// its state.
    Caller(CallerError),
    /// The peer's message has a wrong length. Impossible over a stream, from which exactly the
    /// required number of bytes is read.
    Length {
        /// The required length, in bytes.
        want: usize,
        /// The length, in bytes.
        got: usize,
    },
    /// The peer speaks another version of the protocol, or another protocol.
    Version(u8),
    /// A public key is malformed.
    Key,
    /// A cryptographic check of the peer's message has failed.
    Failed,
    /// The peer's description of itself is malformed.
    Authenticate,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(error) => error.fmt(f),
            Self::Length { want, got } => write!(f, "the message has {got} bytes, want {want}"),
            Self::Version(version) => write!(f, "the peer speaks version {version}, want {VERSION}"),
            Self::Key => f.write_str("a public key is malformed"),
            Self::Failed => f.write_str("the message is not authentic"),
            Self::Authenticate => f.write_str("the authenticate message is malformed"),
        }
    }
}

impl core::error::Error for HandshakeError {}

impl From<CallerError> for HandshakeError {
    fn from(error: CallerError) -> Self {
        Self::Caller(error)
    }
}

impl From<CipherError> for HandshakeError {
    fn from(_: CipherError) -> Self {
        Self::Failed
    }
}

impl From<KeyError> for HandshakeError {
    fn from(KeyError: KeyError) -> Self {
        Self::Key
    }
}

impl From<DecapsulateError> for HandshakeError {
    fn from(DecapsulateError: DecapsulateError) -> Self {
        Self::Failed
    }
}
