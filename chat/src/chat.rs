//! One side of a conversation: without a friend, pairing, or talking.

mod error;
mod status;

pub use error::ChatError;
pub use status::PairingProgress;

use crate::{
    code::Code,
    codec::codec,
    content::{TextError, TextId},
    context::Context,
    event::Event,
    exchange::{BoxLen, Exchange},
    files::{FileId, FileOffer},
    pairing::{Outcome, Pairing},
    ratchet::Role,
    session::{Read, Requested, Session},
};
use alloc::{boxed::Box, collections::VecDeque, string::String};
use core::fmt;
use rand_core::CryptoRng;

/// One side of a conversation. It makes an exchange for every tick, processes its answer, and
/// reports [`Event`]s.
///
/// The caller must store [`save`](Self::save) before it sends an exchange and before it shows
/// events, so that a crash neither uses a key twice nor loses a text.
pub struct Chat {
    name: String,
    box_len: usize,
    phase: Phase,
    events: VecDeque<Event>,
    in_flight: VecDeque<InFlight>,
    last_ticket: u64,
}

codec!(
    struct Chat { name, box_len, events, phase }
    fresh { in_flight: VecDeque::new(), last_ticket: 0 }
    valid |chat| match &chat.phase {
        Phase::Alone => true,
        Phase::Talking(session) => session.box_len() == chat.box_len,
        Phase::Pairing(pairing) => pairing.box_len() == chat.box_len,
    }
);

enum Phase {
    Alone,
    Pairing(Box<Pairing>),
    Talking(Box<Session>),
}

codec!(enum Phase { 0 = Alone, 1 = Talking(session), 2 = Pairing(pairing) });

/// The number of an exchange in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

struct InFlight {
    ticket: Ticket,
    purpose: Purpose,
}

/// The purpose of an exchange.
#[derive(Clone, Copy)]
enum Purpose {
    Cover,
    /// Reads the pairing message with that number.
    Pairing(u8),
    Talking(Requested),
}

/// Ticks after which an exchange without an answer is given up.
const MAX_IN_FLIGHT: u64 = 256;

impl Chat {
    /// A side without a friend. A later friend will see `name`.
    #[must_use]
    pub fn new(name: &str, len: BoxLen) -> Self {
        Self {
            name: crate::name::person(name),
            box_len: len.get(),
            phase: Phase::Alone,
            events: VecDeque::new(),
            in_flight: VecDeque::new(),
            last_ticket: 0,
        }
    }

    /// Makes a code for a friend to enter, and waits for them.
    ///
    /// # Errors
    /// [`ChatError`] if there is already a friend or a pairing in progress.
    pub fn invite(&mut self, rng: &mut dyn CryptoRng) -> Result<Code, ChatError> {
        let code = Code::generate(rng);
        self.pair(Role::Initiator, &code, rng)?;
        Ok(code)
    }

    /// Enters a friend's code.
    ///
    /// # Errors
    /// [`ChatError`] if there is already a friend or a pairing in progress.
    pub fn join(&mut self, code: &Code, rng: &mut dyn CryptoRng) -> Result<(), ChatError> {
        self.pair(Role::Responder, code, rng)
    }

    fn pair(&mut self, role: Role, code: &Code, rng: &mut dyn CryptoRng) -> Result<(), ChatError> {
        match self.phase {
            Phase::Alone => {}
            Phase::Pairing(_) => return Err(ChatError::Pairing),
            Phase::Talking(_) => return Err(ChatError::Paired),
        }
        let pairing = Pairing::new(role, code, &self.name, self.box_len, rng).ok_or(ChatError::Key)?;
        self.phase = Phase::Pairing(Box::new(pairing));
        Ok(())
    }

    /// Forgets the friend, or abandons a pairing. All keys are wiped; unread texts are not
    /// delivered.
    pub fn forget(&mut self) {
        self.phase = Phase::Alone;
        self.events.clear();
        self.in_flight.clear();
    }

    /// Makes the exchange of a tick, whether or not there is anything to send.
    pub fn tick(&mut self, mut context: Context<'_>) -> (Ticket, Exchange) {
        let (exchange, purpose) = match &mut self.phase {
            Phase::Alone => (Exchange::random(self.box_len, context.rng), Purpose::Cover),
            Phase::Pairing(pairing) => {
                let (exchange, awaited) = pairing.tick(context.rng);
                (exchange, Purpose::Pairing(awaited))
            }
            Phase::Talking(session) => {
                let reads = |number| move |in_flight: &InFlight| matches!(in_flight.purpose, Purpose::Talking(requested) if requested.read == Read::Box(number));
                let is_requested = |number| self.in_flight.iter().any(reads(number));
                let (exchange, requested) = session.tick(&mut context, is_requested);
                (exchange, Purpose::Talking(requested))
            }
        };
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        let given_up = Ticket(self.last_ticket.wrapping_sub(MAX_IN_FLIGHT));
        self.lost(given_up);
        self.in_flight.push_back(InFlight { ticket, purpose });
        self.finish(context);
        (ticket, exchange)
    }

    /// Processes the service's answer to an exchange: a box, or `None` if there was none.
    pub fn answered(&mut self, ticket: Ticket, boxed: Option<&[u8]>, mut context: Context<'_>) {
        let Some(purpose) = self.complete(ticket) else { return };
        let boxed = boxed.filter(|boxed| boxed.len() == self.box_len);
        match (&mut self.phase, purpose) {
            (Phase::Pairing(pairing), Purpose::Pairing(number)) => {
                let Some(boxed) = boxed else { return };
                match pairing.answered(number, boxed, context.rng) {
                    Outcome::Waits => {}
                    Outcome::Tampered => context.events.push_back(Event::PairingTampered),
                    Outcome::Paired(session) => {
                        self.phase = Phase::Talking(session);
                        context.events.push_back(Event::Paired);
                    }
                }
            }
            (Phase::Talking(session), Purpose::Talking(requested)) => session.answered(requested, boxed, &mut context),
            _ => {}
        }
        self.finish(context);
    }

    /// Notes that an exchange will not be answered.
    pub fn lost(&mut self, ticket: Ticket) {
        if let (Some(Purpose::Talking(requested)), Phase::Talking(session)) = (self.complete(ticket), &mut self.phase) {
            session.lost(requested);
        }
    }

    fn complete(&mut self, ticket: Ticket) -> Option<Purpose> {
        let place = self.in_flight.iter().position(|in_flight| in_flight.ticket == ticket)?;
        self.in_flight.remove(place).map(|in_flight| in_flight.purpose)
    }

    fn finish(&mut self, context: Context<'_>) {
        self.events.extend(context.events);
    }

    /// The next event, in order.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether an [`event`](Self::event) is waiting: save first, so that a crash cannot lose it.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Queues a text for the friend.
    ///
    /// # Errors
    /// [`TextError`] if it is too long, too many texts wait, or there is no friend.
    pub fn say(&mut self, text: &str) -> Result<TextId, TextError> {
        self.talking().ok_or(TextError::NoFriend)?.content_mut().push(text)
    }

    /// Offers a file to the friend. None if there is no friend, or there are too many transfers.
    pub fn offer(&mut self, offer: FileOffer) -> Option<FileId> {
        self.talking()?.content_mut().transfers.offer(offer)
    }

    /// Accepts a file that the friend offers. False if there is no such offer.
    pub fn accept(&mut self, file: FileId, mut context: Context<'_>) -> bool {
        let is_known = self.talking().is_some_and(|session| session.content_mut().transfers.accept(file, &mut context));
        self.finish(context);
        is_known
    }

    /// Declines a file that the friend offers, or cancels its transfer. False if there is no such
    /// file.
    pub fn reject(&mut self, file: FileId) -> bool {
        self.talking().is_some_and(|session| session.content_mut().transfers.reject(file))
    }

    /// Cancels a file of ours. False if there is no such file.
    pub fn cancel(&mut self, file: FileId) -> bool {
        self.talking().is_some_and(|session| session.content_mut().transfers.cancel(file))
    }

    /// Checks a friend's [complete](crate::Transfer::is_complete) file by the hash that the caller
    /// computed from its disk; `None` if the file can't be read. [`Event::FileReceived`] or
    /// [`Event::FileFailed`] follows. Returns false if there is no such file.
    pub fn check_file(&mut self, file: FileId, hash: Option<[u8; 32]>, mut context: Context<'_>) -> bool {
        let is_known =
            self.talking().is_some_and(|session| session.content_mut().transfers.check(file, hash, &mut context));
        self.finish(context);
        is_known
    }

    fn talking(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Talking(session) if session.ended().is_none() => Some(session),
            _ => None,
        }
    }

    const fn session(&self) -> Option<&Session> {
        if let Phase::Talking(session) = &self.phase { Some(session) } else { None }
    }

    pub(crate) const fn box_len(&self) -> usize {
        self.box_len
    }

    /// A box with any plaintext, as a friend who breaks the rules might seal it.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    pub fn seal_plaintext(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Option<alloc::vec::Vec<u8>> {
        self.talking()?.seal_plaintext(plaintext, rng)
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chat(..)")
    }
}
