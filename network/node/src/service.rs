//! The services of a service node.

mod error;

pub use error::ServiceError;

use crate::{counters::DropReason, rendezvous::Store};
use chacha20::ChaCha20Rng;
use core::fmt;
use mixwell_mixdelay::Instant;
use mixwell_net::{
    codec::PacketCodec,
    rendezvous::{Limits, Shape},
    services::{ServiceKind, ServiceSpec, recipient},
};
use mixwell_pki_types::build::{Capabilities, Value};
use mixwell_sphinx::{Geometry, Message, NodeId, RecipientId};
use std::{collections::BTreeMap, sync::Arc};

/// A service. It answers each request independently, at once, in the caller's memory.
///
/// Requests are hostile bytes, and are passed in from many threads at a time. Anything that the
/// answer or its timing depends on is visible to the senders of requests.
pub trait Service: fmt::Debug + Send + Sync {
    /// Answers a request: the user payload of a packet. The answer is the request itself or a part
    /// of `room`, which is as long as a packet; an answer that is longer than a reply's payload is
    /// dropped and counted. `now` is the node's monotonic time.
    fn answer<'a>(&self, now: Instant, request: &'a [u8], room: &'a mut [u8]) -> &'a [u8];
}

/// The echo service: answers with the request.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Echo;

impl Service for Echo {
    fn answer<'a>(&self, _: Instant, request: &'a [u8], _: &'a mut [u8]) -> &'a [u8] {
        request
    }
}

impl Service for Store {
    fn answer<'a>(&self, now: Instant, request: &'a [u8], room: &'a mut [u8]) -> &'a [u8] {
        Self::answer(self, now, request, room)
    }
}

/// The services of a node.
#[derive(Debug, Default)]
pub struct Services {
    /// Each service with its recipient id.
    offered: Vec<(RecipientId, Arc<dyn Service>)>,
    capabilities: Capabilities,
    /// The boxes of the rendezvous service.
    boxes: Option<Arc<Store>>,
}

impl Services {
    /// The configured services, without those whose requests do not fit in packets of this
    /// geometry.
    #[must_use]
    pub fn new(specs: &[ServiceSpec], geometry: &Geometry, boxes: Limits, rng: ChaCha20Rng) -> Self {
        let mut services = Self::default();
        let mut rng = Some(rng);
        for ServiceSpec { capability, endpoint, kind } in specs {
            let service: Arc<dyn Service> = match kind {
                ServiceKind::Echo => Arc::new(Echo),
                ServiceKind::Rendezvous => {
                    // capabilities are unique, so there is at most one store
                    let (Some(shape), Some(rng)) = (Shape::of(geometry), rng.take()) else { continue };
                    let store = Arc::new(Store::new(shape, boxes, rng));
                    services.boxes = Some(Arc::clone(&store));
                    store
                }
            };
            // the configuration was checked when it was read
            let _ = services.add(capability, endpoint, service);
        }
        services
    }

    /// Adds a service of the embedding program. Clients find it by its capability in the node's
    /// descriptor, and address requests to the endpoint.
    ///
    /// # Errors
    /// If the endpoint is longer than a recipient id, or one of the names is in use.
    pub fn add(&mut self, capability: &str, endpoint: &str, service: Arc<dyn Service>) -> Result<(), ServiceError> {
        let recipient =
            recipient(endpoint).ok_or(ServiceError::EndpointTooLong { got: endpoint.len(), max: RecipientId::LEN })?;
        if self.capabilities.contains_key(capability) || self.at(recipient).is_some() {
            return Err(ServiceError::InUse);
        }
        let parameters = BTreeMap::from([("endpoint".to_owned(), Value::from(endpoint))]);
        self.capabilities.insert(capability.to_owned(), parameters);
        self.offered.push((recipient, service));
        Ok(())
    }

    /// The capabilities in the node's descriptor.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The boxes of the rendezvous service, if there is one.
    pub(crate) const fn boxes(&self) -> Option<&Arc<Store>> {
        self.boxes.as_ref()
    }

    fn at(&self, recipient: RecipientId) -> Option<&dyn Service> {
        self.offered.iter().find(|(endpoint, _)| *endpoint == recipient).map(|(_, service)| &**service)
    }

    /// Answers a request, an unwrapped packet, by wrapping the answer into `reply`. Returns the
    /// first hop of the reply. `room` has the length of a packet.
    pub(crate) fn reply(
        &self,
        codec: &dyn PacketCodec,
        now: Instant,
        Request { recipient, packet }: Request<'_>,
        room: &mut [u8],
        reply: &mut [u8],
    ) -> Result<NodeId, DropReason> {
        let service = self.at(recipient).ok_or(DropReason::Recipient)?;
        let geometry = codec.geometry();
        let at = packet.len().saturating_sub(geometry.forward_payload_len());
        let message =
            Message::parse(geometry, packet.get(at..).unwrap_or_default()).map_err(|_| DropReason::Request)?;
        let surb = message.surb.ok_or(DropReason::Request)?;
        let answer = service.answer(now, message.user_payload, room);
        codec.wrap_reply(surb, answer, reply).map_err(|_| DropReason::Request)
    }
}

/// A request at its service node.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) recipient: RecipientId,
    /// The unwrapped packet, which ends with the request.
    pub(crate) packet: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_unique_and_short() {
        let mut services = Services::default();
        services.add("echo", "+echo", Arc::new(Echo)).unwrap();
        assert_eq!(services.add("echo", "+other", Arc::new(Echo)), Err(ServiceError::InUse));
        assert_eq!(services.add("other", "+echo", Arc::new(Echo)), Err(ServiceError::InUse));
        let long = "x".repeat(RecipientId::LEN + 1);
        let error = ServiceError::EndpointTooLong { got: RecipientId::LEN + 1, max: RecipientId::LEN };
        assert_eq!(services.add("other", &long, Arc::new(Echo)), Err(error));
        services.add("other", &long[1..], Arc::new(Echo)).unwrap();
        assert_eq!(services.capabilities().keys().collect::<Vec<_>>(), ["echo", "other"]);
    }
}
