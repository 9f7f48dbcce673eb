//! The records that a box carries: `kind (1) ‖ length (2) ‖ body`. Zeros follow the last.

use crate::{
    bytes::{Reader, Writer},
    files::{FileId, HASH_LEN},
    ratchet::Violation,
};

/// A record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// A piece of a text, not the last.
    TextPart(&'a [u8]),
    /// The last piece of a text.
    TextEnd(&'a [u8]),
    /// A file is offered.
    Offer { file: FileId, size: u64, hash: [u8; HASH_LEN], name: &'a [u8] },
    /// An offer is accepted or declined.
    Answer { file: FileId, is_wanted: bool },
    /// Bytes of a file, in order.
    Chunk { file: FileId, offset: u64, bytes: &'a [u8] },
    /// The receiver has the whole file, or cancels it.
    Done { file: FileId, is_whole: bool },
    /// The sender cancels the file.
    Cancel { file: FileId },
}

/// The length of a record without its body.
pub(crate) const HEAD_LEN: usize = 3;

/// The length of a file's chunk without its bytes.
pub(crate) const CHUNK_HEAD_LEN: usize = HEAD_LEN + 12;

impl<'a> Record<'a> {
    pub(crate) fn write(&self, to: &mut Writer) {
        let (kind, body_len): (u8, usize) = match self {
            Self::TextPart(bytes) => (1, bytes.len()),
            Self::TextEnd(bytes) => (2, bytes.len()),
            Self::Offer { name, .. } => (3, name.len().saturating_add(12 + HASH_LEN)),
            Self::Answer { .. } => (4, 5),
            Self::Chunk { bytes, .. } => (5, bytes.len().saturating_add(12)),
            Self::Done { .. } => (6, 5),
            Self::Cancel { .. } => (7, 4),
        };
        to.u8(kind);
        // a box is shorter
        to.put(&u16::try_from(body_len).unwrap_or(u16::MAX).to_le_bytes());
        match self {
            Self::TextPart(bytes) | Self::TextEnd(bytes) => to.put(bytes),
            Self::Offer { file, size, hash, name } => {
                to.u32(file.0);
                to.u64(*size);
                to.put(hash);
                to.put(name);
            }
            Self::Answer { file, is_wanted: is } | Self::Done { file, is_whole: is } => {
                to.u32(file.0);
                to.bool(*is);
            }
            Self::Chunk { file, offset, bytes } => {
                to.u32(file.0);
                to.u64(*offset);
                to.put(bytes);
            }
            Self::Cancel { file } => to.u32(file.0),
        }
    }

    /// Reads the next record. None if only zeros are left.
    pub(crate) fn read(from: &mut Reader<'a>) -> Result<Option<Self>, Violation> {
        let Some(kind) = from.u8().filter(|kind| *kind != 0) else {
            return if from.rest().iter().all(|byte| *byte == 0) { Ok(None) } else { Err(Violation) };
        };
        let len = from.u16().ok_or(Violation)?;
        let mut body = Reader::new(from.take(len.into()).ok_or(Violation)?);
        Self::of(kind, &mut body).map(Some).ok_or(Violation)
    }

    fn of(kind: u8, body: &mut Reader<'a>) -> Option<Self> {
        let all = |body: &mut Reader<'a>| body.take(body.rest().len());
        let record = match kind {
            1 => Self::TextPart(all(body)?),
            2 => Self::TextEnd(all(body)?),
            3 => Self::Offer { file: FileId(body.u32()?), size: body.u64()?, hash: body.array()?, name: all(body)? },
            4 => Self::Answer { file: FileId(body.u32()?), is_wanted: body.bool()? },
            5 => Self::Chunk { file: FileId(body.u32()?), offset: body.u64()?, bytes: all(body)? },
            6 => Self::Done { file: FileId(body.u32()?), is_whole: body.bool()? },
            7 => Self::Cancel { file: FileId(body.u32()?) },
            _ => return None,
        };
        body.rest().is_empty().then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let file = FileId(7);
        let records = [
            Record::TextPart(b"he"),
            Record::TextEnd(b"llo"),
            Record::TextEnd(b""),
            Record::Offer { file, size: 1 << 40, hash: [3; HASH_LEN], name: b"a.txt" },
            Record::Answer { file, is_wanted: true },
            Record::Chunk { file, offset: 9, bytes: b"bytes" },
            Record::Done { file, is_whole: false },
            Record::Cancel { file },
        ];
        let mut to = Writer::with_capacity(500);
        for record in &records {
            record.write(&mut to);
        }
        to.pad(500);
        let bytes = to.finish();
        let mut from = Reader::new(&bytes);
        for record in records {
            assert_eq!(Record::read(&mut from), Ok(Some(record)));
        }
        assert_eq!(Record::read(&mut from), Ok(None));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for bytes in [
            &[0, 1][..],
            &[8, 0, 0],
            &[4, 4, 0, 1, 2, 3, 4],
            &[4, 5, 0, 1, 2, 3, 4, 2],
            &[1, 2, 0, 1],
            &[7, 5, 0, 1, 2, 3, 4, 5],
        ] {
            assert_eq!(Record::read(&mut Reader::new(bytes)), Err(Violation), "{bytes:?}");
        }
    }
}
