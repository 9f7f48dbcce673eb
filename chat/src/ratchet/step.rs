//! Continuous key agreement from a KEM, in steps that the sides take in turns. A step's message, a
//! ciphertext to the friend's last public key and a new public key, is spread over boxes, as in
//! sparse agreements (Dodis, Jost, Katsumata, Prest, Schmidt, EUROCRYPT 2025).

use crate::{codec::codec, kdf::Key};
use alloc::vec::Vec;
use mixwell_pq_kem::{
    ByteArray as _, Kem, XWing,
    kem::{Ciphertext, KeySource, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// A chunk of a step's message.
#[derive(Clone)]
pub(crate) struct Chunk {
    /// The chunk's index in the message.
    pub(crate) place: u8,
    pub(crate) bytes: [u8; CHUNK_LEN],
}

const PUBLIC_LEN: usize = <XWing as Kem>::PublicBytes::LEN;
const CIPHERTEXT_LEN: usize = <XWing as Kem>::CiphertextBytes::LEN;
const MESSAGE_LEN: usize = PUBLIC_LEN + CIPHERTEXT_LEN;

/// The number of boxes over which a step is spread.
const CHUNKS: u8 = 16;

pub(crate) const CHUNK_LEN: usize = MESSAGE_LEN.div_ceil(CHUNKS as usize);

/// An authentic box of the friend's violates the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violation;

/// The step that is due or in progress.
#[expect(clippy::large_enum_variant, reason = "there is one in a conversation, which is behind a box")]
pub(super) enum KemStep {
    /// Our step, not begun yet.
    Ready { theirs: PublicKey<XWing> },
    /// Our step, being sent.
    Sending { message: Vec<u8>, sent: u8, secret: Key, seed: Seed<XWing> },
    /// The friend's step, encapsulated to the key of this seed.
    Awaiting { seed: Seed<XWing>, received: Vec<u8> },
}

codec!(
    enum KemStep {
        0 = Ready { theirs },
        1 = Sending { message, sent, secret, seed },
        2 = Awaiting { seed, received },
    }
    valid |step| match step {
        Self::Ready { .. } => true,
        Self::Sending { message, sent, .. } => message.len() == MESSAGE_LEN && *sent < CHUNKS,
        Self::Awaiting { received, .. } => received.len() < MESSAGE_LEN,
    }
);

impl KemStep {
    /// Begins a step if it is ours to begin.
    pub(super) fn begin(&mut self, rng: &mut dyn CryptoRng) -> Result<(), Violation> {
        let Self::Ready { theirs } = self else { return Ok(()) };
        let mut ciphertext = Ciphertext::<XWing>::default();
        let mut secret = SharedSecret::<XWing>::default();
        XWing::encapsulate(theirs, rng, &mut ciphertext, &mut secret).map_err(|_| Violation)?;
        let mut seed = Seed::<XWing>::default();
        rng.fill_bytes(seed.as_bytes_mut());
        let public = seed.public_key().map_err(|_| Violation)?;
        let mut message = Vec::with_capacity(MESSAGE_LEN);
        message.extend_from_slice(ciphertext.as_bytes());
        message.extend_from_slice(public.as_bytes());
        *self = Self::Sending { message, sent: 0, secret: Key::new(*secret.as_bytes()), seed };
        Ok(())
    }

    pub(super) fn next_chunk(&self) -> Option<Chunk> {
        let Self::Sending { message, sent, .. } = self else { return None };
        let mut chunk = Chunk { place: *sent, bytes: [0; CHUNK_LEN] };
        let piece = message.chunks(CHUNK_LEN).nth(usize::from(*sent))?;
        chunk.bytes.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        Some(chunk)
    }

    /// Notes that a box with the chunk was sealed. Returns the step's secret and message after the
    /// last chunk.
    pub(super) fn chunk_sealed(&mut self) -> Option<(Key, Vec<u8>)> {
        let Self::Sending { sent, .. } = self else { return None };
        *sent = sent.saturating_add(1);
        if *sent < CHUNKS {
            return None;
        }
        let placeholder = Self::Awaiting { seed: Seed::default(), received: Vec::new() };
        let Self::Sending { message, secret, seed, .. } = core::mem::replace(self, placeholder) else { return None };
        *self = Self::Awaiting { seed, received: Vec::with_capacity(MESSAGE_LEN) };
        Some((secret, message))
    }

    /// Processes a chunk of the friend's step. Returns the step's secret and message after the last
    /// chunk.
    pub(super) fn receive_chunk(&mut self, chunk: &Chunk) -> Result<Option<(Key, Vec<u8>)>, Violation> {
        let Self::Awaiting { seed, received } = self else { return Err(Violation) };
        if received.len() != CHUNK_LEN.saturating_mul(chunk.place.into()) {
            return Err(Violation);
        }
        let missing = MESSAGE_LEN.saturating_sub(received.len());
        received.extend(chunk.bytes.iter().take(missing));
        if received.len() < MESSAGE_LEN {
            return Ok(None);
        }
        let (ciphertext, public) = received.split_first_chunk().ok_or(Violation)?;
        let ciphertext = Ciphertext::<XWing>::from_bytes(*ciphertext);
        let theirs = PublicKey::<XWing>::from_bytes(public.try_into().map_err(|_| Violation)?);
        let mut key = <XWing as Kem>::Expanded::default();
        XWing::expand_into(KeySource::Seed(seed), None, &mut key).map_err(|_| Violation)?;
        let mut secret = SharedSecret::<XWing>::default();
        XWing::decapsulate(&key, &ciphertext, &mut secret).map_err(|_| Violation)?;
        let message = core::mem::take(received);
        *self = Self::Ready { theirs };
        Ok(Some((Key::new(*secret.as_bytes()), message)))
    }
}
