//! The messages of a pairing. Zeros follow them in a box.

use crate::{bytes::Reader, codec::codec, exchange::ID_LEN, name::MAX_NAME_LEN};
use alloc::{string::String, vec::Vec};
use mixwell_pq_kem::{
    ByteArray as _, Kem, XWing,
    kem::{Ciphertext, PublicKey},
};

/// An identity: `number (32) ‖ public key (1216) ‖ length of the name (1) ‖ name,
/// zeros behind (32)`.
pub(super) struct Hello {
    pub(super) number: [u8; ID_LEN],
    pub(super) public: PublicKey<XWing>,
    /// The name as it was sent, since the safety string covers these bytes. It is made safe only
    /// where it is shown, since the safe characters depend on the version of Unicode.
    pub(super) name: String,
}

codec!(struct Hello { number, public, name } valid |hello| hello.name.len() <= MAX_NAME_LEN);

/// A secret: `ciphertext (1120) ‖ confirmation (32)`.
pub(super) struct Reply {
    pub(super) ciphertext: Ciphertext<XWing>,
    pub(super) confirmation: [u8; CONFIRM_LEN],
}

pub(super) const CONFIRM_LEN: usize = 32;

const HELLO_LEN: usize = ID_LEN + <XWing as Kem>::PublicBytes::LEN + 1 + MAX_NAME_LEN;

impl Hello {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HELLO_LEN);
        bytes.extend_from_slice(&self.number);
        bytes.extend_from_slice(self.public.as_bytes());
        // a name was cut to fit
        bytes.push(u8::try_from(self.name.len()).unwrap_or(0));
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.resize(HELLO_LEN, 0);
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let (number, public) = (from.array()?, PublicKey::from_bytes(from.array()?));
        let len = from.u8()?;
        let name = from.take(MAX_NAME_LEN)?.get(..len.into())?;
        let hello = Self { number, public, name: String::from(core::str::from_utf8(name).ok()?) };
        // the encoding is unique: only zeros may follow the name
        bytes.starts_with(&hello.to_bytes()).then_some(hello)
    }
}

impl Reply {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.ciphertext.as_bytes().to_vec();
        bytes.extend_from_slice(&self.confirmation);
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        Some(Self { ciphertext: Ciphertext::from_bytes(from.array()?), confirmation: from.array()? })
    }
}
