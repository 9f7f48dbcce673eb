//! One message as text: the packet on each link, and the message at both ends.

use crate::hex::hex;
use mixwell_sphinx::Geometry;

/// Bytes shown of each part of a packet.
const SHOWN: usize = 6;

/// Offset of the group element, after the version.
const ELEMENT_OFFSET: usize = 2;

/// Characters shown of a text.
const CHARACTERS: usize = 25;

/// The first bytes of a packet's group element and of its payload, in hex.
pub(super) fn packet(geometry: &Geometry, packet: &[u8]) -> String {
    let front = |offset: usize| hex(packet.iter().skip(offset).take(SHOWN));
    format!("{} {}", front(ELEMENT_OFFSET), front(geometry.header_len()))
}

/// The beginning of a text, in quotation marks.
pub(super) fn quote(text: &[u8]) -> String {
    format!("\"{}\"", readable(text, CHARACTERS.saturating_sub(2)))
}

/// The first characters of a text on one line, without control characters.
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
    fn control_characters_are_removed() {
        assert_eq!(readable("a\x1b[2J\r\n\u{9b}é\u{1F600}".as_bytes(), 9), "a [2J   é");
        assert_eq!(readable(&[0xff, b'x'], 9), "\u{fffd}x");
        assert_eq!(readable(b"", 9), "");
    }
}
