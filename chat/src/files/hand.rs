//! The files that are on their way, in both directions.

mod keep;

use super::{FileHasher, FileId, FileOffer, Files, HASH_LEN, Transfer};
use crate::{
    bytes::Writer,
    event::Event,
    name::{self, MAX_FILE_NAME_LEN},
    ratchet::Violation,
    record::{CHUNK_HEAD_LEN, Record},
};
use alloc::{collections::VecDeque, string::String, vec};

/// How many files may be on their way in each direction.
const MAX_FILES: usize = 16;

/// How many answers may wait for a box.
const MAX_ANSWERS: usize = 64;

/// The longest record of an answer or an offer.
const ANSWER_ROOM: usize = 3 + 12 + HASH_LEN + MAX_FILE_NAME_LEN;

/// How much is hashed at once.
const HASH_PIECE: usize = 1 << 14;

/// All files that are offered or have begun.
pub(crate) struct FilesInHand {
    ours: VecDeque<File>,
    theirs: VecDeque<File>,
    answers: VecDeque<Answer>,
    /// How many files were offered, by us and by the friend.
    offered: u32,
    seen: u32,
}

struct File {
    id: FileId,
    name: String,
    size: u64,
    hash: [u8; HASH_LEN],
    done: u64,
    is_accepted: bool,
}

/// A short record that waits for a box.
#[derive(Clone, Copy)]
enum Answer {
    Offer(FileId),
    Wanted(FileId, bool),
    Done(FileId, bool),
    Cancel(FileId),
}

impl FilesInHand {
    pub(crate) const fn new() -> Self {
        Self { ours: VecDeque::new(), theirs: VecDeque::new(), answers: VecDeque::new(), offered: 0, seen: 0 }
    }

    /// Offers a file; none if too many are on their way.
    pub(crate) fn offer(&mut self, offer: FileOffer) -> Option<FileId> {
        if self.ours.len() >= MAX_FILES {
            return None;
        }
        let FileOffer { name, size, hash } = offer;
        let (id, name) = (FileId(self.offered), name::file_name(&name));
        self.offered = self.offered.checked_add(1)?;
        self.ours.push_back(File { id, name, size, hash, done: 0, is_accepted: false });
        self.answers.push_back(Answer::Offer(id));
        Some(id)
    }

    /// Takes a file of the friend's, or not. False if there is none to be had.
    pub(crate) fn answer(
        &mut self,
        id: FileId,
        is_wanted: bool,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> bool {
        let Some(place) = self.theirs.iter().position(|file| file.id == id && !file.is_accepted) else { return false };
        self.answers.push_back(Answer::Wanted(id, is_wanted));
        if is_wanted {
            if let Some(file) = self.theirs.get_mut(place) {
                file.is_accepted = true;
            }
            self.finish_if_whole(id, files, events);
        } else {
            self.theirs.remove(place);
        }
        true
    }

    pub(crate) fn ours(&self) -> impl Iterator<Item = Transfer> {
        self.ours.iter().map(File::transfer)
    }

    pub(crate) fn theirs(&self) -> impl Iterator<Item = Transfer> {
        self.theirs.iter().map(File::transfer)
    }

    /// Offers and answers, as many as there is room for.
    pub(crate) fn fill_answers(&mut self, to: &mut Writer, len: usize) {
        while len.saturating_sub(to.len()) >= ANSWER_ROOM {
            let Some(answer) = self.answers.pop_front() else { break };
            let record = match answer {
                Answer::Offer(id) => {
                    let Some(file) = self.ours.iter().find(|file| file.id == id) else { continue };
                    Record::Offer { file: id, size: file.size, hash: file.hash, name: file.name.as_bytes() }
                }
                Answer::Wanted(file, is_wanted) => Record::Answer { file, is_wanted },
                Answer::Done(file, is_whole) => Record::Done { file, is_whole },
                Answer::Cancel(file) => Record::Cancel { file },
            };
            record.write(to);
        }
    }

    /// The next bytes of the first file that was taken, as many as there is room for.
    pub(crate) fn fill_chunk(
        &mut self,
        to: &mut Writer,
        len: usize,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) {
        let room = len.saturating_sub(to.len()).saturating_sub(CHUNK_HEAD_LEN);
        let Some(file) = self.ours.iter_mut().find(|file| file.is_accepted && file.done < file.size) else { return };
        let left = usize::try_from(file.size.saturating_sub(file.done)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; room.min(left)];
        if bytes.is_empty() {
            return;
        }
        if files.read(file.id, file.done, &mut bytes).is_ok() {
            Record::Chunk { file: file.id, offset: file.done, bytes: &bytes }.write(to);
            file.done = file.done.saturating_add(bytes.len() as u64);
        } else {
            let file = file.id;
            self.cancel(file);
            events.push_back(Event::FileFailed { file, is_ours: true });
        }
    }

    /// Gives a file of ours up.
    pub(crate) fn cancel(&mut self, id: FileId) -> bool {
        let Some(place) = self.ours.iter().position(|file| file.id == id) else { return false };
        self.ours.remove(place);
        self.answers.push_back(Answer::Cancel(id));
        true
    }

    /// Takes a record that is about a file.
    pub(crate) fn take(
        &mut self,
        record: &Record<'_>,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        match *record {
            Record::Offer { file, size, hash, name } => self.offered(file, size, hash, name, events)?,
            Record::Answer { file, is_wanted } => self.answered(file, is_wanted, events),
            Record::Done { file, is_whole } => {
                if let Some(place) = self.ours.iter().position(|ours| ours.id == file) {
                    self.ours.remove(place);
                    events.push_back(if is_whole {
                        Event::FileSent(file)
                    } else {
                        Event::FileFailed { file, is_ours: true }
                    });
                }
            }
            Record::Chunk { file, offset, bytes } => self.chunk(file, offset, bytes, files, events)?,
            Record::Cancel { file } => {
                if let Some(place) = self.theirs.iter().position(|theirs| theirs.id == file) {
                    self.theirs.remove(place);
                    events.push_back(Event::FileFailed { file, is_ours: false });
                }
            }
            Record::TextPart(_) | Record::TextEnd(_) => {}
        }
        if self.answers.len() > MAX_ANSWERS { Err(Violation) } else { Ok(()) }
    }

    fn offered(
        &mut self,
        id: FileId,
        size: u64,
        hash: [u8; HASH_LEN],
        name: &[u8],
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        if id.0 != self.seen {
            return Err(Violation);
        }
        self.seen = self.seen.checked_add(1).ok_or(Violation)?;
        if self.theirs.len() >= MAX_FILES {
            self.answers.push_back(Answer::Wanted(id, false));
            return Ok(());
        }
        let name = name::file_name(&String::from_utf8_lossy(name));
        self.theirs.push_back(File { id, name, size, hash, done: 0, is_accepted: false });
        events.push_back(Event::FileOffered(id));
        Ok(())
    }

    fn answered(&mut self, id: FileId, is_wanted: bool, events: &mut VecDeque<Event>) {
        let Some(place) = self.ours.iter().position(|file| file.id == id) else { return };
        if !is_wanted {
            self.ours.remove(place);
            events.push_back(Event::FileDeclined(id));
        } else if let Some(file) = self.ours.get_mut(place).filter(|file| !file.is_accepted) {
            file.is_accepted = true;
            events.push_back(Event::FileAccepted(id));
        }
    }

    fn chunk(
        &mut self,
        id: FileId,
        offset: u64,
        bytes: &[u8],
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        if id.0 >= self.seen {
            return Err(Violation);
        }
        // one that has failed here, of which the friend does not know yet, is passed over
        let Some(file) = self.theirs.iter_mut().find(|file| file.id == id) else { return Ok(()) };
        let end = offset.checked_add(bytes.len() as u64).ok_or(Violation)?;
        if !file.is_accepted || offset != file.done || end > file.size {
            return Err(Violation);
        }
        if files.write(id, offset, bytes).is_err() {
            self.finish(id, false, events);
            return Ok(());
        }
        file.done = end;
        self.finish_if_whole(id, files, events);
        Ok(())
    }

    fn finish_if_whole(&mut self, id: FileId, files: &mut dyn Files, events: &mut VecDeque<Event>) {
        let Some(file) = self.theirs.iter().find(|file| file.id == id && file.done == file.size) else { return };
        let is_whole = hash_back(file, files) == Some(file.hash);
        self.finish(id, is_whole, events);
    }

    fn finish(&mut self, id: FileId, is_whole: bool, events: &mut VecDeque<Event>) {
        self.theirs.retain(|file| file.id != id);
        self.answers.push_back(Answer::Done(id, is_whole));
        events.push_back(if is_whole {
            Event::FileReceived(id)
        } else {
            Event::FileFailed { file: id, is_ours: false }
        });
    }
}

impl File {
    fn transfer(&self) -> Transfer {
        let Self { id, name, size, done, is_accepted, .. } = self;
        Transfer { file: *id, name: name.clone(), size: *size, done: *done, is_accepted: *is_accepted }
    }
}

fn hash_back(file: &File, files: &mut dyn Files) -> Option<[u8; HASH_LEN]> {
    let (mut hasher, mut offset) = (FileHasher::new(), 0_u64);
    let mut piece = vec![0; HASH_PIECE];
    while offset < file.size {
        let left = usize::try_from(file.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let bytes = piece.get_mut(..left.min(HASH_PIECE))?;
        files.read_back(file.id, offset, bytes).ok()?;
        hasher.update(bytes);
        offset = offset.saturating_add(bytes.len() as u64);
    }
    Some(hasher.finish())
}
