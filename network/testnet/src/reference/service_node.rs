//! The reference's echo service (`docs/spec/network.md#a-service-node`).

use mixwell_net::services::recipient;
use mixwell_pki_types::build::{Capabilities, Value};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Message, NodeId, RecipientId, Sphinx};
use std::collections::BTreeMap;

/// The endpoint of the service.
const ENDPOINT: &str = "+echo";

/// The packet of a reply and its first hop: the service returns the user payload through the SURB.
/// `None` if the request is for another service, or has no SURB.
pub fn answer(sphinx: &Sphinx<X25519>, service: RecipientId, request: &[u8]) -> Option<(NodeId, Vec<u8>)> {
    if recipient(ENDPOINT) != Some(service) {
        return None;
    }
    let message = Message::parse(sphinx.geometry(), request).ok()?;
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let first_hop = sphinx.wrap_reply(message.surb?, message.user_payload, &mut packet).ok()?;
    Some((first_hop, packet))
}

/// The capability in a service node's descriptor.
pub fn capabilities() -> Capabilities {
    [("echo".to_owned(), BTreeMap::from([("endpoint".to_owned(), Value::from(ENDPOINT))]))].into()
}
