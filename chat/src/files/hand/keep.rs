//! Files on their way in a state.

use super::{Answer, File, FileId, FilesInHand, MAX_ANSWERS, MAX_FILES};
use crate::{
    bytes::{Reader, Writer},
    name::{self, MAX_FILE_NAME_LEN},
};
use alloc::collections::VecDeque;

impl FilesInHand {
    pub(crate) fn write(&self, to: &mut Writer) {
        for list in [&self.ours, &self.theirs] {
            to.count(list.len());
            for file in list {
                to.u32(file.id.0);
                to.bytes(file.name.as_bytes());
                to.u64(file.size);
                to.put(&file.hash);
                to.u64(file.done);
                to.bool(file.is_accepted);
            }
        }
        to.count(self.answers.len());
        for answer in &self.answers {
            let (kind, id) = match *answer {
                Answer::Offer(id) => (0, id),
                Answer::Wanted(id, is) => (1_u8.saturating_add(u8::from(is)), id),
                Answer::Done(id, is) => (3_u8.saturating_add(u8::from(is)), id),
                Answer::Cancel(id) => (5, id),
            };
            to.u8(kind);
            to.u32(id.0);
        }
        to.u32(self.offered);
        to.u32(self.seen);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let list = |from: &mut Reader<'_>| (0..from.count(MAX_FILES)?).map(|_| File::read(from)).collect::<Option<_>>();
        let (ours, theirs) = (list(from)?, list(from)?);
        let mut answers = VecDeque::new();
        for _ in 0..from.count(MAX_ANSWERS.saturating_mul(2))? {
            let (kind, id) = (from.u8()?, FileId(from.u32()?));
            answers.push_back(match kind {
                0 => Answer::Offer(id),
                1 | 2 => Answer::Wanted(id, kind == 2),
                3 | 4 => Answer::Done(id, kind == 4),
                5 => Answer::Cancel(id),
                _ => return None,
            });
        }
        Some(Self { ours, theirs, answers, offered: from.u32()?, seen: from.u32()? })
    }

    /// What it takes in a state, at most.
    pub(crate) fn state_len(&self) -> usize {
        let files = self.ours.len().saturating_add(self.theirs.len());
        files
            .saturating_mul(MAX_FILE_NAME_LEN.saturating_add(64))
            .saturating_add(self.answers.len().saturating_mul(5))
            .saturating_add(32)
    }
}

impl File {
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let id = FileId(from.u32()?);
        let name = name::file_name(core::str::from_utf8(from.bytes(MAX_FILE_NAME_LEN)?).ok()?);
        let (size, hash) = (from.u64()?, from.array()?);
        let done = from.u64().filter(|done| *done <= size)?;
        Some(Self { id, name, size, hash, done, is_accepted: from.bool()? })
    }
}
