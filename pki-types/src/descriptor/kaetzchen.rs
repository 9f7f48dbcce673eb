//! The services of a node ("Kaetzchen") and their parameters.

use crate::{
    cbor::{Item, Kind, Map},
    decode::{DecodeError, Field},
};

/// A service's capability and its parameters.
#[derive(Debug, Clone, Copy)]
pub struct Capability<'a> {
    name: &'a str,
    parameters: Map<'a>,
}

impl<'a> Capability<'a> {
    /// The service's capability, such as `echo`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The recipient id of packets for the service, to be padded with zeros to 32 bytes, such as
    /// `+echo`.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'a str> {
        match self.parameter("endpoint")?.kind() {
            Kind::Text(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    /// A parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Item<'a>> {
        self.parameters.get(name)
    }

    /// All parameters, including the endpoint.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, Item<'a>)> + use<'a> {
        self.parameters.filter_map(|(name, value)| Some((Field::new("parameter", name).text().ok()?, value)))
    }
}

/// Reads a map of capabilities to maps of parameters.
pub(super) fn read(field: Field<'_>) -> Result<Option<Map<'_>>, DecodeError> {
    field.map_of(Field::text, |parameters| parameters.map_of(Field::text, Ok))
}

/// Walks a map returned by [`read`].
pub(super) fn capabilities(map: Option<Map<'_>>) -> impl Iterator<Item = Capability<'_>> {
    map.unwrap_or_default().filter_map(|(name, parameters)| {
        let parameters = Field::new("Kaetzchen", parameters).map().ok()?.unwrap_or_default();
        Some(Capability { name: Field::new("Kaetzchen", name).text().ok()?, parameters })
    })
}
