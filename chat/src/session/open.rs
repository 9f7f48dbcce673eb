//! What comes back from the service.

use super::{Asked, NO_CHUNK, Read, Session};
use crate::{
    bytes::Reader,
    event::{Ended, Event},
    files::Files,
    ratchet::{Chunk, Violation},
};
use alloc::collections::VecDeque;

impl Session {
    /// The service has answered an exchange, with a box or with none.
    pub(crate) fn answered(
        &mut self,
        asked: Asked,
        boxed: Option<&[u8]>,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) {
        if let Some(number) = asked.wrote {
            self.send.stored(number);
            if let Some(texts) = self.send.stored_texts() {
                self.content.set_stored(texts);
            }
        }
        let Some(boxed) = boxed else { return };
        match asked.read {
            Read::Box(number) if self.ended.is_none() => {
                self.receive.hold(number, boxed.to_vec());
                self.open_held(files, events);
            }
            Read::Beacon(period) => {
                let progress = self.beacon.open(period, boxed);
                if let Some(ended) = progress.and_then(|friend| self.progress().compare(&friend)) {
                    self.end(ended, events);
                }
            }
            Read::Box(_) | Read::Nothing => {}
        }
    }

    /// Neither request nor reply has come through, as far as is known.
    pub(crate) fn lost(&mut self, asked: Asked) {
        if let Some(number) = asked.wrote {
            self.send.lost(number);
        }
    }

    fn open_held(&mut self, files: &mut dyn Files, events: &mut VecDeque<Event>) {
        while let Some(boxed) = self.receive.take() {
            let Some(opened) = self.ratchet.open(&boxed) else {
                if !self.has_failed {
                    events.push_back(Event::Tampered);
                }
                self.has_failed = true;
                return;
            };
            self.receive.advance(opened.token);
            self.last_of_pairing = None;
            (self.heard, self.has_failed) = (self.tick, false);
            self.beacon.rest();
            if self.take(&opened.plaintext, files, events).is_err() {
                return self.end(Ended::Violation, events);
            }
        }
    }

    fn take(&mut self, plaintext: &[u8], files: &mut dyn Files, events: &mut VecDeque<Event>) -> Result<(), Violation> {
        let mut from = Reader::new(plaintext);
        let read = from.u64().ok_or(Violation)?;
        let held = from.u64().ok_or(Violation)?;
        let place = from.u8().ok_or(Violation)?;
        let bytes = from.array().ok_or(Violation)?;
        if place != NO_CHUNK {
            self.ratchet.take_chunk(&Chunk { place, bytes })?;
        }
        if let Some(texts) = self.send.acknowledge(read, held)? {
            self.content.set_read(texts);
        }
        self.content.take(&mut from, files, events)
    }
}
