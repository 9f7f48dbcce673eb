//! What a watcher on the links sees of one message.

use crate::hex::hex;
use mixwell_sphinx::Geometry;

/// So many bytes are kept of each part of a packet.
const SEEN: usize = 6;

/// Where the group element begins, behind the version.
const ELEMENT_AT: usize = 2;

/// So much is kept of the text.
const CHARACTERS: usize = 25;

/// One message on its way: what it says at both ends, and what it looks like between.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) sent: String,
    /// On each link to the service, the front of group element and payload.
    pub(super) out: Vec<String>,
    /// On each link back.
    pub(super) back: Vec<String>,
    pub(super) read: String,
}

/// What a packet looks like: the front of its group element, and that of its payload.
pub(super) fn look(geometry: &Geometry, packet: &[u8]) -> String {
    let front = |at: usize| hex(packet.iter().skip(at).take(SEEN));
    format!("{} {}", front(ELEMENT_AT), front(geometry.header_len()))
}

/// The front of a text, in quotation marks.
pub(super) fn quote(text: &[u8]) -> String {
    format!("\"{}\"", readable(text, CHARACTERS.saturating_sub(2)))
}

/// The first characters of a text on one line, with nothing in them that a terminal would obey.
pub(super) fn readable(bytes: &[u8], characters: usize) -> String {
    let front = bytes.get(..characters.saturating_mul(4)).unwrap_or(bytes);
    let text = String::from_utf8_lossy(front);
    let plain = |c: char| if c.is_control() || c.is_whitespace() { ' ' } else { c };
    text.chars().take(characters).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_terminal_obeys_nothing_in_a_text() {
        assert_eq!(readable("a\x1b[2J\r\n\u{9b}é\u{1F600}".as_bytes(), 9), "a [2J   é");
        assert_eq!(readable(&[0xff, b'x'], 9), "\u{fffd}x");
        assert_eq!(readable(b"", 9), "");
    }
}
