//! The double ratchet with a KEM (Alwen, Coretti, Dodis, EUROCRYPT 2019), whose steps are sent in
//! chunks.

mod chain;
mod step;

pub(crate) use chain::{FINGERPRINT_LEN, Fingerprint, Opened, Sealed};
pub(crate) use step::{CHUNK_LEN, Chunk, Violation};

use crate::{codec::codec, kdf::Key};
use alloc::vec::Vec;
use chain::Chain;
use mixwell_pq_kem::{
    XWing,
    kem::{PublicKey, Seed},
};
use rand_core::CryptoRng;
use step::KemStep;

/// Which side of the pairing this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Made the code.
    Initiator,
    /// Entered the code.
    Responder,
}

impl Role {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }

    /// The byte that stands for the direction of this side's boxes.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Initiator => 0,
            Self::Responder => 1,
        }
    }
}

codec!(enum Role { 0 = Initiator, 1 = Responder });

/// The keys of a conversation. Boxes are sealed in order, and opened in order.
pub(crate) struct Ratchet {
    /// Absorbs the secret of each step.
    root: Key,
    sending: Chain,
    receiving: Chain,
    /// Number of steps made by both sides together.
    steps: u32,
    step: KemStep,
}

codec!(struct Ratchet { root, sending, receiving, steps, step });

/// The beginning of the first step, by role.
#[expect(clippy::large_enum_variant, reason = "there is one in a pairing")]
pub(crate) enum FirstStep {
    /// The initiator makes it, to the key that the responder paired with.
    Send { theirs: PublicKey<XWing> },
    /// The responder awaits it.
    Await { seed: Seed<XWing> },
}

impl Ratchet {
    pub(crate) fn new(role: Role, master: &Key, first: FirstStep) -> Self {
        let chain = |role: Role| Chain::new(role, master.derive("chain", &[&[role.tag()]]));
        let step = match first {
            FirstStep::Send { theirs } => KemStep::Ready { theirs },
            FirstStep::Await { seed } => KemStep::Awaiting { seed, received: Vec::new() },
        };
        let (sending, receiving) = (chain(role), chain(role.other()));
        Self { root: master.derive("root", &[]), sending, receiving, steps: 0, step }
    }

    /// The chunk of a step that the next box carries, if it is our turn.
    pub(crate) fn next_chunk(&mut self, rng: &mut dyn CryptoRng) -> Result<Option<Chunk>, Violation> {
        self.step.begin(rng)?;
        Ok(self.step.next_chunk())
    }

    /// Seals the next box, with the chunk that [`next_chunk`](Self::next_chunk) returned. After the
    /// last chunk of a step the chain absorbs the step's secret.
    pub(crate) fn seal(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Option<Sealed> {
        let sealed = self.sending.seal(plaintext, rng)?;
        if let Some((secret, message)) = self.step.chunk_sealed() {
            let mix = self.advance_root(&secret, &message);
            self.sending.mix(&mix);
        }
        Some(sealed)
    }

    /// Opens the next box. If it is not authentic, the state is unchanged.
    pub(crate) fn open(&mut self, boxed: &[u8]) -> Option<Opened> {
        self.receiving.open(boxed)
    }

    /// Processes the chunk of a step that the box just opened carried.
    pub(crate) fn receive_chunk(&mut self, chunk: &Chunk) -> Result<(), Violation> {
        if let Some((secret, message)) = self.step.receive_chunk(chunk)? {
            let mix = self.advance_root(&secret, &message);
            self.receiving.mix(&mix);
        }
        Ok(())
    }

    /// `root' ‖ mix = KDF(root, "step", s, secret, message of the step)`.
    fn advance_root(&mut self, secret: &Key, message: &[u8]) -> Key {
        self.steps = self.steps.wrapping_add(1);
        let (root, mix) = self.root.split("step", &[&self.steps.to_le_bytes(), secret.as_bytes(), message]);
        self.root = root;
        mix
    }

    /// Fingerprint of the state in which the next box is sealed, the same as the reader's.
    pub(crate) fn sending_fingerprint(&self) -> Fingerprint {
        self.sending.fingerprint()
    }

    pub(crate) fn receiving_fingerprint(&self) -> Fingerprint {
        self.receiving.fingerprint()
    }

    /// The number of times that fresh secrets have come in.
    pub(crate) const fn steps(&self) -> u32 {
        self.steps
    }
}
