//! A conversation: at each tick a box to write and one to read, whatever is to be said.

mod keep;
mod open;

use crate::{
    beacon::{Beacon, PERIOD_SECONDS, Progress},
    bytes::Writer,
    code::SafetyString,
    content::Content,
    event::{Ended, Event},
    exchange::{BoxLen, Exchange, ID_LEN},
    files::Files,
    kdf::Key,
    ratchet::{CHUNK_LEN, First, Ratchet, Role, Violation},
    receive::ReceiveWindow,
    sealed,
    send::{Due, RANGE, SendWindow},
};
use alloc::{collections::VecDeque, string::String, vec, vec::Vec};
use rand_core::CryptoRng;

/// Two who have paired.
pub(crate) struct Session {
    role: Role,
    len: BoxLen,
    friend: String,
    safety: SafetyString,
    ratchet: Ratchet,
    send: SendWindow,
    receive: ReceiveWindow,
    /// How many boxes of the friend's the last box that was sealed acknowledges.
    told: u64,
    content: Content,
    beacon: Beacon,
    /// The initiator's last box of the pairing, until the responder shows that he has it.
    last_of_pairing: Option<LastOfPairing>,
    ended: Option<Ended>,
    /// The ticks since the program runs, and that at which the friend was last heard.
    tick: u64,
    heard: u64,
    /// A box did not open since.
    has_failed: bool,
}

/// A box that goes on being written.
pub(crate) struct LastOfPairing {
    pub(crate) id: [u8; ID_LEN],
    pub(crate) boxed: Vec<u8>,
}

/// What a pairing gives.
pub(crate) struct Agreed {
    pub(crate) role: Role,
    pub(crate) friend: String,
    pub(crate) safety: SafetyString,
    pub(crate) master: Key,
    pub(crate) first: First,
    pub(crate) last_of_pairing: Option<LastOfPairing>,
}

/// What a tick writes: a box, by its number if it is one of the sequence; nothing stands for a filler.
#[derive(Default)]
struct Written {
    number: Option<u64>,
    boxed: Option<([u8; ID_LEN], Vec<u8>)>,
}

/// What was asked of the service at a tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The box of ours that was written.
    pub(crate) wrote: Option<u64>,
    pub(crate) read: Read,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Read {
    /// A box of the friend's.
    Box(u64),
    /// His beacon of a period.
    Beacon(u64),
    /// Nothing that is there.
    #[default]
    Nothing,
}

/// Of 256 ticks so many write no box of the sequence, so that the friend, who reads as often, keeps up.
const SPARE: u8 = 64;

/// After so many ticks without a word of the friend's, beacons take the spare ticks.
const QUIET_TICKS: u64 = 64;

/// How often the last box of a pairing is written again.
const LAST_TICKS: u64 = 8;

/// Says that a box carries no piece of a step.
const NO_CHUNK: u8 = 0xff;

impl Session {
    pub(crate) fn new(agreed: Agreed, len: BoxLen) -> Self {
        let Agreed { role, friend, safety, master, first, last_of_pairing } = agreed;
        let tokens = |role: Role| -> VecDeque<Key> {
            (0..RANGE as u64).map(|number| master.derive("token", &[&[role.tag()], &number.to_le_bytes()])).collect()
        };
        Self {
            role,
            len,
            friend,
            safety,
            ratchet: Ratchet::new(role, &master, first),
            send: SendWindow::new(tokens(role).make_contiguous()),
            receive: ReceiveWindow::new(tokens(role.other())),
            told: 0,
            content: Content::new(),
            beacon: Beacon::new(master.derive("beacon", &[]), role),
            last_of_pairing,
            ended: None,
            tick: 0,
            heard: 0,
            has_failed: false,
        }
    }

    /// The exchange of a tick. Which boxes it names depends on the ticks, on what was read and lost, and on chance: never on
    /// what there is to say.
    pub(crate) fn tick<R: CryptoRng + ?Sized>(
        &mut self,
        now: u64,
        rng: &mut R,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
        is_asked: impl Fn(u64) -> bool,
    ) -> (Exchange, Asked) {
        self.tick = self.tick.saturating_add(1);
        let [write, read, period, _] = rng.next_u32().to_le_bytes();
        let Written { number, boxed } = self.choose_write(write, now, rng, files, events);
        let (read, read_token) = self.choose_read(read, period, now, is_asked);
        let (write_id, boxed) = boxed.unwrap_or_else(|| filler(self.len, rng));
        let read_token = read_token.unwrap_or_else(|| random(rng));
        (Exchange { read_token, write_id, boxed }, Asked { wrote: number, read })
    }

    fn choose_write<R: CryptoRng + ?Sized>(
        &mut self,
        chance: u8,
        now: u64,
        rng: &mut R,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> Written {
        if chance < SPARE {
            let progress = self.is_quiet().then(|| self.progress());
            let boxed = progress.and_then(|progress| self.beacon.seal(now, &progress, self.len, rng));
            return Written { number: None, boxed };
        }
        if self.ended.is_some() {
            return Written::default();
        }
        let is_its_turn = self.tick.is_multiple_of(LAST_TICKS) || self.tick == 1;
        if let Some(last) = self.last_of_pairing.as_ref().filter(|_| is_its_turn) {
            return Written { number: None, boxed: Some((last.id, last.boxed.clone())) };
        }
        let due = match self.send.due(self.tick, self.receive.next().saturating_sub(self.told)) {
            Due::Again(number) => Some(number),
            Due::Nothing => None,
            Due::New => {
                let number = self.send.sealed();
                if self.seal_next(rng, files, events).is_err() {
                    self.end(Ended::Violation, events);
                    return Written::default();
                }
                Some(number)
            }
        };
        let boxed = due.and_then(|number| self.send.write_out(number, self.tick));
        Written { number: due, boxed }
    }

    fn choose_read(
        &self,
        chance: u8,
        period: u8,
        now: u64,
        is_asked: impl Fn(u64) -> bool,
    ) -> (Read, Option<[u8; ID_LEN]>) {
        if self.is_quiet() && chance < SPARE {
            // the clocks of two need not agree to the second
            let current = now.checked_div(PERIOD_SECONDS).unwrap_or(0);
            let period = match period {
                0..=111 => current,
                112..=223 => current.saturating_sub(1),
                _ => current.saturating_add(1),
            };
            return (Read::Beacon(period), Some(self.beacon.token(period)));
        }
        let wanted = self.receive.wanted(is_asked).filter(|_| self.ended.is_none());
        wanted.map_or((Read::Nothing, None), |(number, token)| (Read::Box(number), Some(token)))
    }

    /// Seals the next box with what there is to say, if anything.
    fn seal_next<R: CryptoRng + ?Sized>(
        &mut self,
        rng: &mut R,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        let chunk = self.ratchet.next_chunk(rng)?;
        let plaintext_len = self.len.get().saturating_sub(sealed::OVERHEAD);
        let mut to = Writer::with_capacity(plaintext_len);
        to.u64(self.receive.next());
        to.u64(self.receive.bitmap());
        to.u8(chunk.as_ref().map_or(NO_CHUNK, |chunk| chunk.place));
        to.put(chunk.as_ref().map_or(&[0; CHUNK_LEN], |chunk| &chunk.bytes));
        self.content.fill(&mut to, plaintext_len, files, events);
        to.pad(plaintext_len);
        self.told = self.receive.next();
        let fingerprint = self.ratchet.sending_fingerprint();
        let sealed = self.ratchet.seal(&to.finish(), rng).ok_or(Violation)?;
        self.send.push(sealed, fingerprint, self.content.sealed());
        Ok(())
    }

    /// A box with any plaintext, as a friend might seal it who breaks the rules.
    #[cfg(fuzzing)]
    pub(crate) fn seal_plaintext<R: CryptoRng + ?Sized>(&mut self, plaintext: &[u8], rng: &mut R) -> Option<Vec<u8>> {
        let mut padded = plaintext.to_vec();
        padded.resize(self.len.get().saturating_sub(sealed::OVERHEAD), 0);
        self.ratchet.seal(&padded, rng).map(|sealed| sealed.boxed)
    }

    pub(crate) fn end(&mut self, ended: Ended, events: &mut VecDeque<Event>) {
        if self.ended.is_none() {
            self.ended = Some(ended);
            events.push_back(Event::Ended(ended));
        }
    }

    fn is_quiet(&self) -> bool {
        self.ended.is_some() || self.has_failed || self.tick.saturating_sub(self.heard) >= QUIET_TICKS
    }

    fn progress(&self) -> Progress {
        Progress {
            sealed: self.send.sealed(),
            acknowledged: self.send.read(),
            read: self.receive.next(),
            sending: self.send.fingerprints().chain([self.ratchet.sending_fingerprint()]).collect(),
            receiving: self.ratchet.receiving_fingerprint(),
            has_ended: self.ended.is_some(),
        }
    }

    pub(crate) const fn content(&mut self) -> &mut Content {
        &mut self.content
    }

    pub(crate) const fn said(&self) -> &Content {
        &self.content
    }

    pub(crate) fn friend(&self) -> &str {
        &self.friend
    }

    pub(crate) const fn safety(&self) -> SafetyString {
        self.safety
    }

    pub(crate) const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    pub(crate) const fn steps(&self) -> u32 {
        self.ratchet.steps()
    }

    /// How many ticks ago the friend was last heard, since the program runs.
    pub(crate) const fn quiet_ticks(&self) -> u64 {
        self.tick.saturating_sub(self.heard)
    }
}

/// A box that is none, under an id that nobody knows.
pub(crate) fn filler<R: CryptoRng + ?Sized>(len: BoxLen, rng: &mut R) -> ([u8; ID_LEN], Vec<u8>) {
    let mut boxed = vec![0; len.get()];
    rng.fill_bytes(&mut boxed);
    (random(rng), boxed)
}

pub(crate) fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; ID_LEN] {
    let mut bytes = [0; ID_LEN];
    rng.fill_bytes(&mut bytes);
    bytes
}
