//! The client: sends messages, each with a SURB, and reads the answers.

use super::{
    network::{GATEWAY, Network, random_bytes},
    node::Direction,
    service,
    times::Times,
    trip::Parcel,
};
use crate::error::Error;
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{Message, Path, RecipientId, Scheme, SurbId, SurbKeys};
use std::collections::HashMap;

/// A client with messages under way.
pub(super) struct Client<'t> {
    id: RecipientId,
    waiting: HashMap<SurbId, Waiting<'t>>,
    pub(super) making_surbs: Times,
    pub(super) wrapping: Times,
    pub(super) reading: Times,
    /// Messages sent and the bytes in them.
    pub(super) sent: Amount,
    /// Answers that were just what had been sent, and the bytes in them.
    pub(super) returned: Amount,
}

/// Messages and the user's bytes in them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// What is needed to read and check an answer.
struct Waiting<'t> {
    keys: SurbKeys,
    text: &'t [u8],
}

impl<'t> Client<'t> {
    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self {
            id: RecipientId(random_bytes(rng)),
            waiting: HashMap::new(),
            making_surbs: Times::default(),
            wrapping: Times::default(),
            reading: Times::default(),
            sent: Amount::default(),
            returned: Amount::default(),
        }
    }

    /// Wraps a piece of text, with a SURB for the answer.
    pub(super) fn send<S: Scheme>(
        &mut self,
        network: &Network<S>,
        text: &'t [u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<Parcel, Error> {
        let sphinx = &network.sphinx;
        let (out, back) = (network.way_out(rng), network.way_back(rng));
        let out = Path { hops: &out, recipient: service::ECHO };
        let back = Path { hops: &back, recipient: self.id };

        let surb_id = SurbId(random_bytes(rng));
        let mut surb = vec![0; sphinx.geometry().surb_len()];
        let keys = self.making_surbs.measure(|| sphinx.new_surb(&back, surb_id, rng, &mut surb))?;
        let message = Message { surb: Some(&surb), user_payload: text };
        let mut packet = vec![0; sphinx.geometry().packet_len()];
        self.wrapping.measure(|| sphinx.wrap_message(&out, &message, rng, &mut packet))?;

        self.waiting.insert(surb_id, Waiting { keys, text });
        self.sent.add(text);
        Ok(Parcel::new(GATEWAY, packet, Direction::Out))
    }

    /// Wraps a piece of text for the attacker to spoil: nobody waits for an answer, and the time does not count.
    pub(super) fn send_to_be_lost<S: Scheme>(
        network: &Network<S>,
        text: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<Parcel, Error> {
        let out = network.way_out(rng);
        let path = Path { hops: &out, recipient: service::ECHO };
        let mut packet = vec![0; network.sphinx.geometry().packet_len()];
        network.sphinx.wrap_message(&path, &Message { surb: None, user_payload: text }, rng, &mut packet)?;
        Ok(Parcel::new(GATEWAY, packet, Direction::Out))
    }

    /// Reads the answer that came through a SURB, and compares it with what was sent.
    pub(super) fn read<'p>(
        &mut self,
        recipient: RecipientId,
        surb_id: SurbId,
        answer: &'p mut [u8],
    ) -> Result<&'p [u8], Error> {
        if recipient != self.id {
            return Err(Error::Demo("an answer is for somebody else"));
        }
        let Waiting { keys, text } =
            self.waiting.remove(&surb_id).ok_or(Error::Demo("an answer to a message that was never sent"))?;
        let answer = self.reading.measure(|| keys.open(answer)).map_err(|_| Error::Demo("an answer can't be read"))?;
        let Some((echo, padding)) = answer.split_at_checked(text.len()) else {
            return Err(Error::Demo("an answer is too short"));
        };
        if echo == text && padding.iter().all(|byte| *byte == 0) {
            self.returned.add(text);
        }
        Ok(echo)
    }
}

impl Amount {
    fn add(&mut self, text: &[u8]) {
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(text.len());
    }
}
