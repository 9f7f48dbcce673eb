//! The names by which service nodes offer their services.

use mixwell_sphinx::RecipientId;

/// The service that gives back what it gets.
pub const ECHO: &str = "echo";

/// The service that keeps boxes: [`rendezvous`](crate::rendezvous).
pub const RENDEZVOUS: &str = "rendezvous";

/// The recipient id of an endpoint: its name, padded with zeros. `None` if the name is too long.
#[must_use]
pub fn recipient(endpoint: &str) -> Option<RecipientId> {
    let mut id = [0; RecipientId::LEN];
    id.get_mut(..endpoint.len())?.copy_from_slice(endpoint.as_bytes());
    Some(RecipientId(id))
}
