//! Encodings that are several encodings one after the other. For [`combiner!`](crate::combiner).

/// What is still to be read.
#[derive(Debug)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    /// All of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Fills `part` with the next bytes, whose number is right by construction.
    pub fn read(&mut self, part: &mut [u8]) {
        if let Some(bytes) = self.0.split_off(..part.len()) {
            part.copy_from_slice(bytes);
        }
    }
}

/// What is still to be written.
#[derive(Debug)]
pub struct PartsMut<'a>(&'a mut [u8]);

impl<'a> PartsMut<'a> {
    /// All of `bytes`.
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// Writes `part` to the next bytes, whose number is right by construction.
    pub fn write(&mut self, part: &[u8]) {
        if let Some(bytes) = self.0.split_off_mut(..part.len()) {
            bytes.copy_from_slice(part);
        }
    }
}
