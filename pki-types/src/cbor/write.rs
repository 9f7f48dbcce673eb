//! Writing canonical CBOR into the caller's buffer.

use super::{
    Item, Kind,
    float::Shortest,
    head::{self, shortest},
};
use core::fmt;

/// Writes items one after the other into a buffer, in the shortest form.
///
/// [`map`](Self::map) begins a map of a given number of entries; the caller writes the keys in
/// canonical order. No single write fails: [`finish`](Self::finish) returns whether everything
/// fitted and, if not, the length needed, so an empty buffer can be used to measure.
///
/// ```
/// use mixwell_pki_types::cbor::Writer;
///
/// let mut out = [0; 32];
/// let mut writer = Writer::new(&mut out);
/// writer.map(2).text("Epoch").unsigned(7).text("Name").text("mix1");
/// let len = writer.finish()?;
/// assert_eq!(&out[..len], b"\xa2\x65Epoch\x07\x64Name\x64mix1");
/// # Ok::<(), mixwell_pki_types::cbor::BufferTooSmall>(())
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

/// A buffer is too small for the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferTooSmall {
    /// Length of the encoding.
    pub need: usize,
    /// Length of the buffer.
    pub have: usize,
}

impl<'a> Writer<'a> {
    /// Writes into `out` from its start.
    #[must_use]
    pub const fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Number of bytes that were written.
    ///
    /// # Errors
    /// If they did not fit; the buffer's content is then meaningless.
    pub const fn finish(self) -> Result<usize, BufferTooSmall> {
        if self.len > self.out.len() {
            return Err(BufferTooSmall { need: self.len, have: self.out.len() });
        }
        Ok(self.len)
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(head::UNSIGNED, value)
    }

    /// The negative integer −1 − `n`.
    pub fn negative(&mut self, n: u64) -> &mut Self {
        self.head(head::NEGATIVE, n)
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(head::BYTES, bytes.len() as u64).raw(bytes)
    }

    /// A byte string, or null if it is empty, as the reference encodes absent ones.
    pub fn optional_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        if bytes.is_empty() { self.null() } else { self.bytes(bytes) }
    }

    /// The head of a byte string of `len` bytes, which the caller writes next with
    /// [`raw`](Self::raw).
    pub fn bytes_head(&mut self, len: usize) -> &mut Self {
        self.head(head::BYTES, len as u64)
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(head::TEXT, text.len() as u64).raw(text.as_bytes())
    }

    /// The head of a list of `len` items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.head(head::ARRAY, len as u64)
    }

    /// The head of a map of `len` entries.
    pub fn map(&mut self, len: usize) -> &mut Self {
        self.head(head::MAP, len as u64)
    }

    /// A Boolean.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.head(head::SIMPLE, if value { head::TRUE } else { head::FALSE }.into())
    }

    /// Null.
    pub fn null(&mut self) -> &mut Self {
        self.head(head::SIMPLE, head::NULL.into())
    }

    /// A float, in the shortest form that preserves its value; any NaN as `f97e00`.
    pub fn float(&mut self, value: f64) -> &mut Self {
        match Shortest::new(value) {
            Shortest::Half(bits) => self.simple(head::HALF).raw(&bits.to_be_bytes()),
            Shortest::Single(bits) => self.simple(head::SINGLE).raw(&bits.to_be_bytes()),
            Shortest::Double(bits) => self.simple(head::DOUBLE).raw(&bits.to_be_bytes()),
        }
    }

    /// A parsed item, re-encoded in canonical form: shortest heads and floats, keys in order.
    ///
    /// A map out of order, which has at most [`MAX_UNSORTED`](super::MAX_UNSORTED) entries, takes
    /// one pass per 16 entries.
    pub fn canonical(&mut self, item: Item<'_>) -> &mut Self {
        match item.kind() {
            Kind::Unsigned(value) => self.unsigned(value),
            Kind::Negative(n) => self.negative(n),
            Kind::Bytes(bytes) => self.bytes(bytes),
            Kind::Text(text) => self.text(text),
            Kind::Array(items) => {
                self.array(items.len());
                items.fold(self, |writer, item| writer.canonical(item))
            }
            Kind::Map(entries) => {
                self.map(entries.len());
                entries.sorted().fold(self, |writer, (key, value)| writer.canonical(key).canonical(value))
            }
            Kind::Tag(tag, item) => self.head(head::TAG, tag).canonical(item),
            Kind::Bool(value) => self.bool(value),
            Kind::Null => self.null(),
            Kind::Float(value) => self.float(value),
            Kind::Simple(value) => self.head(head::SIMPLE, value.into()),
        }
    }

    /// Raw bytes: encoded items, or the content of a string whose head has been written.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len.saturating_add(bytes.len());
        if let Some(place) = self.out.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
        }
        self.len = end;
        self
    }

    /// Skips bytes of the buffer, for the caller to fill in.
    pub(crate) const fn skip(&mut self, len: usize) -> &mut Self {
        self.len = self.len.saturating_add(len);
        self
    }

    /// Number of bytes written, including those that did not fit.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.len
    }

    fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let bytes = argument.to_be_bytes();
        match shortest(argument) {
            1 => self.first(major, bytes[7]),
            2 => self.first(major, 24).raw(&bytes[7..]),
            3 => self.first(major, 25).raw(&bytes[6..]),
            5 => self.first(major, 26).raw(&bytes[4..]),
            _ => self.first(major, 27).raw(&bytes),
        }
    }

    fn simple(&mut self, info: u8) -> &mut Self {
        self.first(head::SIMPLE, info)
    }

    fn first(&mut self, major: u8, info: u8) -> &mut Self {
        self.raw(&[(major << 5) | info])
    }
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "buffer is {} bytes, want {}", self.have, self.need)
    }
}

impl core::error::Error for BufferTooSmall {}
