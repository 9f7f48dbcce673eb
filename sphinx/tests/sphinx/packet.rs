//! The packets of the vectors (`vectors/README.md`).

use mixwell_sphinx::{Geometry, GeometryFields, RecipientId, SurbId};
use mixwell_vectors::Hex;
use serde::Deserialize;

/// A geometry's fields as spelled in the vectors.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeometryVector {
    pub(crate) packet_length: u64,
    pub(crate) nr_hops: u64,
    pub(crate) header_length: u64,
    pub(crate) routing_info_length: u64,
    pub(crate) per_hop_routing_info_length: u64,
    pub(crate) surb_length: u64,
    pub(crate) sphinx_plaintext_header_length: u64,
    pub(crate) payload_tag_length: u64,
    pub(crate) forward_payload_length: u64,
    pub(crate) user_forward_payload_length: u64,
    pub(crate) next_node_hop_length: u64,
    pub(crate) sprp_key_material_length: u64,
    pub(crate) nike_name: String,
    pub(crate) kem_name: String,
    /// Only in `geometry.json`.
    pub(crate) hash: Option<Hex>,
    pub(crate) with_surb: Option<bool>,
    pub(crate) toml: Option<String>,
}

impl GeometryVector {
    pub(crate) fn fields(&self) -> GeometryFields<'_> {
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

    pub(crate) fn geometry(&self) -> Geometry {
        Geometry::from_fields(&self.fields()).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HopVector {
    pub(crate) id: Hex,
    pub(crate) public_key: Hex,
    pub(crate) private_key: Hex,
    pub(crate) commands: Vec<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacketVector {
    pub(crate) kind: String,
    pub(crate) geometry: GeometryVector,
    pub(crate) path: Vec<HopVector>,
    pub(crate) payload: Hex,
    pub(crate) packets: Vec<Hex>,
    pub(crate) replay_tags: Vec<Hex>,
    pub(crate) ephemeral_private_key: Option<Hex>,
    pub(crate) header_padding: Option<Hex>,
    #[serde(default)]
    pub(crate) unwrap_only: bool,
    // only for replies
    pub(crate) surb: Option<Hex>,
    pub(crate) surb_keys: Option<Hex>,
    pub(crate) surb_random: Option<Hex>,
    pub(crate) first_hop: Option<Hex>,
    pub(crate) final_payload: Option<Hex>,
}

/// A hop's commands from the vectors, parsed independently of the crate's own parser.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) delay_millis: Option<u32>,
    pub(crate) recipient: Option<RecipientId>,
    pub(crate) surb_id: Option<SurbId>,
}

impl HopVector {
    pub(crate) fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for command in &self.commands {
            let body = &command[1..];
            match command[0] {
                0x80 => expected.delay_millis = Some(u32::from_be_bytes(body.try_into().unwrap())),
                0x02 => expected.recipient = Some(RecipientId(body.try_into().unwrap())),
                0x03 => expected.surb_id = Some(SurbId(body.try_into().unwrap())),
                id => panic!("command {id:#04x} in a vector"),
            }
        }
        expected
    }
}
