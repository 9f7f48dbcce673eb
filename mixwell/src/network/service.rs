//! What a service node answers to requests.

use super::{counters::Loss, rendezvous::Store};
use mixwell_mixdelay::Instant;
use mixwell_net::codec::PacketCodec;
use mixwell_net::rendezvous::Shape;
use mixwell_net::services::{ECHO, RENDEZVOUS, recipient};
use mixwell_pki_types::build::{Capabilities, Value};
use mixwell_sphinx::{Geometry, Message, NodeId, RecipientId};
use std::{collections::BTreeMap, sync::Arc};

/// A service of a node.
#[derive(Debug)]
pub(crate) enum Service {
    /// Answers with what was asked.
    Echo,
    /// Stores a box and hands out another.
    Rendezvous(Arc<Store>),
}

/// The services of a node, each with the recipient id that requests to it carry.
pub(crate) type Services = Vec<(RecipientId, Service)>;

impl Service {
    /// Reads the user's bytes of a request, an unwrapped packet, and wraps the answer into `reply`. Gives the first hop of the
    /// reply. `room` is as long as a packet.
    pub(crate) fn reply(
        &self,
        codec: &dyn PacketCodec,
        now: Instant,
        request: &[u8],
        room: &mut [u8],
        reply: &mut [u8],
    ) -> Result<NodeId, Loss> {
        let geometry = codec.geometry();
        let at = request.len().saturating_sub(geometry.forward_payload_len());
        let message = Message::parse(geometry, request.get(at..).unwrap_or_default()).map_err(|_| Loss::Request)?;
        let surb = message.surb.ok_or(Loss::Request)?;
        let answer = self.answer(now, message.user_payload, room);
        codec.wrap_reply(surb, answer, reply).map_err(|_| Loss::Request)
    }

    /// Answers the user's bytes of a request; `room` is as long as a packet.
    pub(crate) fn answer<'a>(&self, now: Instant, request: &'a [u8], room: &'a mut [u8]) -> &'a [u8] {
        match self {
            Self::Echo => request,
            Self::Rendezvous(store) => store.answer(now, request, room),
        }
    }
}

/// The services of a service node: echo and, if a packet has room for a box, rendezvous with that store.
pub(crate) fn services(store: Option<Arc<Store>>) -> Services {
    let rendezvous = store.map(|store| (RENDEZVOUS, Service::Rendezvous(store)));
    let all = [Some((ECHO, Service::Echo)), rendezvous].into_iter().flatten();
    all.filter_map(|(name, service)| Some((recipient(&endpoint(name))?, service))).collect()
}

/// What a service node's descriptor says of its services.
pub(crate) fn capabilities(geometry: &Geometry) -> Capabilities {
    let all = [Some(ECHO), Shape::of(geometry).map(|_| RENDEZVOUS)].into_iter().flatten();
    let parameters = |name| BTreeMap::from([("endpoint".to_owned(), Value::from(endpoint(name).as_str()))]);
    all.map(|name| (name.to_owned(), parameters(name))).collect()
}

fn endpoint(name: &str) -> String {
    format!("+{name}")
}
