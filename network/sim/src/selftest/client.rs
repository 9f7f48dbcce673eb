//! The client, who sends messages with SURBs and compares the replies.

use super::{
    error::{SelfTestError, Violation},
    hop::Direction,
    network::{GATEWAY, Network, random_bytes},
    run::InFlightPacket,
    service,
    times::Times,
};
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{Message, Path, RecipientId, Scheme, SurbId, SurbKeys};
use std::collections::HashMap;

/// A client and its unanswered messages.
pub(super) struct Client<'t> {
    id: RecipientId,
    unanswered: HashMap<SurbId, Unanswered<'t>>,
    pub(super) making_surbs: Times,
    pub(super) wrapping: Times,
    pub(super) reading: Times,
    pub(super) sent: PayloadCount,
    /// Replies that were equal to their message.
    pub(super) returned: PayloadCount,
}

/// A number of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayloadCount {
    /// Number of messages.
    pub messages: usize,
    /// Number of user payload bytes in them.
    pub bytes: usize,
}

/// An unanswered message.
struct Unanswered<'t> {
    keys: SurbKeys,
    text: &'t [u8],
}

impl<'t> Client<'t> {
    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self {
            id: RecipientId(random_bytes(rng)),
            unanswered: HashMap::new(),
            making_surbs: Times::default(),
            wrapping: Times::default(),
            reading: Times::default(),
            sent: PayloadCount::default(),
            returned: PayloadCount::default(),
        }
    }

    /// Wraps a message with a SURB for the reply.
    pub(super) fn send<S: Scheme>(
        &mut self,
        network: &Network<S>,
        text: &'t [u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<InFlightPacket, SelfTestError> {
        let sphinx = &network.sphinx;
        let (out, back) = (network.path_out(rng), network.path_back(rng));
        let out = Path { hops: &out, recipient: service::ECHO };
        let back = Path { hops: &back, recipient: self.id };

        let surb_id = SurbId(random_bytes(rng));
        let mut surb = vec![0; sphinx.geometry().surb_len()];
        let keys = self.making_surbs.measure(|| sphinx.new_surb(&back, surb_id, rng, &mut surb))?;
        let message = Message { surb: Some(&surb), user_payload: text };
        let mut packet = vec![0; sphinx.geometry().packet_len()];
        self.wrapping.measure(|| sphinx.wrap_message(&out, &message, rng, &mut packet))?;

        self.unanswered.insert(surb_id, Unanswered { keys, text });
        self.sent.add(text);
        Ok(InFlightPacket::new(GATEWAY, packet, Direction::Out))
    }

    /// Wraps a message for the attacker to tamper with: without a SURB, and not timed.
    pub(super) fn wrap_for_attacker<S: Scheme>(
        network: &Network<S>,
        text: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<InFlightPacket, SelfTestError> {
        let out = network.path_out(rng);
        let path = Path { hops: &out, recipient: service::ECHO };
        let mut packet = vec![0; network.sphinx.geometry().packet_len()];
        network.sphinx.wrap_message(&path, &Message { surb: None, user_payload: text }, rng, &mut packet)?;
        Ok(InFlightPacket::new(GATEWAY, packet, Direction::Out))
    }

    /// Decrypts a reply, and compares it with its message.
    pub(super) fn read<'p>(
        &mut self,
        recipient: RecipientId,
        surb_id: SurbId,
        answer: &'p mut [u8],
    ) -> Result<&'p [u8], SelfTestError> {
        if recipient != self.id {
            return Err(Violation::Recipient.into());
        }
        let Unanswered { keys, text } = self.unanswered.remove(&surb_id).ok_or(Violation::UnknownSurb)?;
        let answer = self.reading.measure(|| keys.open(answer)).map_err(|_| Violation::Reply)?;
        let Some((echo, padding)) = answer.split_at_checked(text.len()) else {
            return Err(Violation::ShortReply.into());
        };
        if echo == text && padding.iter().all(|byte| *byte == 0) {
            self.returned.add(text);
        }
        Ok(echo)
    }
}

impl PayloadCount {
    fn add(&mut self, text: &[u8]) {
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(text.len());
    }
}
