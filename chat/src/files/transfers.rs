//! The current transfers, in both directions.

use super::{FileId, FileOffer, HASH_LEN, Transfer};
use crate::{
    bytes::Writer,
    codec::codec,
    context::Context,
    event::Event,
    name::{self, MAX_FILE_NAME_LEN},
    ratchet::Violation,
    record::{CHUNK_HEAD_LEN, Record},
};
use alloc::{collections::VecDeque, string::String, vec};

/// Maximum number of transfers in each direction.
const MAX_FILES: usize = 16;

/// Maximum number of answers that may wait for a box. A friend who causes more ends the
/// conversation.
const MAX_ANSWERS: usize = 64;

/// The length of the longest record of an answer or an offer.
const ANSWER_ROOM: usize = 3 + 12 + HASH_LEN + MAX_FILE_NAME_LEN;

/// All files that are offered or in transfer.
pub(crate) struct Transfers {
    outgoing: VecDeque<File>,
    incoming: VecDeque<File>,
    answers: VecDeque<Answer>,
    /// Number of files that we have offered.
    offered: u32,
    /// Number of files that the friend has offered.
    seen: u32,
}

codec!(
    struct Transfers { outgoing, incoming, answers, offered, seen }
    valid |transfers| transfers.outgoing.len() <= MAX_FILES && transfers.incoming.len() <= MAX_FILES
);

struct File {
    id: FileId,
    name: String,
    size: u64,
    hash: [u8; HASH_LEN],
    done: u64,
    is_accepted: bool,
}

codec!(
    struct File { id, name, size, hash, done, is_accepted }
    valid |file| file.done <= file.size && file.name.len() <= MAX_FILE_NAME_LEN
);

/// A short record that waits for a box.
#[derive(Clone, Copy)]
enum Answer {
    Offer(FileId),
    Accept(FileId),
    Decline(FileId),
    Received(FileId),
    Failed(FileId),
    Cancel(FileId),
}

codec!(
    enum Answer { 0 = Offer(file), 1 = Accept(file), 2 = Decline(file), 3 = Received(file), 4 = Failed(file), 5 = Cancel(file) }
);

impl Transfers {
    pub(crate) const fn new() -> Self {
        Self { outgoing: VecDeque::new(), incoming: VecDeque::new(), answers: VecDeque::new(), offered: 0, seen: 0 }
    }

    /// Offers a file. None if there are too many transfers.
    pub(crate) fn offer(&mut self, offer: FileOffer) -> Option<FileId> {
        if self.outgoing.len() >= MAX_FILES {
            return None;
        }
        let FileOffer { name, size, hash } = offer;
        let (id, name) = (FileId(self.offered), name::file_name(&name));
        self.offered = self.offered.checked_add(1)?;
        self.outgoing.push_back(File { id, name, size, hash, done: 0, is_accepted: false });
        self.answers.push_back(Answer::Offer(id));
        Some(id)
    }

    /// Accepts a file that the friend offers. False if there is no such offer.
    pub(crate) fn accept(&mut self, id: FileId, context: &mut Context<'_>) -> bool {
        let Some(file) = self.incoming.iter_mut().find(|file| file.id == id && !file.is_accepted) else { return false };
        file.is_accepted = true;
        self.answers.push_back(Answer::Accept(id));
        if file.size == 0 {
            context.events.push_back(Event::FileComplete(id));
        }
        true
    }

    /// Declines a file that the friend offers, or cancels its transfer. False if there is no such
    /// file.
    pub(crate) fn reject(&mut self, id: FileId) -> bool {
        let Some(file) = remove(&mut self.incoming, id) else { return false };
        self.answers.push_back(if file.is_accepted { Answer::Failed(id) } else { Answer::Decline(id) });
        true
    }

    /// Cancels a file of ours. False if there is no such file.
    pub(crate) fn cancel(&mut self, id: FileId) -> bool {
        let is_known = remove(&mut self.outgoing, id).is_some();
        if is_known {
            self.answers.push_back(Answer::Cancel(id));
        }
        is_known
    }

    /// Checks the hash of a friend's complete file; `None` if the file can't be read. Returns false
    /// if there is no such file.
    pub(crate) fn check(&mut self, id: FileId, hash: Option<[u8; HASH_LEN]>, context: &mut Context<'_>) -> bool {
        let Some(file) = self.incoming.iter().find(|file| file.id == id && file.is_complete()) else { return false };
        let is_whole = hash == Some(file.hash);
        self.finish(id, is_whole, context);
        true
    }

    pub(crate) fn outgoing(&self) -> impl Iterator<Item = Transfer> {
        self.outgoing.iter().map(File::transfer)
    }

    pub(crate) fn incoming(&self) -> impl Iterator<Item = Transfer> {
        self.incoming.iter().map(File::transfer)
    }

    /// Writes offers and answers, as many as fit.
    pub(crate) fn fill_answers(&mut self, to: &mut Writer, len: usize) {
        while len.saturating_sub(to.len()) >= ANSWER_ROOM {
            let Some(answer) = self.answers.pop_front() else { break };
            let record = match answer {
                Answer::Offer(id) => {
                    let Some(file) = self.outgoing.iter().find(|file| file.id == id) else { continue };
                    Record::Offer { file: id, size: file.size, hash: file.hash, name: file.name.as_bytes() }
                }
                Answer::Accept(file) => Record::Answer { file, is_wanted: true },
                Answer::Decline(file) => Record::Answer { file, is_wanted: false },
                Answer::Received(file) => Record::Done { file, is_whole: true },
                Answer::Failed(file) => Record::Done { file, is_whole: false },
                Answer::Cancel(file) => Record::Cancel { file },
            };
            record.write(to);
        }
    }

    /// Writes as many bytes as fit of the first accepted file.
    pub(crate) fn fill_chunk(&mut self, to: &mut Writer, len: usize, context: &mut Context<'_>) {
        let room = len.saturating_sub(to.len()).saturating_sub(CHUNK_HEAD_LEN);
        let Some(file) = self.outgoing.iter_mut().find(|file| file.is_accepted && file.done < file.size) else {
            return;
        };
        let left = usize::try_from(file.size.saturating_sub(file.done)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; room.min(left)];
        if bytes.is_empty() {
            return;
        }
        if context.files.read(file.id, file.done, &mut bytes).is_ok() {
            Record::Chunk { file: file.id, offset: file.done, bytes: &bytes }.write(to);
            file.done = file.done.saturating_add(bytes.len() as u64);
        } else {
            let file = file.id;
            self.cancel(file);
            context.events.push_back(Event::FileFailed { file, is_ours: true });
        }
    }

    /// Processes a record that is about a file.
    pub(crate) fn receive(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Result<(), Violation> {
        match *record {
            Record::Offer { file, size, hash, name } => {
                let name = name::file_name(&String::from_utf8_lossy(name));
                self.receive_offer(File { id: file, name, size, hash, done: 0, is_accepted: false }, context)?;
            }
            Record::Answer { file, is_wanted } => self.receive_answer(file, is_wanted, context),
            Record::Done { file, is_whole } => {
                if remove(&mut self.outgoing, file).is_some() {
                    let failed = Event::FileFailed { file, is_ours: true };
                    context.events.push_back(if is_whole { Event::FileSent(file) } else { failed });
                }
            }
            Record::Chunk { file, offset, bytes } => self.receive_chunk(file, offset, bytes, context)?,
            Record::Cancel { file } => {
                if remove(&mut self.incoming, file).is_some() {
                    context.events.push_back(Event::FileFailed { file, is_ours: false });
                }
            }
            Record::TextPart(_) | Record::TextEnd(_) => {}
        }
        if self.answers.len() > MAX_ANSWERS { Err(Violation) } else { Ok(()) }
    }

    fn receive_offer(&mut self, file: File, context: &mut Context<'_>) -> Result<(), Violation> {
        let id = file.id;
        if id.0 != self.seen {
            return Err(Violation);
        }
        self.seen = self.seen.checked_add(1).ok_or(Violation)?;
        if self.incoming.len() >= MAX_FILES {
            self.answers.push_back(Answer::Decline(id));
            return Ok(());
        }
        self.incoming.push_back(file);
        context.events.push_back(Event::FileOffered(id));
        Ok(())
    }

    fn receive_answer(&mut self, id: FileId, is_wanted: bool, context: &mut Context<'_>) {
        let Some(file) = self.outgoing.iter_mut().find(|file| file.id == id) else { return };
        if !is_wanted {
            remove(&mut self.outgoing, id);
            context.events.push_back(Event::FileDeclined(id));
        } else if !file.is_accepted {
            file.is_accepted = true;
            context.events.push_back(Event::FileAccepted(id));
        }
    }

    fn receive_chunk(
        &mut self,
        id: FileId,
        offset: u64,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Result<(), Violation> {
        if id.0 >= self.seen {
            return Err(Violation);
        }
        // ignore chunks of a file that was cancelled here, which the friend does not know yet
        let Some(file) = self.incoming.iter_mut().find(|file| file.id == id) else { return Ok(()) };
        let end = offset.checked_add(bytes.len() as u64).ok_or(Violation)?;
        // an empty chunk would complete a file twice
        if !file.is_accepted || offset != file.done || end > file.size || bytes.is_empty() {
            return Err(Violation);
        }
        if context.files.write(id, offset, bytes).is_err() {
            self.finish(id, false, context);
            return Ok(());
        }
        file.done = end;
        if file.is_complete() {
            context.events.push_back(Event::FileComplete(id));
        }
        Ok(())
    }

    fn finish(&mut self, id: FileId, is_whole: bool, context: &mut Context<'_>) {
        remove(&mut self.incoming, id);
        self.answers.push_back(if is_whole { Answer::Received(id) } else { Answer::Failed(id) });
        let failed = Event::FileFailed { file: id, is_ours: false };
        context.events.push_back(if is_whole { Event::FileReceived(id) } else { failed });
    }
}

fn remove(files: &mut VecDeque<File>, id: FileId) -> Option<File> {
    let place = files.iter().position(|file| file.id == id)?;
    files.remove(place)
}

impl File {
    const fn is_complete(&self) -> bool {
        self.is_accepted && self.done == self.size
    }

    fn transfer(&self) -> Transfer {
        let Self { id, name, size, done, is_accepted, .. } = self;
        Transfer { file: *id, name: name.clone(), size: *size, done: *done, is_accepted: *is_accepted }
    }
}
