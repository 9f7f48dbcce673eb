//! Pairing: five boxes under places and keys that the code gives.
//!
//! The initiator commits to its public key and a random number, the responder shows its own, the initiator opens its commitment;
//! then each encapsulates to the other. The safety string is over the keys, numbers and names: who stands between has one
//! guess at it.

mod keep;
mod message;

use crate::{
    code::{Code, SAFETY_LEN, SafetyString},
    exchange::{BoxLen, Exchange, ID_LEN, id_of},
    kdf::{self, Key},
    name,
    ratchet::{First, Role},
    sealed,
    session::{self, Agreed, LastOfPairing},
};
use alloc::{boxed::Box, vec::Vec};
use message::{CONFIRM_LEN, Hello, Reply};
use mixwell_pq_kem::{
    Kem, XWing,
    kem::{Ciphertext, Seed, SharedSecret},
};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;

/// A pairing under way.
pub(crate) struct Pairing {
    role: Role,
    len: BoxLen,
    secret: Key,
    seed: Seed<XWing>,
    /// What we say of ourselves.
    hello: Hello,
    stage: Stage,
    /// The box that the friend is to have next, and its id.
    showing: Option<([u8; ID_LEN], Vec<u8>)>,
    tick: u64,
    has_failed: bool,
}

/// What is awaited.
enum Stage {
    /// The responder awaits the commitment.
    Commitment,
    /// The initiator, who has committed, awaits the responder's hello; the responder, who has the commitment, the initiator's.
    Hello { commitment: [u8; COMMITMENT_LEN] },
    /// The initiator awaits the responder's ciphertext.
    Reply { met: Met },
    /// The responder awaits the initiator's.
    LastReply { met: Met, theirs: SharedSecret<XWing>, reply: Vec<u8> },
}

/// Both have shown themselves.
struct Met {
    friend: Hello,
    transcript: [u8; 32],
    safety: SafetyString,
}

/// What came of a box.
pub(crate) enum Outcome {
    /// The pairing goes on.
    Waits,
    /// The box was not made by who has the code, or is none.
    Tampered,
    /// The two have paired.
    Paired(Box<Agreed>),
}

const COMMITMENT_LEN: usize = 32;

/// How often a box is written again that the friend does not seem to have.
const AGAIN_TICKS: u64 = 6;

impl Pairing {
    pub(crate) fn new<R: CryptoRng + ?Sized>(
        role: Role,
        code: &Code,
        name: &str,
        len: BoxLen,
        rng: &mut R,
    ) -> Option<Self> {
        let mut seed = Seed::<XWing>::default();
        rng.fill_bytes(seed.as_bytes_mut());
        let public = XWing::public_key(&XWing::from_seed(&seed)).ok()?;
        let hello = Hello { number: session::random(rng), public, name: name::person(name) };
        let mut pairing = Self {
            role,
            len,
            secret: code.key(),
            seed,
            hello,
            stage: Stage::Commitment,
            showing: None,
            tick: 0,
            has_failed: false,
        };
        if role == Role::Initiator {
            let commitment = commit(&pairing.hello);
            pairing.show(0, &commitment, rng)?;
            pairing.stage = Stage::Hello { commitment };
        }
        Some(pairing)
    }

    pub(crate) fn tick<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> (Exchange, u8) {
        let is_its_turn = self.tick.is_multiple_of(AGAIN_TICKS);
        self.tick = self.tick.saturating_add(1);
        let showing = self.showing.as_ref().filter(|_| is_its_turn).cloned();
        let (write_id, boxed) = showing.unwrap_or_else(|| session::filler(self.len, rng));
        let place = self.awaited();
        (Exchange { read_token: *self.token(self.role.other(), place).as_bytes(), write_id, boxed }, place)
    }

    /// Takes a box that was read at a place.
    pub(crate) fn answered<R: CryptoRng + ?Sized>(&mut self, place: u8, boxed: &[u8], rng: &mut R) -> Outcome {
        if place != self.awaited() {
            return Outcome::Waits;
        }
        let plaintext = sealed::open(&self.key(self.role.other(), place), &[], boxed);
        let taken = plaintext.and_then(|plaintext| self.take(&plaintext, rng));
        // only the first is told, so that who changes them all can't flood
        let failed = || if core::mem::replace(&mut self.has_failed, true) { Outcome::Waits } else { Outcome::Tampered };
        taken.unwrap_or_else(failed)
    }

    fn take<R: CryptoRng + ?Sized>(&mut self, plaintext: &[u8], rng: &mut R) -> Option<Outcome> {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) => {
                let commitment = *plaintext.first_chunk()?;
                let hello = self.hello.encode();
                self.show(0, &hello, rng)?;
                self.stage = Stage::Hello { commitment };
            }
            (Stage::Hello { .. }, Role::Initiator) => {
                let met = self.meet(Hello::decode(plaintext)?);
                let hello = self.hello.encode();
                self.show(1, &hello, rng)?;
                self.stage = Stage::Reply { met };
            }
            (Stage::Hello { commitment }, Role::Responder) => {
                let friend = Hello::decode(plaintext)?;
                if !bool::from(commit(&friend).ct_eq(commitment)) {
                    return None;
                }
                let met = self.meet(friend);
                let (reply, theirs) = self.encapsulate(&met, rng)?;
                self.show(1, &reply, rng)?;
                self.stage = Stage::LastReply { met, theirs, reply };
            }
            (Stage::Reply { met }, _) => {
                let (ours, theirs_reply) = self.decapsulate(met, Role::Responder, plaintext)?;
                let (reply, theirs) = self.encapsulate(met, rng)?;
                let master = self.master(met, [&ours, &theirs], [&theirs_reply, &reply]);
                let (friend, safety, public) = (name::person(&met.friend.name), met.safety, met.friend.public.clone());
                self.show(2, &reply, rng)?;
                let (id, boxed) = self.showing.take()?;
                let (role, first) = (self.role, First::Step { theirs: public });
                let last_of_pairing = Some(LastOfPairing { id, boxed });
                let agreed = Agreed { role, friend, safety, master, first, last_of_pairing };
                return Some(Outcome::Paired(Box::new(agreed)));
            }
            (Stage::LastReply { met, theirs, reply }, _) => {
                let (ours, theirs_reply) = self.decapsulate(met, Role::Initiator, plaintext)?;
                let master = self.master(met, [theirs, &ours], [reply, &theirs_reply]);
                let (friend, safety) = (name::person(&met.friend.name), met.safety);
                let (role, first) = (self.role, First::Await { seed: core::mem::take(&mut self.seed) });
                let agreed = Agreed { role, friend, safety, master, first, last_of_pairing: None };
                return Some(Outcome::Paired(Box::new(agreed)));
            }
        }
        self.tick = 0;
        Some(Outcome::Waits)
    }

    /// Both hellos are known.
    fn meet(&self, friend: Hello) -> Met {
        let (initiator, responder) = match self.role {
            Role::Initiator => (&self.hello, &friend),
            Role::Responder => (&friend, &self.hello),
        };
        let hellos = [initiator.encode(), responder.encode()];
        let transcript = kdf::hash("transcript", &[&hellos[0], &hellos[1]]);
        let safety: [u8; SAFETY_LEN] = kdf::hash("safety", &[&hellos[0], &hellos[1]]);
        Met { friend, transcript, safety: SafetyString::new(safety) }
    }

    /// A secret for the friend, and the message that carries and confirms it.
    fn encapsulate<R: CryptoRng + ?Sized>(&self, met: &Met, rng: &mut R) -> Option<(Vec<u8>, SharedSecret<XWing>)> {
        let (mut ciphertext, mut secret) = (Ciphertext::<XWing>::default(), SharedSecret::<XWing>::default());
        XWing::encapsulate(&met.friend.public, rng, &mut ciphertext, &mut secret).ok()?;
        let confirmation = self.confirmation(self.role, met, &ciphertext, &secret);
        Some((Reply { ciphertext, confirmation }.encode(), secret))
    }

    /// The friend's secret, if he confirms it.
    fn decapsulate(&self, met: &Met, friend: Role, plaintext: &[u8]) -> Option<(SharedSecret<XWing>, Vec<u8>)> {
        let reply = Reply::decode(plaintext)?;
        let mut key = <XWing as Kem>::Expanded::default();
        XWing::expand_into(&XWing::from_seed(&self.seed), &mut key).ok()?;
        let mut secret = SharedSecret::<XWing>::default();
        XWing::decapsulate(&key, &reply.ciphertext, &mut secret).ok()?;
        let confirmation = self.confirmation(friend, met, &reply.ciphertext, &secret);
        bool::from(confirmation.ct_eq(&reply.confirmation)).then(|| (secret, reply.encode()))
    }

    fn confirmation(
        &self,
        role: Role,
        met: &Met,
        ciphertext: &Ciphertext<XWing>,
        secret: &SharedSecret<XWing>,
    ) -> [u8; CONFIRM_LEN] {
        self.secret.public("confirmation", &[&[role.tag()], &met.transcript, ciphertext.as_bytes(), secret.as_bytes()])
    }

    /// What the conversation's keys are derived from: the code, both secrets, and all that was said. The responder's come first.
    fn master(&self, met: &Met, secrets: [&SharedSecret<XWing>; 2], replies: [&Vec<u8>; 2]) -> Key {
        let [first, second] = secrets.map(SharedSecret::as_bytes);
        self.secret.derive("conversation", &[&met.transcript, first, second, replies[0], replies[1]])
    }

    /// The place of the friend's box that is awaited.
    const fn awaited(&self) -> u8 {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) | (Stage::Hello { .. }, Role::Initiator) => 0,
            (Stage::Hello { .. }, Role::Responder) | (Stage::Reply { .. }, _) => 1,
            (Stage::LastReply { .. }, _) => 2,
        }
    }

    /// Shows the friend a message at the next place.
    fn show<R: CryptoRng + ?Sized>(&mut self, place: u8, message: &[u8], rng: &mut R) -> Option<()> {
        let mut padded = message.to_vec();
        padded.resize(self.len.get().checked_sub(sealed::OVERHEAD)?, 0);
        let boxed = sealed::seal(&self.key(self.role, place), &[], &padded, rng)?;
        self.showing = Some((id_of(self.token(self.role, place).as_bytes()), boxed));
        Some(())
    }

    fn token(&self, role: Role, place: u8) -> Key {
        self.secret.derive("pairing token", &[&[role.tag(), place]])
    }

    fn key(&self, role: Role, place: u8) -> Key {
        self.secret.derive("pairing box", &[&[role.tag(), place]])
    }

    /// How many ticks this stage has lasted.
    pub(crate) const fn ticks(&self) -> u64 {
        self.tick
    }

    /// Whether the other one has shown himself.
    pub(crate) const fn has_met(&self) -> bool {
        match (&self.stage, self.role) {
            (Stage::Commitment, _) | (Stage::Hello { .. }, Role::Initiator) => false,
            (Stage::Hello { .. } | Stage::Reply { .. } | Stage::LastReply { .. }, _) => true,
        }
    }
}

fn commit(hello: &Hello) -> [u8; COMMITMENT_LEN] {
    kdf::hash("commitment", &[&hello.encode()])
}
