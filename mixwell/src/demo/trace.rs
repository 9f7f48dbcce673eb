//! What a watcher on the links sees of one message.

use crate::hex::hex;
use mixwell_sphinx::Geometry;

/// So many bytes of each part are kept.
const SEEN: usize = 12;

/// Where the group element begins, behind the version.
const ELEMENT_AT: usize = 2;

/// The way of one message, link by link.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) links: Vec<Link>,
    /// The text as it was sent, or at least its front.
    pub(super) sent: String,
    /// The text as it came back.
    pub(super) read: String,
}

/// One packet on one link.
pub(super) struct Link {
    /// The hop at its end.
    pub(super) to: String,
    /// The front of the group element.
    pub(super) element: String,
    /// The front of the encrypted payload.
    pub(super) payload: String,
}

impl Link {
    pub(super) fn new(to: String, geometry: &Geometry, packet: &[u8]) -> Self {
        let front = |at: usize| hex(packet.iter().skip(at).take(SEEN));
        Self { to, element: front(ELEMENT_AT), payload: front(geometry.header_len()) }
    }
}

/// The first characters of a text on one line, with nothing in them that a terminal would obey.
pub(super) fn readable(bytes: &[u8], characters: usize) -> String {
    let front = bytes.get(..bytes.len().min(characters.saturating_mul(4))).unwrap_or(bytes);
    let text = String::from_utf8_lossy(front);
    let plain = |c: char| if c.is_control() || c.is_whitespace() { ' ' } else { c };
    text.chars().take(characters).map(plain).collect()
}
