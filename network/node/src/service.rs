//! What a service node answers to requests.

use crate::{counters::Loss, rendezvous::Store};
use chacha20::ChaCha20Rng;
use mixwell_mixdelay::Instant;
use mixwell_net::{
    codec::PacketCodec,
    rendezvous::{Limits, Shape},
    services::{ServiceKind, ServiceSpec, recipient},
};
use mixwell_pki_types::build::{Capabilities, Value};
use mixwell_sphinx::{Geometry, Message, NodeId, RecipientId};
use std::{collections::BTreeMap, sync::Arc};

/// A service of a node.
#[derive(Debug)]
pub enum Service {
    /// Answers with what was asked.
    Echo,
    /// Stores a box and hands out another.
    Rendezvous(Arc<Store>),
}

/// The services of a node, each with the recipient id that requests to it carry.
pub type Services = Vec<(RecipientId, Service)>;

impl Service {
    /// Reads the user's bytes of a request, an unwrapped packet, and wraps the answer into `reply`. Gives the first hop of the
    /// reply. `room` is as long as a packet.
    pub fn reply(
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
    pub fn answer<'a>(&self, now: Instant, request: &'a [u8], room: &'a mut [u8]) -> &'a [u8] {
        match self {
            Self::Echo => request,
            Self::Rendezvous(store) => store.answer(now, request, room),
        }
    }
}

/// The services of a service node. One that packets of this geometry have no room for is left out.
pub fn services(specs: &[ServiceSpec], geometry: &Geometry, boxes: Limits, rng: ChaCha20Rng) -> Services {
    let mut rng = Some(rng);
    let mut service = |spec: &ServiceSpec| {
        let service = match spec.kind {
            ServiceKind::Echo => Service::Echo,
            // capabilities are unique
            ServiceKind::Rendezvous => {
                Service::Rendezvous(Arc::new(Store::new(Shape::of(geometry)?, boxes, rng.take()?)))
            }
        };
        Some((recipient(&spec.endpoint)?, service))
    };
    specs.iter().filter_map(&mut service).collect()
}

/// What a service node's descriptor says of its services.
pub fn capabilities(specs: &[ServiceSpec], geometry: &Geometry) -> Capabilities {
    let is_served = |spec: &&ServiceSpec| spec.kind != ServiceKind::Rendezvous || Shape::of(geometry).is_some();
    let parameters = |spec: &ServiceSpec| {
        let endpoint = ("endpoint".to_owned(), Value::from(spec.endpoint.as_str()));
        (spec.capability.clone(), BTreeMap::from([endpoint]))
    };
    specs.iter().filter(is_served).map(parameters).collect()
}
