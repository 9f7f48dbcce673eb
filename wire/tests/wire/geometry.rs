//! Geometries in the vectors.

use mixwell_wire::PacketSizes;
use serde::Deserialize;

/// A geometry as spelled in the vectors.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Geometry {
    pub(crate) forward_payload_length: usize,
    pub(crate) header_length: usize,
    pub(crate) kem_name: String,
    pub(crate) next_node_hop_length: usize,
    pub(crate) nike_name: String,
    pub(crate) nr_hops: usize,
    pub(crate) packet_length: usize,
    pub(crate) payload_tag_length: usize,
    pub(crate) per_hop_routing_info_length: usize,
    pub(crate) routing_info_length: usize,
    pub(crate) sphinx_plaintext_header_length: usize,
    pub(crate) sprp_key_material_length: usize,
    pub(crate) surb_length: usize,
    pub(crate) user_forward_payload_length: usize,
}

impl Geometry {
    /// Checks that the lengths are consistent with each other.
    pub(crate) fn sizes(&self) -> PacketSizes {
        let element = self.header_length - 2 - self.routing_info_length - 32;
        let named = match (&*self.nike_name, &*self.kem_name) {
            ("x25519", "") | ("", "x25519") => 32,
            ("x448", "") | ("", "x448") => 56,
            ("", "MLKEM768") => 1088,
            ("", "XWING" | "MLKEM768-X25519") => 1088 + 32,
            ("", "MLKEM768-X448") => 1088 + 56,
            names => panic!("no scheme named {names:?}"),
        };
        assert_eq!(element, named);
        let in_block = if self.kem_name.is_empty() { 0 } else { element };
        assert_ne!(self.kem_name.is_empty(), self.nike_name.is_empty());
        assert_eq!((self.payload_tag_length, self.next_node_hop_length), (32, 65));
        assert_eq!((self.sphinx_plaintext_header_length, self.sprp_key_material_length), (2, 64));
        assert_eq!(self.per_hop_routing_info_length, 82 + in_block);
        assert_eq!(self.routing_info_length, self.nr_hops * self.per_hop_routing_info_length);
        assert_eq!(self.surb_length, self.header_length + 96);
        assert_eq!(self.forward_payload_length, 2 + self.surb_length + self.user_forward_payload_length);
        assert_eq!(self.packet_length, self.header_length + 32 + self.forward_payload_length);
        PacketSizes {
            packet: self.packet_length,
            forward_payload: self.forward_payload_length,
            user_forward_payload: self.user_forward_payload_length,
        }
    }
}
