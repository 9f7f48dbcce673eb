//! A conversation, which at each tick writes one box and reads one, whether or not there is
//! anything to send.

mod receive;
mod status;

use crate::{
    beacon::{Beacon, PERIOD_SECONDS, Progress},
    bytes::Writer,
    code::SafetyString,
    codec::codec,
    content::Content,
    context::Context,
    declassify::declassify,
    event::{Ended, Event},
    exchange::{Exchange, ID_LEN},
    kdf::Key,
    ratchet::{CHUNK_LEN, FirstStep, Ratchet, Role, Violation},
    receive::ReceiveWindow,
    sealed,
    send::{Due, RANGE, SendWindow},
};
use alloc::{collections::VecDeque, string::String, vec, vec::Vec};
use rand_core::CryptoRng;

/// A conversation of two people who have paired.
pub(crate) struct Session {
    role: Role,
    box_len: usize,
    friend: String,
    safety: SafetyString,
    /// Whether the user has confirmed the safety string.
    is_verified: bool,
    ratchet: Ratchet,
    send: SendWindow,
    receive: ReceiveWindow,
    /// Number of the friend's boxes acknowledged by the last sealed box.
    reported: u64,
    content: Content,
    beacon: Beacon,
    /// The initiator's last box of the pairing, until the responder's first box shows that it was
    /// read.
    last_of_pairing: Option<LastOfPairing>,
    ended: Option<Ended>,
    /// Ticks in this run of the program.
    tick: u64,
    /// The tick of the friend's last opened box.
    last_heard: u64,
    /// Whether a box has failed to open since then.
    has_failed: bool,
    tampering: Tampering,
}

codec!(
    struct Session {
        role, box_len, friend, safety, is_verified, ratchet, send, receive, reported, content, beacon, last_of_pairing, ended,
    }
    fresh { tick: 0, last_heard: 0, has_failed: false, tampering: Tampering::default() }
    valid |session| {
        session.send.has_boxes_of(session.box_len)
            && session.last_of_pairing.as_ref().is_none_or(|last| last.boxed.len() == session.box_len)
    }
);

/// A box that is written repeatedly.
pub(crate) struct LastOfPairing {
    pub(crate) id: [u8; ID_LEN],
    pub(crate) boxed: Vec<u8>,
}

codec!(struct LastOfPairing { id, boxed });

/// The outcome of a pairing.
pub(crate) struct Agreed {
    pub(crate) role: Role,
    pub(crate) friend: String,
    pub(crate) safety: SafetyString,
    pub(crate) master: Key,
    pub(crate) first: FirstStep,
    pub(crate) last_of_pairing: Option<LastOfPairing>,
}

/// Boxes that did not open in this run of the program.
#[derive(Default)]
struct Tampering {
    count: u64,
    /// The tick of the last one.
    last: Option<u64>,
}

/// The box that a tick writes; a filler if there is none.
#[derive(Default)]
struct Write {
    /// The box's number, if it belongs to the sequence.
    number: Option<u64>,
    boxed: Option<([u8; ID_LEN], Vec<u8>)>,
}

/// The request of a tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Requested {
    /// The number of our box that was written.
    pub(crate) wrote: Option<u64>,
    pub(crate) read: Read,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Read {
    /// A box of the friend's.
    Box(u64),
    /// The friend's beacon of a period.
    Beacon(u64),
    /// An id that nobody writes under.
    #[default]
    Nothing,
}

/// Of 256 ticks, the mean number that write no box of the sequence, so that the friend, who reads
/// at the same rate, can keep up.
const SPARE: u8 = 64;

/// Ticks without a box of the friend's after which the spare ticks are used for beacons.
const QUIET_TICKS: u64 = 64;

/// The interval at which the last box of a pairing is written again, in ticks.
const LAST_TICKS: u64 = 8;

/// Ticks without a tampered box after which the next one is reported again.
const TAMPERING_TICKS: u64 = 3600;

/// The value in place of a chunk's number if the box carries no chunk.
const NO_CHUNK: u8 = 0xff;

impl Session {
    pub(crate) fn new(agreed: Agreed, box_len: usize) -> Self {
        let Agreed { role, friend, safety, master, first, last_of_pairing } = agreed;
        let tokens = |role: Role| -> VecDeque<Key> {
            (0..RANGE as u64).map(|number| master.derive("token", &[&[role.tag()], &number.to_le_bytes()])).collect()
        };
        Self {
            role,
            box_len,
            friend,
            safety,
            is_verified: false,
            ratchet: Ratchet::new(role, &master, first),
            send: SendWindow::new(tokens(role).make_contiguous()),
            receive: ReceiveWindow::new(tokens(role.other())),
            reported: 0,
            content: Content::new(),
            beacon: Beacon::new(master.derive("beacon", &[]), role),
            last_of_pairing,
            ended: None,
            tick: 0,
            last_heard: 0,
            has_failed: false,
            tampering: Tampering::default(),
        }
    }

    /// Makes the exchange of a tick. Its ids depend on ticks, on boxes that were read and lost, and
    /// on chance, but never on whether there is anything to send.
    pub(crate) fn tick(
        &mut self,
        context: &mut Context<'_>,
        is_requested: impl Fn(u64) -> bool,
    ) -> (Exchange, Requested) {
        self.tick = self.tick.saturating_add(1);
        let mut draw = context.rng.next_u32().to_le_bytes();
        // only the draw decides whether this tick writes and reads a box of the sequence, not
        // whether there is anything to send
        declassify(&mut draw);
        let [write, read, period, _] = draw;
        let Write { number, boxed } = self.choose_write(write, context);
        let (read, read_token) = self.choose_read(read, period, context.now, is_requested);
        let (write_id, boxed) = boxed.unwrap_or_else(|| filler(self.box_len, context.rng));
        let read_token = read_token.unwrap_or_else(|| random(context.rng));
        (Exchange { read_token, write_id, boxed }, Requested { wrote: number, read })
    }

    fn choose_write(&mut self, chance: u8, context: &mut Context<'_>) -> Write {
        if chance < SPARE {
            let progress = self.is_quiet().then(|| self.progress());
            let boxed =
                progress.and_then(|progress| self.beacon.seal(context.now, &progress, self.box_len, context.rng));
            return Write { number: None, boxed };
        }
        if self.ended.is_some() {
            return Write::default();
        }
        let is_its_turn = self.tick.is_multiple_of(LAST_TICKS) || self.tick == 1;
        if let Some(last) = self.last_of_pairing.as_ref().filter(|_| is_its_turn) {
            return Write { number: None, boxed: Some((last.id, last.boxed.clone())) };
        }
        let due = match self.send.due(self.tick, self.receive.next().saturating_sub(self.reported)) {
            Due::Again(number) => Some(number),
            Due::Nothing => None,
            Due::New => {
                let number = self.send.sealed();
                if self.seal_next(context).is_err() {
                    self.end(Ended::Violation, context);
                    return Write::default();
                }
                Some(number)
            }
        };
        let boxed = due.and_then(|number| self.send.write_out(number, self.tick));
        Write { number: due, boxed }
    }

    fn choose_read(
        &self,
        chance: u8,
        period: u8,
        now: u64,
        is_requested: impl Fn(u64) -> bool,
    ) -> (Read, Option<[u8; ID_LEN]>) {
        if self.is_quiet() && chance < SPARE {
            // the two clocks need not agree to the second
            let current = now.checked_div(PERIOD_SECONDS).unwrap_or(0);
            let period = match period {
                0..=111 => current,
                112..=223 => current.saturating_sub(1),
                _ => current.saturating_add(1),
            };
            return (Read::Beacon(period), Some(self.beacon.token(period)));
        }
        let wanted = self.receive.wanted(is_requested).filter(|_| self.ended.is_none());
        wanted.map_or((Read::Nothing, None), |(number, token)| (Read::Box(number), Some(token)))
    }

    /// Seals the next box of the sequence, filled with waiting content.
    fn seal_next(&mut self, context: &mut Context<'_>) -> Result<(), Violation> {
        let chunk = self.ratchet.next_chunk(context.rng)?;
        let plaintext_len = self.box_len.saturating_sub(sealed::OVERHEAD);
        let mut to = Writer::with_capacity(plaintext_len);
        to.u64(self.receive.next());
        to.u64(self.receive.bitmap());
        to.u8(chunk.as_ref().map_or(NO_CHUNK, |chunk| chunk.place));
        to.put(chunk.as_ref().map_or(&[0; CHUNK_LEN], |chunk| &chunk.bytes));
        self.content.fill(&mut to, plaintext_len, context);
        to.pad(plaintext_len);
        self.reported = self.receive.next();
        let fingerprint = self.ratchet.sending_fingerprint();
        let sealed = self.ratchet.seal(&to.finish(), context.rng).ok_or(Violation)?;
        self.send.push(sealed, fingerprint, self.content.sealed());
        Ok(())
    }

    /// Seals an arbitrary plaintext, as a friend who violates the protocol might.
    #[cfg(fuzzing)]
    pub(crate) fn seal_plaintext(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Option<Vec<u8>> {
        let mut padded = plaintext.to_vec();
        padded.resize(self.box_len.saturating_sub(sealed::OVERHEAD), 0);
        self.ratchet.seal(&padded, rng).map(|sealed| sealed.boxed)
    }

    fn end(&mut self, ended: Ended, context: &mut Context<'_>) {
        if self.ended.is_none() {
            self.ended = Some(ended);
            context.events.push_back(Event::Ended(ended));
        }
    }

    fn is_quiet(&self) -> bool {
        self.ended.is_some() || self.has_failed || self.quiet_ticks() >= QUIET_TICKS
    }

    fn progress(&self) -> Progress {
        Progress {
            sealed: self.send.sealed(),
            acknowledged: self.send.acknowledged(),
            read: self.receive.next(),
            sending: self.send.fingerprints().chain([self.ratchet.sending_fingerprint()]).collect(),
            receiving: self.ratchet.receiving_fingerprint(),
            has_ended: self.ended.is_some(),
        }
    }

    pub(crate) const fn box_len(&self) -> usize {
        self.box_len
    }

    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    pub(crate) const fn content_mut(&mut self) -> &mut Content {
        &mut self.content
    }
}

impl Tampering {
    /// Counts a box. Returns whether to report it: the first of a series is enough.
    fn count(&mut self, tick: u64) -> bool {
        self.count = self.count.saturating_add(1);
        let last = self.last.replace(tick);
        last.is_none_or(|last| tick.saturating_sub(last) >= TAMPERING_TICKS)
    }
}

/// Random bytes that look like a box, under a random id.
pub(crate) fn filler(box_len: usize, rng: &mut dyn CryptoRng) -> ([u8; ID_LEN], Vec<u8>) {
    let mut boxed = vec![0; box_len];
    rng.fill_bytes(&mut boxed);
    (random(rng), boxed)
}

pub(crate) fn random(rng: &mut dyn CryptoRng) -> [u8; ID_LEN] {
    let mut bytes = [0; ID_LEN];
    rng.fill_bytes(&mut bytes);
    bytes
}
