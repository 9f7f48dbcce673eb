//! Geometries with every length written out, as in configurations and PKI documents.

use super::{Geometry, PAYLOAD_TAG_LEN, PLAINTEXT_HEADER_LEN, SPRP_KEY_MATERIAL_LEN, schemes::SchemeInfo};
use crate::commands::NEXT_NODE_HOP_LEN;
use core::fmt;

/// A geometry with every length written out, as in the `SphinxGeometry` section of a configuration
/// file.
///
/// ```
/// use mixwell_pq_kem::X25519;
/// use mixwell_sphinx::Geometry;
///
/// let geometry = Geometry::of::<X25519>(5, 2000, true)?;
/// let fields = geometry.fields();
/// assert_eq!((fields.nr_hops, fields.nike_name), (5, "x25519"));
///
/// // whoever reads them has every length checked
/// assert_eq!(Geometry::from_fields(&fields)?, geometry);
/// # Ok::<(), mixwell_sphinx::GeometryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeometryFields<'a> {
    /// `PacketLength`
    pub packet_length: u64,
    /// `NrHops`
    pub nr_hops: u64,
    /// `HeaderLength`
    pub header_length: u64,
    /// `RoutingInfoLength`
    pub routing_info_length: u64,
    /// `PerHopRoutingInfoLength`
    pub per_hop_routing_info_length: u64,
    /// `SURBLength`
    pub surb_length: u64,
    /// `SphinxPlaintextHeaderLength`
    pub sphinx_plaintext_header_length: u64,
    /// `PayloadTagLength`
    pub payload_tag_length: u64,
    /// `ForwardPayloadLength`
    pub forward_payload_length: u64,
    /// `UserForwardPayloadLength`
    pub user_forward_payload_length: u64,
    /// `NextNodeHopLength`
    pub next_node_hop_length: u64,
    /// `SPRPKeyMaterialLength`
    pub sprp_key_material_length: u64,
    /// `NIKEName`, empty if the network uses a KEM
    pub nike_name: &'a str,
    /// `KEMName`, empty if the network uses a NIKE
    pub kem_name: &'a str,
}

/// A length in [`GeometryFields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// `PacketLength`
    PacketLength,
    /// `NrHops`
    NrHops,
    /// `HeaderLength`
    HeaderLength,
    /// `RoutingInfoLength`
    RoutingInfoLength,
    /// `PerHopRoutingInfoLength`
    PerHopRoutingInfoLength,
    /// `SURBLength`
    SurbLength,
    /// `SphinxPlaintextHeaderLength`
    SphinxPlaintextHeaderLength,
    /// `PayloadTagLength`
    PayloadTagLength,
    /// `ForwardPayloadLength`
    ForwardPayloadLength,
    /// `UserForwardPayloadLength`
    UserForwardPayloadLength,
    /// `NextNodeHopLength`
    NextNodeHopLength,
    /// `SPRPKeyMaterialLength`
    SprpKeyMaterialLength,
}

/// The reason why a geometry is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeometryError {
    /// The number of hops is out of range.
    Hops {
        /// The given number.
        got: usize,
        /// The maximum.
        most: usize,
    },
    /// A packet would not fit the address space.
    TooLarge,
    /// Not exactly one of a NIKE and a KEM is named, or the name is unknown.
    Scheme,
    /// A length differs from the one computed from the others.
    Mismatch {
        /// The field.
        field: Field,
        /// The given length, in bytes.
        got: u64,
        /// The computed length, in bytes.
        want: u64,
    },
}

impl Geometry {
    /// Checks a geometry from outside: every length is recomputed and compared.
    ///
    /// # Errors
    /// [`GeometryError`] says which field is wrong and what it should be.
    pub fn from_fields(fields: &GeometryFields<'_>) -> Result<Self, GeometryError> {
        let scheme = SchemeInfo::by_names(fields.nike_name, fields.kem_name).ok_or(GeometryError::Scheme)?;
        let hops = usize::try_from(fields.nr_hops).unwrap_or(usize::MAX);
        let user = usize::try_from(fields.user_forward_payload_length).map_err(|_| GeometryError::TooLarge)?;
        let with_surb = fields.forward_payload_length != fields.user_forward_payload_length;
        let geometry = Self::new(scheme, hops, user, with_surb)?;
        let computed = geometry.fields();
        for ((field, got), (_, want)) in fields.lengths().into_iter().zip(computed.lengths()) {
            if got != want {
                return Err(GeometryError::Mismatch { field, got, want });
            }
        }
        Ok(geometry)
    }

    /// The geometry with every length written out.
    #[must_use]
    pub const fn fields(&self) -> GeometryFields<'static> {
        GeometryFields {
            packet_length: self.packet_len() as u64,
            nr_hops: self.hops() as u64,
            header_length: self.header_len() as u64,
            routing_info_length: self.routing_info_len() as u64,
            per_hop_routing_info_length: self.per_hop_routing_info_len() as u64,
            surb_length: self.surb_len() as u64,
            sphinx_plaintext_header_length: PLAINTEXT_HEADER_LEN as u64,
            payload_tag_length: PAYLOAD_TAG_LEN as u64,
            forward_payload_length: self.forward_payload_len() as u64,
            user_forward_payload_length: self.user_forward_payload_len() as u64,
            next_node_hop_length: NEXT_NODE_HOP_LEN as u64,
            sprp_key_material_length: SPRP_KEY_MATERIAL_LEN as u64,
            nike_name: self.scheme().nike_name(),
            kem_name: self.scheme().kem_name(),
        }
    }
}

impl GeometryFields<'_> {
    /// The lengths with their names, in the order in which configuration files hold them.
    #[must_use]
    pub const fn lengths(&self) -> [(Field, u64); 12] {
        [
            (Field::PacketLength, self.packet_length),
            (Field::NrHops, self.nr_hops),
            (Field::HeaderLength, self.header_length),
            (Field::RoutingInfoLength, self.routing_info_length),
            (Field::PerHopRoutingInfoLength, self.per_hop_routing_info_length),
            (Field::SurbLength, self.surb_length),
            (Field::SphinxPlaintextHeaderLength, self.sphinx_plaintext_header_length),
            (Field::PayloadTagLength, self.payload_tag_length),
            (Field::ForwardPayloadLength, self.forward_payload_length),
            (Field::UserForwardPayloadLength, self.user_forward_payload_length),
            (Field::NextNodeHopLength, self.next_node_hop_length),
            (Field::SprpKeyMaterialLength, self.sprp_key_material_length),
        ]
    }
}

impl Field {
    /// The field's key in TOML and CBOR.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PacketLength => "PacketLength",
            Self::NrHops => "NrHops",
            Self::HeaderLength => "HeaderLength",
            Self::RoutingInfoLength => "RoutingInfoLength",
            Self::PerHopRoutingInfoLength => "PerHopRoutingInfoLength",
            Self::SurbLength => "SURBLength",
            Self::SphinxPlaintextHeaderLength => "SphinxPlaintextHeaderLength",
            Self::PayloadTagLength => "PayloadTagLength",
            Self::ForwardPayloadLength => "ForwardPayloadLength",
            Self::UserForwardPayloadLength => "UserForwardPayloadLength",
            Self::NextNodeHopLength => "NextNodeHopLength",
            Self::SprpKeyMaterialLength => "SPRPKeyMaterialLength",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hops { got, most } => write!(f, "NrHops is {got}, want 1 to {most}"),
            Self::TooLarge => f.write_str("a packet would not fit the address space"),
            Self::Scheme => f.write_str("want a known name for exactly one of NIKEName and KEMName"),
            Self::Mismatch { field, got, want } => write!(f, "{field} is {got}, want {want}"),
        }
    }
}

impl core::error::Error for GeometryError {}
