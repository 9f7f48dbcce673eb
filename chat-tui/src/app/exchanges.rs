//! Exchanges with the rendezvous service: one is ready for the next tick, others wait for their
//! answers.

use crate::{
    app::{App, InFlight},
    folder::ContactId,
    network::{Answer, Outcome},
    time,
};
use mixwell_chat::{Context, Exchange, choose};

impl App {
    /// Puts the next exchange into the outbox, once the state with it is on the disk.
    pub(super) fn prepare(&mut self) {
        let mut rng = self.entropy.rng();
        let chosen = choose(self.contacts.iter().map(|(id, contact)| (*id, &contact.chat)), &mut *rng);
        let Some(id) = chosen else {
            self.ready = Some(InFlight(None));
            return self.outbox.put(Exchange::cover(self.box_len, &mut *rng).request());
        };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let (ticket, exchange) = contact.chat.tick(Context::new(&mut contact.files, &mut *rng, time::now()));
        if self.save(id) {
            self.ready = Some(InFlight(Some((id, ticket))));
            self.outbox.put(exchange.request());
        } else if let Some(contact) = self.contacts.get_mut(&id) {
            // an exchange must not be sent before its state is saved
            contact.chat.lost(ticket);
        }
        self.drain_events(id);
    }

    pub(super) fn taken(&mut self, number: u64) {
        if let Some(in_flight) = self.ready.take() {
            self.in_flight.insert(number, in_flight);
        }
        if self.in_flight.len() > MAX_IN_FLIGHT
            && let Some(oldest) = self.in_flight.keys().min().copied()
        {
            self.answered(Answer { number: oldest, outcome: Outcome::Lost });
        }
        self.prepare();
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        let Some(InFlight(Some((id, ticket)))) = self.in_flight.remove(&answer.number) else { return };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let mut rng = self.entropy.rng();
        let context = Context::new(&mut contact.files, &mut *rng, time::now());
        match answer.outcome {
            Outcome::Box(boxed) => contact.chat.answered(ticket, Some(&boxed), context),
            Outcome::Empty => contact.chat.answered(ticket, None, context),
            Outcome::Lost => contact.chat.lost(ticket),
        }
        self.drain_events(id);
        self.warn_if_unanswered(id);
    }

    pub(super) fn warn_if_unanswered(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id).filter(|contact| !contact.has_warned) else { return };
        let pairing = contact.chat.pairing();
        if pairing.is_some_and(|pairing| !pairing.has_answer && pairing.ticks >= UNANSWERED_TICKS) {
            contact.has_warned = true;
            self.warn(id, "nobody has answered this code yet: is it the same on both sides, and is your friend's program running?");
        }
    }
}

/// Ticks without an answer to a code after which the user is told.
const UNANSWERED_TICKS: u64 = 120;

/// Maximum number of exchanges that wait for an answer; older ones are lost.
const MAX_IN_FLIGHT: usize = 1024;
