//! The rendezvous service's protocol: two people leave boxes for each other under ids that only
//! they can link.
//!
//! A client sends one request at each tick of its clock, always of the same size and shape. Each
//! request does two things: it stores a box under an id, and it reads another box with the token
//! whose hash is the id that the other person has used.
//!
//! | request | bytes |
//! |---|---|
//! | token of the box to read | 32 |
//! | id of the box to store | 32 |
//! | box | the rest of the user's bytes of a packet |
//!
//! | reply | bytes |
//! |---|---|
//! | 1 if the box is there, else 0 | 1 |
//! | the box, or random bytes | as long as a box |
//!
//! The id is the BLAKE2b-256 hash of the token: the service, which has seen only the id, cannot
//! read the box on somebody's behalf. A client that has nothing to write or read sends random
//! bytes, which look the same.

use blake2::{Blake2b256, Digest as _};
use core::{fmt, time::Duration};
use mixwell_sphinx::Geometry;

/// The length in bytes of a token and of an id.
pub const ID_LEN: usize = 32;

/// The length of a request without its box.
pub const REQUEST_OVERHEAD: usize = 2 * ID_LEN;

/// The length of a reply without its box.
pub const REPLY_OVERHEAD: usize = 1;

/// The status of a reply without a box: random bytes follow.
pub const NO_BOX: u8 = 0;

/// The status of a reply with a box.
pub const A_BOX: u8 = 1;

/// The shortest box that is stored.
const MIN_BOX_LEN: usize = 16;

/// Minimum lifetime of a box: its reader may have to reconnect first.
const MIN_LIFE: Duration = Duration::from_mins(10);

/// The id under which a box is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BoxId(pub [u8; ID_LEN]);

/// The lengths of requests and replies in a network of one geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    box_len: usize,
}

/// A request, as it was sent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The token of the box to read.
    pub token: &'a [u8; ID_LEN],
    /// The id of the box to store.
    pub id: BoxId,
    /// The box to store.
    pub stored: &'a [u8],
}

/// Limits of a service's store: number of boxes, and their lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of boxes. Memory is allocated as they arrive.
    pub boxes: usize,
    /// The time for which a box can be read.
    pub life: Duration,
}

impl Limits {
    /// Limits that suffice for all clients of a gateway at common rates, for two epochs and at
    /// least ten minutes.
    #[must_use]
    pub fn for_period(period: Duration) -> Self {
        Self { boxes: 1 << 16, life: period.saturating_mul(2).max(MIN_LIFE) }
    }
}

impl Shape {
    /// The lengths for a geometry's packets; `None` if they have no SURBs, or no room for a box of
    /// 16 bytes.
    #[must_use]
    pub fn of(geometry: &Geometry) -> Option<Self> {
        let box_len = geometry.user_forward_payload_len().checked_sub(REQUEST_OVERHEAD)?;
        // a reply can also use the SURB's room
        (geometry.has_surb() && box_len >= MIN_BOX_LEN).then_some(Self { box_len })
    }

    /// Bytes of a box.
    #[must_use]
    pub const fn box_len(self) -> usize {
        self.box_len
    }

    /// Bytes of a request: the whole user payload of a packet.
    #[must_use]
    pub const fn request_len(self) -> usize {
        self.box_len + REQUEST_OVERHEAD
    }

    /// Bytes of a reply.
    #[must_use]
    pub const fn reply_len(self) -> usize {
        self.box_len + REPLY_OVERHEAD
    }
}

impl<'a> Request<'a> {
    /// Reads a request. `None` if it has another length.
    #[must_use]
    pub fn parse(bytes: &'a [u8], shape: Shape) -> Option<Self> {
        let (token, rest) = bytes.split_first_chunk()?;
        let (id, stored) = rest.split_first_chunk()?;
        (stored.len() == shape.box_len).then_some(Self { token, id: BoxId(*id), stored })
    }

    /// The bytes of the request.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&self.token[..], &self.id.0, self.stored].concat()
    }
}

// ids and boxes are not printed
impl fmt::Debug for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxId(..)")
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(..)")
    }
}

/// The id of the box that a token reads.
#[must_use]
pub fn id_of(token: &[u8; ID_LEN]) -> BoxId {
    BoxId(Blake2b256::digest(token).into())
}

/// The box of `box_len` bytes in a reply, if it has one. Padding follows the box.
///
/// # Errors
/// [`ReplyError`] if the reply is too short or its status unknown.
pub fn box_of_reply(reply: &[u8], box_len: usize) -> Result<Option<&[u8]>, ReplyError> {
    let (&status, rest) = reply.split_first().ok_or(ReplyError::Short)?;
    let boxed = rest.get(..box_len).ok_or(ReplyError::Short)?;
    match status {
        NO_BOX => Ok(None),
        A_BOX => Ok(Some(boxed)),
        got => Err(ReplyError::Status { got }),
    }
}

/// The reason why a reply is not that of a rendezvous service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// The reply is shorter than a box.
    Short,
    /// The reply's status is unknown.
    Status {
        /// The status.
        got: u8,
    },
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("the reply is too short for a box"),
            Self::Status { got } => write!(f, "the reply's status is {got}, want 0 or 1"),
        }
    }
}

impl core::error::Error for ReplyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_chat as chat;
    use mixwell_pq_kem::X25519;

    fn shape(payload: usize, with_surb: bool) -> Option<Shape> {
        Shape::of(&Geometry::of::<X25519>(5, payload, with_surb).unwrap())
    }

    /// The crate `mixwell-chat` implements this protocol independently: the bytes have to be the
    /// same.
    #[test]
    fn the_chat_speaks_the_same_protocol() {
        assert_eq!(
            (ID_LEN, REQUEST_OVERHEAD, REPLY_OVERHEAD, NO_BOX, A_BOX),
            (chat::ID_LEN, chat::REQUEST_OVERHEAD, chat::REPLY_OVERHEAD, chat::NO_BOX, chat::A_BOX)
        );
        assert_eq!(id_of(&[7; ID_LEN]).0, chat::id_of(&[7; ID_LEN]));
        let shape = shape(2000, true).unwrap();
        let exchange =
            chat::Exchange { read_token: [1; ID_LEN], write_id: [2; ID_LEN], boxed: vec![3; shape.box_len()] };
        let request = exchange.request();
        let read = Request::parse(&request, shape).unwrap();
        assert_eq!((read.token, read.id, read.stored), (&[1; ID_LEN], BoxId([2; ID_LEN]), &*exchange.boxed));
        assert_eq!(read.encode(), request);
        let mut reply = vec![0; shape.reply_len()];
        for status in 0..=2 {
            reply[0] = status;
            let chat = chat::box_of_reply(&reply, shape.box_len());
            assert_eq!(box_of_reply(&reply, shape.box_len()).ok(), chat.ok());
        }
    }

    #[test]
    fn replies_of_other_services_are_refused() {
        let len = 100;
        let mut reply = vec![1; len + REPLY_OVERHEAD];
        assert_eq!(box_of_reply(&reply, len), Ok(Some(&reply[1..])));
        assert_eq!(box_of_reply(&reply[1..], len), Err(ReplyError::Short));
        assert_eq!(box_of_reply(&[], len), Err(ReplyError::Short));
        for status in [2, 0x80, 0xff] {
            reply[0] = status;
            assert_eq!(box_of_reply(&reply, len), Err(ReplyError::Status { got: status }));
        }
    }

    #[test]
    fn small_packets_and_those_without_surbs_have_no_room() {
        assert_eq!(shape(79, true), None);
        assert_eq!(shape(80, true).unwrap().box_len(), 16);
        assert_eq!(shape(2000, false), None);
        let shape = shape(2000, true).unwrap();
        assert_eq!((shape.box_len(), shape.request_len(), shape.reply_len()), (1936, 2000, 1937));
    }
}
