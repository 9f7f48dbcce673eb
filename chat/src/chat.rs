//! The whole of one side: alone, pairing, or talking.

use crate::{
    code::{Code, SafetyString},
    content::{Counts, TextError, TextId},
    event::{Ended, Event},
    exchange::{BoxLen, Exchange},
    files::{FileId, FileOffer, Files, Transfer},
    pairing::{Outcome, Pairing},
    ratchet::Role,
    session::{self, Asked, Read, Session},
};
use alloc::{boxed::Box, collections::VecDeque, string::String};
use core::fmt;
use rand_core::CryptoRng;

/// One side of a conversation. It makes an exchange for every tick and takes its answer; what there is to tell comes as
/// [`Event`]s.
///
/// Before an exchange leaves and before events are shown, the caller saves [`save`](Self::save): a crash then neither uses a key
/// twice nor loses a text.
pub struct Chat {
    pub(crate) name: String,
    pub(crate) len: BoxLen,
    pub(crate) phase: Phase,
    pub(crate) events: VecDeque<Event>,
    flights: VecDeque<Flight>,
    last_ticket: u64,
}

pub(crate) enum Phase {
    Alone,
    Pairing(Box<Pairing>),
    Talking(Box<Session>),
}

/// The number of an exchange that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

struct Flight {
    ticket: Ticket,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Nothing,
    Pairing(u8),
    Talking(Asked),
}

/// After so many ticks an exchange that is still under way is given up.
const MAX_FLIGHTS: u64 = 256;

impl Chat {
    /// Someone without a friend yet. The name is what the friend will see.
    #[must_use]
    pub fn new(name: &str, len: BoxLen) -> Self {
        Self::with(crate::name::person(name), len, Phase::Alone, VecDeque::new())
    }

    pub(crate) const fn with(name: String, len: BoxLen, phase: Phase, events: VecDeque<Event>) -> Self {
        Self { name, len, phase, events, flights: VecDeque::new(), last_ticket: 0 }
    }

    /// Makes a code for a friend to enter, and waits for him.
    ///
    /// # Errors
    /// [`ChatError`] if there is a friend already, or a pairing under way.
    pub fn invite<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> Result<Code, ChatError> {
        let code = Code::generate(rng);
        self.pair(Role::Initiator, &code, rng)?;
        Ok(code)
    }

    /// Enters a friend's code.
    ///
    /// # Errors
    /// [`ChatError`] if there is a friend already, or a pairing under way.
    pub fn join<R: CryptoRng + ?Sized>(&mut self, code: &Code, rng: &mut R) -> Result<(), ChatError> {
        self.pair(Role::Responder, code, rng)
    }

    fn pair<R: CryptoRng + ?Sized>(&mut self, role: Role, code: &Code, rng: &mut R) -> Result<(), ChatError> {
        match self.phase {
            Phase::Alone => {}
            Phase::Pairing(_) => return Err(ChatError::Pairing),
            Phase::Talking(_) => return Err(ChatError::Paired),
        }
        let pairing = Pairing::new(role, code, &self.name, self.len, rng).ok_or(ChatError::Key)?;
        self.phase = Phase::Pairing(Box::new(pairing));
        Ok(())
    }

    /// Forgets the friend, or gives a pairing up. All keys are wiped; what was not read is not delivered.
    pub fn forget(&mut self) {
        self.phase = Phase::Alone;
        self.flights.clear();
    }

    /// The exchange of a tick, whether or not there is anything to say. `now` is the time in seconds of 1970 on.
    pub fn tick<R: CryptoRng + ?Sized>(&mut self, now: u64, rng: &mut R, files: &mut dyn Files) -> (Ticket, Exchange) {
        let (exchange, what) = match &mut self.phase {
            Phase::Alone => {
                let (write_id, boxed) = session::filler(self.len, rng);
                (Exchange { read_token: session::random(rng), write_id, boxed }, What::Nothing)
            }
            Phase::Pairing(pairing) => {
                let (exchange, place) = pairing.tick(rng);
                (exchange, What::Pairing(place))
            }
            Phase::Talking(session) => {
                let is_asked = |number| {
                    self.flights
                        .iter()
                        .any(|flight| matches!(flight.what, What::Talking(asked) if asked.read == Read::Box(number)))
                };
                let (exchange, asked) = session.tick(now, rng, files, &mut self.events, is_asked);
                (exchange, What::Talking(asked))
            }
        };
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        let given_up = Ticket(self.last_ticket.wrapping_sub(MAX_FLIGHTS));
        self.lost(given_up);
        self.flights.push_back(Flight { ticket, what });
        (ticket, exchange)
    }

    /// The service has answered an exchange, with a box or with none.
    pub fn answered<R: CryptoRng + ?Sized>(
        &mut self,
        ticket: Ticket,
        boxed: Option<&[u8]>,
        rng: &mut R,
        files: &mut dyn Files,
    ) {
        let Some(what) = self.land(ticket) else { return };
        let boxed = boxed.filter(|boxed| boxed.len() == self.len.get());
        match (&mut self.phase, what) {
            (Phase::Pairing(pairing), What::Pairing(place)) => {
                let Some(boxed) = boxed else { return };
                match pairing.answered(place, boxed, rng) {
                    Outcome::Waits => {}
                    Outcome::Tampered => self.events.push_back(Event::PairingTampered),
                    Outcome::Paired(agreed) => {
                        self.phase = Phase::Talking(Box::new(Session::new(*agreed, self.len)));
                        self.events.push_back(Event::Paired);
                    }
                }
            }
            (Phase::Talking(session), What::Talking(asked)) => session.answered(asked, boxed, files, &mut self.events),
            _ => {}
        }
    }

    /// Nothing has come back for an exchange, and nothing will.
    pub fn lost(&mut self, ticket: Ticket) {
        if let (Some(What::Talking(asked)), Phase::Talking(session)) = (self.land(ticket), &mut self.phase) {
            session.lost(asked);
        }
    }

    fn land(&mut self, ticket: Ticket) -> Option<What> {
        let place = self.flights.iter().position(|flight| flight.ticket == ticket)?;
        self.flights.remove(place).map(|flight| flight.what)
    }

    /// What has happened, one after the other.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether [`event`](Self::event) has something to tell: the time to save, so that a crash meanwhile does not take it.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Takes a text for the friend.
    ///
    /// # Errors
    /// [`TextError`] if it is too long, too many wait, or there is nobody to send it to.
    pub fn say(&mut self, text: &str) -> Result<TextId, TextError> {
        self.talking().ok_or(TextError::NoFriend)?.content().push(text)
    }

    /// Offers a file to the friend. None if there is no friend, or too many files are on their way.
    pub fn offer(&mut self, offer: FileOffer) -> Option<FileId> {
        self.talking()?.content().files.offer(offer)
    }

    /// Takes a file that the friend offers. False if there is none.
    pub fn accept(&mut self, file: FileId, files: &mut dyn Files) -> bool {
        self.answer(file, true, files)
    }

    /// Declines a file that the friend offers. False if there is none.
    pub fn decline(&mut self, file: FileId) -> bool {
        self.answer(file, false, &mut crate::files::NoFiles)
    }

    fn answer(&mut self, file: FileId, is_wanted: bool, files: &mut dyn Files) -> bool {
        let Phase::Talking(session) = &mut self.phase else { return false };
        session.content().files.answer(file, is_wanted, files, &mut self.events)
    }

    /// Gives up a file of ours. False if there is none.
    pub fn cancel(&mut self, file: FileId) -> bool {
        self.talking().is_some_and(|session| session.content().files.cancel(file))
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

    /// A box with any plaintext, as a friend might seal it who breaks the rules.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    pub fn seal_plaintext<R: CryptoRng + ?Sized>(
        &mut self,
        plaintext: &[u8],
        rng: &mut R,
    ) -> Option<alloc::vec::Vec<u8>> {
        self.talking()?.seal_plaintext(plaintext, rng)
    }

    /// How far our texts have come.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.session().map(|session| session.said().counts()).unwrap_or_default()
    }

    /// Our files on their way.
    pub fn sending(&self) -> impl Iterator<Item = Transfer> {
        self.session().into_iter().flat_map(|session| session.said().files.ours())
    }

    /// The friend's files on their way, and those that he offers.
    pub fn receiving(&self) -> impl Iterator<Item = Transfer> {
        self.session().into_iter().flat_map(|session| session.said().files.theirs())
    }

    /// What the friend calls himself, once paired.
    #[must_use]
    pub fn friend(&self) -> Option<&str> {
        self.session().map(Session::friend)
    }

    /// What both compare, once paired.
    #[must_use]
    pub fn safety(&self) -> Option<SafetyString> {
        self.session().map(Session::safety)
    }

    /// Why the conversation is over, if it is.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.session().and_then(Session::ended)
    }

    /// How many times fresh secrets have come in.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.session().map_or(0, Session::steps)
    }

    /// For how many ticks the friend has not been heard, since the program runs.
    #[must_use]
    pub fn quiet_ticks(&self) -> u64 {
        self.session().map_or(0, Session::quiet_ticks)
    }

    /// While a pairing is under way: for how many ticks nothing new has come, and whether anyone has shown himself.
    #[must_use]
    pub fn pairing(&self) -> Option<(u64, bool)> {
        if let Phase::Pairing(pairing) = &self.phase { Some((pairing.ticks(), pairing.has_met())) } else { None }
    }

    /// What this side calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chat(..)")
    }
}

/// A pairing can't begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatError {
    /// There is a friend already; [`Chat::forget`] him first.
    Paired,
    /// A pairing is under way.
    Pairing,
    /// A key that was just made is malformed.
    Key,
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paired => "there is a friend already",
            Self::Pairing => "a pairing is under way",
            Self::Key => "a key that was just made is malformed",
        })
    }
}

impl core::error::Error for ChatError {}
