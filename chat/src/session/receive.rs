//! Processing the service's answers.

use super::{NO_CHUNK, Read, Requested, Session};
use crate::{
    bytes::Reader,
    context::Context,
    declassify::declassify,
    event::{Ended, Event},
    ratchet::{Chunk, Violation},
};

impl Session {
    /// Processes the service's answer to an exchange: a box, or `None` if there was none.
    pub(crate) fn answered(&mut self, requested: Requested, boxed: Option<&[u8]>, context: &mut Context<'_>) {
        if let Some(number) = requested.wrote {
            self.send.set_stored(number);
            if let Some(texts) = self.send.stored_texts() {
                self.content.set_stored(texts);
            }
        }
        let Some(boxed) = boxed else { return };
        match requested.read {
            Read::Box(number) if self.ended.is_none() => {
                self.receive.insert(number, boxed.to_vec());
                self.open_early(context);
            }
            Read::Beacon(period) => {
                let progress = self.beacon.open(period, boxed);
                if let Some(ended) = progress.and_then(|friend| self.progress().compare(&friend)) {
                    self.end(ended, context);
                }
            }
            Read::Box(_) | Read::Nothing => {}
        }
    }

    /// Notes that the exchange was lost, as far as is known.
    pub(crate) fn lost(&mut self, requested: Requested) {
        if let Some(number) = requested.wrote {
            self.send.set_lost(number);
        }
    }

    /// Opens all boxes that have arrived and are next in order.
    fn open_early(&mut self, context: &mut Context<'_>) {
        while let Some(boxed) = self.receive.pop_next() {
            let Some(mut opened) = self.ratchet.open(&boxed) else {
                self.has_failed = true;
                if self.tampering.count(self.tick) {
                    context.events.push_back(Event::Tampered);
                }
                return;
            };
            self.receive.advance(opened.token);
            self.last_of_pairing = None;
            (self.last_heard, self.has_failed) = (self.tick, false);
            self.beacon.reset();
            // the friend's content, which this side acts on and shows
            declassify(&mut opened.plaintext);
            if self.process(&opened.plaintext, context).is_err() {
                return self.end(Ended::Violation, context);
            }
        }
    }

    /// Processes a box that was opened:
    /// `read (8) ‖ early (8) ‖ chunk number (1) ‖ chunk ‖ records`.
    fn process(&mut self, plaintext: &[u8], context: &mut Context<'_>) -> Result<(), Violation> {
        let mut from = Reader::new(plaintext);
        let read = from.u64().ok_or(Violation)?;
        let early = from.u64().ok_or(Violation)?;
        let place = from.u8().ok_or(Violation)?;
        let bytes = from.array().ok_or(Violation)?;
        if place != NO_CHUNK {
            self.ratchet.receive_chunk(&Chunk { place, bytes })?;
        }
        if let Some(texts) = self.send.acknowledge(read, early)? {
            self.content.set_read(texts);
        }
        self.content.receive(&mut from, context)
    }
}
