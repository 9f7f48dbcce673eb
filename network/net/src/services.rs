//! The names by which service nodes offer their services.

use crate::rendezvous::Shape;
use mixwell_sphinx::{Geometry, RecipientId};

/// The service that returns each request as its reply.
pub const ECHO: &str = "echo";

/// The service that stores boxes: [`rendezvous`](crate::rendezvous).
pub const RENDEZVOUS: &str = "rendezvous";

/// The recipient id of an endpoint: its name, padded with zeros. `None` if the name is too long.
#[must_use]
pub fn recipient(endpoint: &str) -> Option<RecipientId> {
    let mut id = [0; RecipientId::LEN];
    id.get_mut(..endpoint.len())?.copy_from_slice(endpoint.as_bytes());
    Some(RecipientId(id))
}

/// A configured service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// The capability: the service's unique name in descriptors.
    pub capability: String,
    /// The unique endpoint; padded with zeros, it is the recipient id of requests.
    pub endpoint: String,
    /// The service itself.
    pub kind: ServiceKind,
}

/// A service, which answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who matches one has to handle a new one")]
pub enum ServiceKind {
    /// Returns the request as the reply.
    Echo,
    /// Stores a box and returns another one.
    Rendezvous,
}

impl ServiceKind {
    /// The kind of service of a capability.
    #[must_use]
    pub fn of(capability: &str) -> Option<Self> {
        match capability {
            ECHO => Some(Self::Echo),
            RENDEZVOUS => Some(Self::Rendezvous),
            _ => None,
        }
    }
}

impl ServiceSpec {
    /// The services of a node whose configuration lists none: echo and, if a packet has room for a
    /// box, rendezvous.
    #[must_use]
    pub fn defaults(geometry: &Geometry) -> Vec<Self> {
        let rendezvous = Shape::of(geometry).map(|_| (RENDEZVOUS, ServiceKind::Rendezvous));
        let all = [Some((ECHO, ServiceKind::Echo)), rendezvous].into_iter().flatten();
        let spec = |(name, kind): (&str, _)| Self { capability: name.to_owned(), endpoint: format!("+{name}"), kind };
        all.map(spec).collect()
    }
}
