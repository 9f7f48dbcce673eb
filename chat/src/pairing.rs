//! Pairing: five boxes under ids and keys that are derived from the code.
//!
//! The initiator commits to its public key and a random number, the responder reveals its own, and
//! the initiator opens its commitment; then each encapsulates to the other. The safety string
//! covers keys, numbers and names, so a man in the middle has one guess at it.

mod message;

use crate::{
    code::{Code, SAFETY_LEN, SafetyString},
    codec::codec,
    declassify::declassify,
    exchange::{Exchange, ID_LEN, id_of},
    kdf::{self, Key},
    name,
    ratchet::{FirstStep, Role},
    sealed,
    session::{self, Agreed, LastOfPairing, Session},
};
use alloc::{boxed::Box, vec::Vec};
use message::{CONFIRM_LEN, Hello, Reply};
use mixwell_pq_kem::{
    Kem, XWing,
    kem::{Ciphertext, KeySource, Seed, SharedSecret},
};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;

/// A pairing in progress.
pub(crate) struct Pairing {
    role: Role,
    box_len: usize,
    secret: Key,
    seed: Seed<XWing>,
    hello: Hello,
    stage: Stage,
    /// The id and box of our last message, until the friend answers it.
    outgoing: Option<([u8; ID_LEN], Vec<u8>)>,
    /// Ticks in this stage, counted in this run of the program.
    ticks: u64,
    has_failed: bool,
}

codec!(
    struct Pairing { role, box_len, secret, seed, hello, stage, outgoing }
    fresh { ticks: 0, has_failed: false }
    valid |pairing| {
        let fits_role = match &pairing.stage {
            Stage::Commitment | Stage::LastReply { .. } => pairing.role == Role::Responder,
            Stage::Reply { .. } => pairing.role == Role::Initiator,
            Stage::Hello { .. } => true,
        };
        fits_role && pairing.outgoing.as_ref().is_none_or(|(_, boxed)| boxed.len() == pairing.box_len)
    }
);

/// The message that this side awaits.
enum Stage {
    /// The responder awaits the commitment.
    Commitment,
    /// The initiator, who has committed, awaits the responder's hello; the responder, who has the
    /// commitment, the initiator's.
    Hello { commitment: [u8; COMMITMENT_LEN] },
    /// The initiator awaits the responder's ciphertext.
    Reply { hellos: Hellos },
    /// The responder awaits the initiator's ciphertext.
    LastReply { hellos: Hellos, secret: SharedSecret<XWing>, reply: Vec<u8> },
}

codec!(
    enum Stage {
        0 = Commitment,
        1 = Hello { commitment },
        2 = Reply { hellos },
        3 = LastReply { hellos, secret, reply },
    }
);

/// The friend's hello, and values that both sides derive from the two hellos.
struct Hellos {
    friend: Hello,
    transcript: [u8; 32],
    safety: SafetyString,
}

codec!(struct Hellos { friend, transcript, safety });

/// The outcome of processing a box.
pub(crate) enum Outcome {
    /// The pairing continues.
    Waits,
    /// The box was not made with the code.
    Tampered,
    /// The two sides have paired.
    Paired(Box<Session>),
}

const COMMITMENT_LEN: usize = 32;

/// The interval at which an unanswered message is written again, in ticks.
const AGAIN_TICKS: u64 = 6;

impl Pairing {
    pub(crate) fn new(role: Role, code: &Code, name: &str, box_len: usize, rng: &mut dyn CryptoRng) -> Option<Self> {
        let mut seed = Seed::<XWing>::default();
        rng.fill_bytes(seed.as_bytes_mut());
        let public = seed.public_key().ok()?;
        let hello = Hello { number: session::random(rng), public, name: name::person(name) };
        let mut pairing = Self {
            role,
            box_len,
            secret: code.key(),
            seed,
            hello,
            stage: Stage::Commitment,
            outgoing: None,
            ticks: 0,
            has_failed: false,
        };
        if role == Role::Initiator {
            let commitment = commit(&pairing.hello);
            pairing.send(0, &commitment, rng)?;
            pairing.stage = Stage::Hello { commitment };
        }
        Some(pairing)
    }

    /// The exchange of a tick, and the number of the message that it reads.
    pub(crate) fn tick(&mut self, rng: &mut dyn CryptoRng) -> (Exchange, u8) {
        let is_its_turn = self.ticks.is_multiple_of(AGAIN_TICKS);
        self.ticks = self.ticks.saturating_add(1);
        let outgoing = self.outgoing.as_ref().filter(|_| is_its_turn).cloned();
        let (write_id, boxed) = outgoing.unwrap_or_else(|| session::filler(self.box_len, rng));
        let awaited = self.awaited();
        (Exchange { read_token: *self.token(self.role.other(), awaited).as_bytes(), write_id, boxed }, awaited)
    }

    /// Processes a box that was read for the message with this number.
    pub(crate) fn answered(&mut self, number: u8, boxed: &[u8], rng: &mut dyn CryptoRng) -> Outcome {
        if number != self.awaited() {
            return Outcome::Waits;
        }
        let plaintext = sealed::open(&self.key(self.role.other(), number), &[], boxed);
        let outcome = plaintext.and_then(|mut plaintext| {
            // a name, a public key, a ciphertext, hashes: this side compares and checks them
            declassify(&mut plaintext);
            self.receive(&plaintext, rng)
        });
        outcome.unwrap_or_else(|| {
            // only the first is reported, so that a service that modifies all of them can't flood
            // the user
            if core::mem::replace(&mut self.has_failed, true) { Outcome::Waits } else { Outcome::Tampered }
        })
    }

    fn receive(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Option<Outcome> {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) => {
                let commitment = *plaintext.first_chunk()?;
                let hello = self.hello.to_bytes();
                self.send(0, &hello, rng)?;
                self.stage = Stage::Hello { commitment };
            }
            (Stage::Hello { .. }, Role::Initiator) => {
                let hellos = self.with_friend(Hello::parse(plaintext)?);
                let hello = self.hello.to_bytes();
                self.send(1, &hello, rng)?;
                self.stage = Stage::Reply { hellos };
            }
            (Stage::Hello { commitment }, Role::Responder) => {
                let friend = Hello::parse(plaintext)?;
                if !bool::from(commit(&friend).ct_eq(commitment)) {
                    return None;
                }
                let hellos = self.with_friend(friend);
                let (reply, secret) = self.encapsulate(&hellos, rng)?;
                self.send(1, &reply, rng)?;
                self.stage = Stage::LastReply { hellos, secret, reply };
            }
            (Stage::Reply { hellos }, _) => {
                let (theirs, their_reply) = self.decapsulate(hellos, Role::Responder, plaintext)?;
                let (reply, ours) = self.encapsulate(hellos, rng)?;
                let master = self.master(hellos, [&theirs, &ours], [&their_reply, &reply]);
                let (friend, safety) = (name::person(&hellos.friend.name), hellos.safety);
                let first = FirstStep::Send { theirs: hellos.friend.public.clone() };
                self.send(2, &reply, rng)?;
                let (id, boxed) = self.outgoing.take()?;
                let last_of_pairing = Some(LastOfPairing { id, boxed });
                let agreed = Agreed { role: self.role, friend, safety, master, first, last_of_pairing };
                return Some(Outcome::Paired(Box::new(Session::new(agreed, self.box_len))));
            }
            (Stage::LastReply { hellos, secret: ours, reply }, _) => {
                let (theirs, their_reply) = self.decapsulate(hellos, Role::Initiator, plaintext)?;
                let master = self.master(hellos, [ours, &theirs], [reply, &their_reply]);
                let (friend, safety) = (name::person(&hellos.friend.name), hellos.safety);
                let first = FirstStep::Await { seed: core::mem::take(&mut self.seed) };
                let agreed = Agreed { role: self.role, friend, safety, master, first, last_of_pairing: None };
                return Some(Outcome::Paired(Box::new(Session::new(agreed, self.box_len))));
            }
        }
        self.ticks = 0;
        Some(Outcome::Waits)
    }

    fn with_friend(&self, friend: Hello) -> Hellos {
        let (initiator, responder) = match self.role {
            Role::Initiator => (&self.hello, &friend),
            Role::Responder => (&friend, &self.hello),
        };
        let hellos = [initiator.to_bytes(), responder.to_bytes()];
        let transcript = kdf::hash("transcript", &[&hellos[0], &hellos[1]]);
        let safety: [u8; SAFETY_LEN] = kdf::hash("safety", &[&hellos[0], &hellos[1]]);
        Hellos { friend, transcript, safety: SafetyString::new(safety) }
    }

    /// A secret for the friend, and the message that carries and confirms it.
    fn encapsulate(&self, hellos: &Hellos, rng: &mut dyn CryptoRng) -> Option<(Vec<u8>, SharedSecret<XWing>)> {
        let (mut ciphertext, mut secret) = (Ciphertext::<XWing>::default(), SharedSecret::<XWing>::default());
        XWing::encapsulate(&hellos.friend.public, rng, &mut ciphertext, &mut secret).ok()?;
        let confirmation = self.confirmation(self.role, hellos, &ciphertext, &secret);
        Some((Reply { ciphertext, confirmation }.to_bytes(), secret))
    }

    /// The friend's secret and message, if its confirmation is right.
    fn decapsulate(&self, hellos: &Hellos, friend: Role, plaintext: &[u8]) -> Option<(SharedSecret<XWing>, Vec<u8>)> {
        let reply = Reply::parse(plaintext)?;
        let mut key = <XWing as Kem>::Expanded::default();
        XWing::expand_into(KeySource::Seed(&self.seed), None, &mut key).ok()?;
        let mut secret = SharedSecret::<XWing>::default();
        XWing::decapsulate(&key, &reply.ciphertext, &mut secret).ok()?;
        let confirmation = self.confirmation(friend, hellos, &reply.ciphertext, &secret);
        // declassified: whether the confirmation is right
        bool::from(confirmation.ct_eq(&reply.confirmation)).then(|| (secret, reply.to_bytes()))
    }

    fn confirmation(
        &self,
        role: Role,
        hellos: &Hellos,
        ciphertext: &Ciphertext<XWing>,
        secret: &SharedSecret<XWing>,
    ) -> [u8; CONFIRM_LEN] {
        let parts: [&[u8]; 4] = [&[role.tag()], &hellos.transcript, ciphertext.as_bytes(), secret.as_bytes()];
        self.secret.public("confirmation", &parts)
    }

    /// The key from which the conversation's keys are derived. It depends on the code, both secrets
    /// and all messages, the responder's first.
    fn master(&self, hellos: &Hellos, secrets: [&SharedSecret<XWing>; 2], replies: [&Vec<u8>; 2]) -> Key {
        let [first, second] = secrets.map(SharedSecret::as_bytes);
        self.secret.derive("conversation", &[&hellos.transcript, first, second, replies[0], replies[1]])
    }

    /// The number of the friend's message that is awaited.
    const fn awaited(&self) -> u8 {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) | (Stage::Hello { .. }, Role::Initiator) => 0,
            (Stage::Hello { .. }, Role::Responder) | (Stage::Reply { .. }, _) => 1,
            (Stage::LastReply { .. }, _) => 2,
        }
    }

    /// Makes the box of our message with this number.
    fn send(&mut self, number: u8, message: &[u8], rng: &mut dyn CryptoRng) -> Option<()> {
        let mut padded = message.to_vec();
        padded.resize(self.box_len.checked_sub(sealed::OVERHEAD)?, 0);
        let boxed = sealed::seal(&self.key(self.role, number), &[], &padded, rng)?;
        self.outgoing = Some((id_of(self.token(self.role, number).as_bytes()), boxed));
        Some(())
    }

    fn token(&self, role: Role, number: u8) -> Key {
        self.secret.derive("pairing token", &[&[role.tag(), number]])
    }

    fn key(&self, role: Role, number: u8) -> Key {
        self.secret.derive("pairing box", &[&[role.tag(), number]])
    }

    pub(crate) const fn box_len(&self) -> usize {
        self.box_len
    }

    /// Ticks since the last message of the other side.
    pub(crate) const fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Whether a message of the other side has arrived.
    pub(crate) const fn has_answer(&self) -> bool {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) | (Stage::Hello { .. }, Role::Initiator) => false,
            (Stage::Hello { .. } | Stage::Reply { .. } | Stage::LastReply { .. }, _) => true,
        }
    }
}

fn commit(hello: &Hello) -> [u8; COMMITMENT_LEN] {
    kdf::hash("commitment", &[&hello.to_bytes()])
}
