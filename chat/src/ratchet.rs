//! The double ratchet with a KEM (Alwen, Coretti, Dodis, EUROCRYPT 2019), whose steps travel in pieces.

mod chain;
mod step;

pub(crate) use chain::{FINGERPRINT_LEN, Fingerprint, Opened, Sealed};
pub(crate) use step::{CHUNK_LEN, Chunk, Violation};

use crate::{
    bytes::{Reader, Writer},
    kdf::Key,
};
use alloc::vec::Vec;
use chain::Chain;
use mixwell_pq_kem::{
    XWing,
    kem::{PublicKey, Seed},
};
use rand_core::CryptoRng;
use step::Turn;

/// Who made the code, and who entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Initiator,
    Responder,
}

impl Role {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }

    /// The byte that stands for the direction of what this side sends.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Initiator => 0,
            Self::Responder => 1,
        }
    }

    pub(crate) const fn of_tag(tag: u8) -> Option<Self> {
        match tag {
            0 => Some(Self::Initiator),
            1 => Some(Self::Responder),
            _ => None,
        }
    }
}

/// The keys of a conversation. Boxes are sealed in order, and opened in order.
pub(crate) struct Ratchet {
    /// What the secret of each step goes into.
    root: Key,
    sending: Chain,
    receiving: Chain,
    /// How many steps were made, by both.
    steps: u32,
    turn: Turn,
}

/// What the pairing leaves behind.
#[expect(clippy::large_enum_variant, reason = "there is one, once")]
pub(crate) enum First {
    /// The initiator makes the first step, to the key that the responder paired with.
    Step { theirs: PublicKey<XWing> },
    /// The responder awaits it.
    Await { seed: Seed<XWing> },
}

impl Ratchet {
    pub(crate) fn new(role: Role, master: &Key, first: First) -> Self {
        let chain = |role: Role| Chain::new(role, master.derive("chain", &[&[role.tag()]]));
        let turn = match first {
            First::Step { theirs } => Turn::Ready { theirs },
            First::Await { seed } => Turn::Awaiting { seed, received: Vec::new() },
        };
        let (sending, receiving) = (chain(role), chain(role.other()));
        Self { root: master.derive("root", &[]), sending, receiving, steps: 0, turn }
    }

    /// The piece of a step that the next box carries, if it is our turn.
    pub(crate) fn next_chunk<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> Result<Option<Chunk>, Violation> {
        self.turn.begin(rng)?;
        Ok(self.turn.next_chunk())
    }

    /// Seals the next box, which carries what [`next_chunk`](Self::next_chunk) gave. Behind the last piece of a step the
    /// chain takes up its secret.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(&mut self, plaintext: &[u8], rng: &mut R) -> Option<Sealed> {
        let sealed = self.sending.seal(plaintext, rng)?;
        if let Some((secret, message)) = self.turn.chunk_left() {
            let mix = self.step(&secret, &message);
            self.sending.mix(&mix);
        }
        Some(sealed)
    }

    /// Opens the next box, if it is authentic; if not, nothing has changed.
    pub(crate) fn open(&mut self, boxed: &[u8]) -> Option<Opened> {
        self.receiving.open(boxed)
    }

    /// Takes the piece of a step that the box just opened carried.
    pub(crate) fn take_chunk(&mut self, chunk: &Chunk) -> Result<(), Violation> {
        if let Some((secret, message)) = self.turn.take_chunk(chunk)? {
            let mix = self.step(&secret, &message);
            self.receiving.mix(&mix);
        }
        Ok(())
    }

    fn step(&mut self, secret: &Key, message: &[u8]) -> Key {
        self.steps = self.steps.wrapping_add(1);
        let (root, mix) = self.root.split("step", &[&self.steps.to_le_bytes(), secret.as_bytes(), message]);
        self.root = root;
        mix
    }

    /// What both sides know of the state in which the next box is sealed.
    pub(crate) fn sending_fingerprint(&self) -> Fingerprint {
        self.sending.fingerprint()
    }

    pub(crate) fn receiving_fingerprint(&self) -> Fingerprint {
        self.receiving.fingerprint()
    }

    /// How many times fresh secrets have come in.
    pub(crate) const fn steps(&self) -> u32 {
        self.steps
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.put(self.root.as_bytes());
        self.sending.write(to);
        self.receiving.write(to);
        to.u32(self.steps);
        self.turn.write(to);
    }

    pub(crate) fn read(role: Role, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            root: Key::new(from.array()?),
            sending: Chain::read(role, from)?,
            receiving: Chain::read(role.other(), from)?,
            steps: from.u32()?,
            turn: Turn::read(from)?,
        })
    }
}
