//! The bytes of requests and replies.

#[cfg(test)]
use mixwell_chat::id_of;
use mixwell_chat::{ID_LEN, REPLY_OVERHEAD, REQUEST_OVERHEAD};
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
    pub(crate) token: &'a [u8; ID_LEN],
    /// Where to store.
    pub(crate) id: &'a Id,
    /// What to store.
    pub(crate) stored: &'a [u8],
}

impl Shape {
    /// Of a geometry's packets; `None` if they have no SURBs, or no room for a box of 16 bytes or more.
    pub(crate) fn of(geometry: &Geometry) -> Option<Self> {
        let box_len = geometry.user_forward_payload_len().checked_sub(REQUEST_OVERHEAD)?;
        // a reply has the room of the SURB besides
        (geometry.has_surb() && box_len >= SHORTEST_BOX).then_some(Self { box_len })
    }

    /// The bytes of a box.
    pub(crate) const fn box_len(self) -> usize {
        self.box_len
    }

    /// The bytes of a request: all that a packet has for the user.
    pub(crate) const fn request_len(self) -> usize {
        self.box_len.saturating_add(REQUEST_OVERHEAD)
    }

    /// The bytes of a reply.
    pub(crate) const fn reply_len(self) -> usize {
        self.box_len.saturating_add(REPLY_OVERHEAD)
    }

    /// A request that asks for the box of one token and stores another for who has the other token.
    #[cfg(test)]
    pub(crate) fn request(self, read: &[u8; ID_LEN], write: &[u8; ID_LEN], stored: &[u8]) -> Vec<u8> {
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

/// The shortest box that is kept.
const SHORTEST_BOX: usize = 16;
