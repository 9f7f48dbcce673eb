//! The echo service at the end of the path.

use super::{
    error::{SelfTestError, Violation},
    hop::Direction,
    network::Network,
    run::InFlightPacket,
    times::Times,
};
use mixwell_sphinx::{Message, RecipientId, Scheme};

/// The recipient id by which packets name the service.
pub(super) const ECHO: RecipientId = RecipientId(*b"echo\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");

/// The echo service.
#[derive(Default)]
pub(super) struct Service {
    pub(super) answering: Times,
}

impl Service {
    /// Sends a message back through its SURB.
    pub(super) fn answer<S: Scheme>(
        &mut self,
        network: &Network<S>,
        recipient: RecipientId,
        payload: &[u8],
    ) -> Result<InFlightPacket, SelfTestError> {
        if recipient != ECHO {
            return Err(Violation::Service.into());
        }
        let sphinx = &network.sphinx;
        let message = Message::parse(sphinx.geometry(), payload).map_err(|_| Violation::Message)?;
        let surb = message.surb.ok_or(Violation::NoSurb)?;
        let mut packet = vec![0; sphinx.geometry().packet_len()];
        let first_hop = self.answering.measure(|| sphinx.wrap_reply(surb, message.user_payload, &mut packet))?;
        Ok(InFlightPacket::new(network.find(first_hop)?, packet, Direction::Back))
    }
}
