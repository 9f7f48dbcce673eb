//! The bytes of requests and replies.

use blake2::{Blake2b256, Digest as _};
use core::fmt;
use mixwell_sphinx::Geometry;

/// Where a box lies.
pub(crate) type Id = [u8; ID_LEN];

/// The lengths in a network of one geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    box_len: usize,
}

/// A request, as it was sent.
pub(crate) struct Request<'a> {
    /// What opens the box to read.
    pub(crate) token: &'a [u8; TOKEN_LEN],
    /// Where to store.
    pub(crate) id: &'a Id,
    /// What to store.
    pub(crate) stored: &'a [u8],
}

impl Shape {
    /// Of a geometry's packets; `None` if they have no SURBs, or no room for a box of 16 bytes or more.
    pub(crate) fn of(geometry: &Geometry) -> Option<Self> {
        let box_len = geometry.user_forward_payload_len().checked_sub(TOKEN_LEN.saturating_add(ID_LEN))?;
        // a reply has the room of the SURB besides
        (geometry.has_surb() && box_len >= SHORTEST_BOX).then_some(Self { box_len })
    }

    /// The bytes of a box.
    pub(crate) const fn box_len(self) -> usize {
        self.box_len
    }

    /// The bytes of a request: all that a packet has for the user.
    pub(crate) const fn request_len(self) -> usize {
        self.box_len.saturating_add(TOKEN_LEN).saturating_add(ID_LEN)
    }

    /// The bytes of a reply.
    pub(crate) const fn reply_len(self) -> usize {
        self.box_len.saturating_add(1)
    }

    /// A request that asks for the box of one token and stores another for who has the other token.
    #[cfg(test)]
    pub(crate) fn request(self, read: &[u8; TOKEN_LEN], write: &[u8; TOKEN_LEN], stored: &[u8]) -> Vec<u8> {
        assert_eq!(stored.len(), self.box_len);
        [&read[..], &id_of(write), stored].concat()
    }
}

impl<'a> Request<'a> {
    /// Reads one. `None` if it has another length.
    pub(crate) fn parse(bytes: &'a [u8], shape: Shape) -> Option<Self> {
        let (token, rest) = bytes.split_first_chunk()?;
        let (id, stored) = rest.split_first_chunk()?;
        (stored.len() == shape.box_len).then_some(Self { token, id, stored })
    }
}

/// The id of a token.
pub(crate) fn id_of(token: &[u8; TOKEN_LEN]) -> Id {
    Blake2b256::digest(token).into()
}

/// Reads a reply; zeros may follow it. Gives the box, if it is there.
///
/// # Errors
/// If it is too short, or begins with neither 0 nor 1.
pub(crate) fn read_reply(bytes: &[u8], shape: Shape) -> Result<Option<&[u8]>, MalformedReply> {
    let (status, rest) = bytes.split_first().ok_or(MalformedReply)?;
    let stored = rest.get(..shape.box_len).ok_or(MalformedReply)?;
    match *status {
        ABSENT => Ok(None),
        PRESENT => Ok(Some(stored)),
        _ => Err(MalformedReply),
    }
}

/// A reply that is none of this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedReply;

impl fmt::Display for MalformedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply is none of a rendezvous service")
    }
}

impl core::error::Error for MalformedReply {}

/// The status of a reply without and with a box.
pub(super) const ABSENT: u8 = 0;
pub(super) const PRESENT: u8 = 1;

pub(super) const TOKEN_LEN: usize = 32;
const ID_LEN: usize = 32;
const SHORTEST_BOX: usize = 16;
