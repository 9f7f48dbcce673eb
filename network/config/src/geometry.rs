//! The section `[SphinxGeometry]` of configuration files.

use crate::write::{self, WriteError};
use mixwell_sphinx::GeometryFields;
use serde::{Deserialize, Serialize};

/// The part of a configuration file that is read here.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    sphinx_geometry: Option<GeometrySection>,
}

/// The section. Every field is required, and unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GeometrySection {
    packet_length: u64,
    nr_hops: u64,
    header_length: u64,
    routing_info_length: u64,
    per_hop_routing_info_length: u64,
    #[serde(rename = "SURBLength")]
    surb_length: u64,
    sphinx_plaintext_header_length: u64,
    payload_tag_length: u64,
    forward_payload_length: u64,
    user_forward_payload_length: u64,
    next_node_hop_length: u64,
    #[serde(rename = "SPRPKeyMaterialLength")]
    sprp_key_material_length: u64,
    #[serde(rename = "NIKEName")]
    nike_name: String,
    #[serde(rename = "KEMName")]
    kem_name: String,
}

/// Reads the section; `None` if the file does not have it.
///
/// # Errors
/// If the text is not TOML, or a field is missing or unknown.
pub fn read(text: &str) -> Result<Option<GeometrySection>, toml::de::Error> {
    toml::from_str::<Configuration>(text).map(|configuration| configuration.sphinx_geometry)
}

/// Writes the section, as Katzenpost's own tools lay it out.
///
/// # Errors
/// If a length exceeds TOML's largest integer, 2^63 - 1.
pub fn write(fields: &GeometryFields<'_>) -> Result<String, WriteError> {
    write::text(&Configuration { sphinx_geometry: Some(GeometrySection::from(fields)) })
}

impl From<&GeometryFields<'_>> for GeometrySection {
    fn from(fields: &GeometryFields<'_>) -> Self {
        Self {
            packet_length: fields.packet_length,
            nr_hops: fields.nr_hops,
            header_length: fields.header_length,
            routing_info_length: fields.routing_info_length,
            per_hop_routing_info_length: fields.per_hop_routing_info_length,
            surb_length: fields.surb_length,
            sphinx_plaintext_header_length: fields.sphinx_plaintext_header_length,
            payload_tag_length: fields.payload_tag_length,
            forward_payload_length: fields.forward_payload_length,
            user_forward_payload_length: fields.user_forward_payload_length,
            next_node_hop_length: fields.next_node_hop_length,
            sprp_key_material_length: fields.sprp_key_material_length,
            nike_name: fields.nike_name.to_owned(),
            kem_name: fields.kem_name.to_owned(),
        }
    }
}

impl GeometrySection {
    /// The fields as arguments of [`Geometry::from_fields`](mixwell_sphinx::Geometry::from_fields).
    #[must_use]
    pub fn fields(&self) -> GeometryFields<'_> {
        GeometryFields {
            packet_length: self.packet_length,
            nr_hops: self.nr_hops,
            header_length: self.header_length,
            routing_info_length: self.routing_info_length,
            per_hop_routing_info_length: self.per_hop_routing_info_length,
            surb_length: self.surb_length,
            sphinx_plaintext_header_length: self.sphinx_plaintext_header_length,
            payload_tag_length: self.payload_tag_length,
            forward_payload_length: self.forward_payload_length,
            user_forward_payload_length: self.user_forward_payload_length,
            next_node_hop_length: self.next_node_hop_length,
            sprp_key_material_length: self.sprp_key_material_length,
            nike_name: &self.nike_name,
            kem_name: &self.kem_name,
        }
    }
}
