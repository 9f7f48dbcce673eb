//! Reading and writing plain fields, little-endian.

use alloc::vec::Vec;
use zeroize::Zeroizing;

/// The bytes not read yet.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        self.0.split_off(..len)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A byte that must be 0 or 1.
    pub(crate) fn bool(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Bytes behind their length, at most `max` of them.
    pub(crate) fn bytes(&mut self, max: usize) -> Option<&'a [u8]> {
        let len = self.count(max)?;
        self.take(len)
    }

    /// A count of at most `max`.
    pub(crate) fn count(&mut self, max: usize) -> Option<usize> {
        usize::try_from(self.u32()?).ok().filter(|count| *count <= max)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// A buffer to which fields are appended. Wiped on drop; with enough initial capacity, it leaves no
/// copies behind.
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
    len: usize,
    is_measuring: bool,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)), len: 0, is_measuring: false }
    }

    /// A writer that only counts the bytes.
    pub(crate) fn measuring() -> Self {
        Self { is_measuring: true, ..Self::with_capacity(0) }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len());
        if !self.is_measuring {
            self.bytes.extend_from_slice(bytes);
        }
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.put(&[number]);
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn bool(&mut self, is: bool) {
        self.u8(u8::from(is));
    }

    /// Bytes behind their length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.put(bytes);
    }

    pub(crate) fn count(&mut self, count: usize) {
        // nothing in this crate is as long as 4 GiB
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Fills up with zeros.
    pub(crate) fn pad(&mut self, len: usize) {
        self.len = self.len.max(len);
        self.bytes.resize(self.len, 0);
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }
}
