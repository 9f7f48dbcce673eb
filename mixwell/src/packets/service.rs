//! The service at the end of the way: sends every message back through its SURB.

use super::{network::Network, node::Direction, times::Times, trip::Parcel};
use crate::error::Error;
use mixwell_sphinx::{Message, RecipientId, Scheme};

/// Under which name the service node knows the service.
pub(super) const ECHO: RecipientId = RecipientId(*b"echo\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");

/// The service.
#[derive(Default)]
pub(super) struct Service {
    pub(super) answering: Times,
}

impl Service {
    /// Answers a payload that the service node was given.
    pub(super) fn answer<S: Scheme>(
        &mut self,
        network: &Network<S>,
        recipient: RecipientId,
        payload: &[u8],
    ) -> Result<Parcel, Error> {
        if recipient != ECHO {
            return Err(Error::Demo("a packet asks for a service that is not there"));
        }
        let sphinx = &network.sphinx;
        let message = Message::parse(sphinx.geometry(), payload).map_err(|_| Error::Demo("a message is malformed"))?;
        let surb = message.surb.ok_or(Error::Demo("a message came without its SURB"))?;
        let mut packet = vec![0; sphinx.geometry().packet_len()];
        let first_hop = self.answering.measure(|| sphinx.wrap_reply(surb, message.user_payload, &mut packet))?;
        Ok(Parcel::new(network.find(first_hop)?, packet, Direction::Back))
    }
}
