//! The hash by which PKI documents name a geometry.

use super::{Field, Geometry};
use blake2::{Blake2b, Digest, digest::consts::U32};

impl Geometry {
    /// `SphinxGeometryHash` of PKI documents: BLAKE2b-256 over the canonical CBOR form
    /// (`docs/spec/sphinx.md#geometry-hash`).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let fields = self.fields();
        let mut cbor = CborHash(Blake2b::new());
        // keys sorted by length, then bytewise
        cbor.head(MAP, 14);
        cbor.length(Field::NrHops, fields.nr_hops);
        cbor.name("KEMName", fields.kem_name);
        cbor.name("NIKEName", fields.nike_name);
        cbor.length(Field::SurbLength, fields.surb_length);
        cbor.length(Field::HeaderLength, fields.header_length);
        cbor.length(Field::PacketLength, fields.packet_length);
        cbor.length(Field::PayloadTagLength, fields.payload_tag_length);
        cbor.length(Field::NextNodeHopLength, fields.next_node_hop_length);
        cbor.length(Field::RoutingInfoLength, fields.routing_info_length);
        cbor.length(Field::ForwardPayloadLength, fields.forward_payload_length);
        cbor.length(Field::SprpKeyMaterialLength, fields.sprp_key_material_length);
        cbor.length(Field::PerHopRoutingInfoLength, fields.per_hop_routing_info_length);
        cbor.length(Field::UserForwardPayloadLength, fields.user_forward_payload_length);
        cbor.length(Field::SphinxPlaintextHeaderLength, fields.sphinx_plaintext_header_length);
        cbor.0.finalize().into()
    }
}

const UNSIGNED: u8 = 0x00;
const TEXT: u8 = 0x60;
const MAP: u8 = 0xa0;

/// CBOR that is hashed as it is written.
struct CborHash(Blake2b<U32>);

impl CborHash {
    fn length(&mut self, field: Field, length: u64) {
        self.text(field.key());
        self.head(UNSIGNED, length);
    }

    fn name(&mut self, key: &str, name: &str) {
        self.text(key);
        self.text(name);
    }

    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.update(text);
    }

    /// A major type with its argument in the fewest bytes.
    fn head(&mut self, major: u8, argument: u64) {
        let [.., b3, b2, b1, b0] = argument.to_be_bytes();
        match argument {
            0..24 => self.0.update([major | b0]),
            24..0x100 => self.0.update([major | 0x18, b0]),
            0x100..0x1_0000 => self.0.update([major | 0x19, b1, b0]),
            0x1_0000..0x1_0000_0000 => self.0.update([major | 0x1a, b3, b2, b1, b0]),
            _ => {
                self.0.update([major | 0x1b]);
                self.0.update(argument.to_be_bytes());
            }
        }
    }
}
