//! The request and reply that a client and the rendezvous service exchange at each tick.

use crate::session;
use alloc::vec::Vec;
use blake2::{Blake2b256, Digest as _};
use core::fmt;
use rand_core::CryptoRng;

/// The length in bytes of a read token and of an id.
pub const ID_LEN: usize = 32;

/// The length of a request without its box: a read token and an id to write under.
pub const REQUEST_OVERHEAD: usize = 64;

/// The length of a reply without its box: its status.
pub const REPLY_OVERHEAD: usize = 1;

/// The status of a reply without a box: random bytes follow.
pub const NO_BOX: u8 = 0;

/// The status of a reply with a box.
pub const A_BOX: u8 = 1;

/// The length of every box of a network, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxLen(usize);

impl BoxLen {
    /// The shortest box in which two can pair.
    pub const MIN: usize = 1536;

    /// The longest box, which bounds memory.
    pub const MAX: usize = 1 << 16;

    /// The longest box that fits in a packet with `request` bytes of user payload and a reply with
    /// `reply` bytes.
    ///
    /// # Errors
    /// [`BoxLenError`] if that is shorter than [`MIN`](Self::MIN) or longer than
    /// [`MAX`](Self::MAX).
    pub fn of_payloads(request: usize, reply: usize) -> Result<Self, BoxLenError> {
        Self::new(request.saturating_sub(REQUEST_OVERHEAD).min(reply.saturating_sub(REPLY_OVERHEAD)))
    }

    /// A box of that length.
    ///
    /// # Errors
    /// [`BoxLenError`] if it is shorter than [`MIN`](Self::MIN) or longer than [`MAX`](Self::MAX).
    pub const fn new(len: usize) -> Result<Self, BoxLenError> {
        if len < Self::MIN || len > Self::MAX { Err(BoxLenError { got: len }) } else { Ok(Self(len)) }
    }

    /// The length in bytes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// A network's packets cannot carry a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxLenError {
    got: usize,
}

impl fmt::Display for BoxLenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a box is {} bytes, want {} to {}", self.got, BoxLen::MIN, BoxLen::MAX)
    }
}

impl core::error::Error for BoxLenError {}

/// One exchange with the service: a box to write, and the token of one to read. All exchanges look
/// alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The token of the box to read, which was written under [`id_of`] this token. The box stays
    /// with the service until it expires.
    pub read_token: [u8; ID_LEN],
    /// The id under which the box is stored. The service keeps the first box under an id.
    pub write_id: [u8; ID_LEN],
    /// The box.
    pub boxed: Vec<u8>,
}

impl Exchange {
    /// A cover exchange: random bytes under random ids, which nobody else knows.
    #[must_use]
    pub fn cover(len: BoxLen, rng: &mut dyn CryptoRng) -> Self {
        Self::random(len.get(), rng)
    }

    pub(crate) fn random(box_len: usize, rng: &mut dyn CryptoRng) -> Self {
        let (write_id, boxed) = session::filler(box_len, rng);
        Self { read_token: session::random(rng), write_id, boxed }
    }

    /// Encodes the request to the service: token, id, box.
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        let mut request = Vec::new();
        request.reserve_exact(REQUEST_OVERHEAD.saturating_add(self.boxed.len()));
        request.extend_from_slice(&self.read_token);
        request.extend_from_slice(&self.write_id);
        request.extend_from_slice(&self.boxed);
        request
    }
}

/// The id of the box that a token reads: BLAKE2b-256 of the token.
#[must_use]
pub fn id_of(read_token: &[u8; ID_LEN]) -> [u8; ID_LEN] {
    Blake2b256::digest(read_token).into()
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
