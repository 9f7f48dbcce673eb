//! The lengths of a network's packets (`docs/spec/sphinx.md#geometry`).

mod fields;
mod hash;
mod schemes;

pub use fields::{Field, GeometryError, GeometryFields};
pub use schemes::SchemeInfo;

use crate::{commands, ids::NodeId, scheme::Scheme};

/// The longest path that a geometry may have room for.
pub const MAX_HOPS: usize = 32;

/// No part of a packet is longer, so that a few of them can be added up without a check.
const MAX_BYTES: usize = usize::MAX >> 2;

/// Length in bytes of the version field at the front of a packet.
pub(crate) const AD_LEN: usize = 2;
/// Length in bytes of a header's MAC.
pub(crate) const MAC_LEN: usize = 32;
/// Length in bytes of the zeros in front of a payload.
pub(crate) const PAYLOAD_TAG_LEN: usize = 32;
/// Length in bytes of one layer's AEZ key and nonce.
pub(crate) const SPRP_KEY_MATERIAL_LEN: usize = 64;
/// Length in bytes of the flags in front of a payload that may hold a SURB.
pub(crate) const PLAINTEXT_HEADER_LEN: usize = 2;

/// The lengths of a network's packets: every packet of a network has the same.
///
/// Made from few inputs, all validated; every length is in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    scheme: SchemeInfo,
    hops: usize,
    user_forward_payload_len: usize,
    forward_payload_len: usize,
}

impl Geometry {
    /// The geometry of packets for up to `hops` hops that carry `user_forward_payload_len` bytes for the user and, if
    /// `with_surb`, a SURB.
    ///
    /// # Errors
    /// [`GeometryError::Hops`] if `hops` is 0 or above [`MAX_HOPS`], [`GeometryError::TooLarge`] if a packet would not
    /// fit the address space.
    pub fn new(
        scheme: SchemeInfo,
        hops: usize,
        user_forward_payload_len: usize,
        with_surb: bool,
    ) -> Result<Self, GeometryError> {
        if hops == 0 || hops > MAX_HOPS {
            return Err(GeometryError::Hops { got: hops, most: MAX_HOPS });
        }
        let mut geometry =
            Self { scheme, hops, user_forward_payload_len, forward_payload_len: user_forward_payload_len };
        if scheme.element_len() > (MAX_BYTES >> 8) || user_forward_payload_len > MAX_BYTES {
            return Err(GeometryError::TooLarge);
        }
        if with_surb {
            geometry.forward_payload_len =
                add(add(PLAINTEXT_HEADER_LEN, geometry.surb_len()), user_forward_payload_len);
        }
        Ok(geometry)
    }

    /// The geometry of packets of the scheme `S`; see [`Geometry::new`].
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub fn of<S: Scheme>(hops: usize, user_forward_payload_len: usize, with_surb: bool) -> Result<Self, GeometryError> {
        Self::new(S::INFO, hops, user_forward_payload_len, with_surb)
    }

    /// Which NIKE or KEM the packets use.
    #[must_use]
    pub const fn scheme(&self) -> SchemeInfo {
        self.scheme
    }

    /// The most hops that a path may have.
    #[must_use]
    pub const fn hops(&self) -> usize {
        self.hops
    }

    /// Whether a payload has room for a SURB, and the inner framing of a [`Message`](crate::Message).
    #[must_use]
    pub const fn has_surb(&self) -> bool {
        self.forward_payload_len != self.user_forward_payload_len
    }

    /// One hop's part of the routing info.
    #[must_use]
    pub const fn per_hop_routing_info_len(&self) -> usize {
        add(commands::AREA_LEN, self.scheme.in_block_len())
    }

    /// The encrypted commands of all hops.
    #[must_use]
    pub const fn routing_info_len(&self) -> usize {
        multiply(self.hops, self.per_hop_routing_info_len())
    }

    /// A packet without its payload.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        add(add(AD_LEN, self.scheme.element_len()), add(self.routing_info_len(), MAC_LEN))
    }

    /// A SURB: header, first hop, key and nonce.
    #[must_use]
    pub const fn surb_len(&self) -> usize {
        add(add(self.header_len(), NodeId::LEN), SPRP_KEY_MATERIAL_LEN)
    }

    /// What the user may send in one packet.
    #[must_use]
    pub const fn user_forward_payload_len(&self) -> usize {
        self.user_forward_payload_len
    }

    /// What a packet carries: flags, SURB and the user's payload.
    #[must_use]
    pub const fn forward_payload_len(&self) -> usize {
        self.forward_payload_len
    }

    /// The encrypted part behind the header: tag and forward payload. A reply hands this out whole.
    #[must_use]
    pub const fn payload_len(&self) -> usize {
        add(PAYLOAD_TAG_LEN, self.forward_payload_len)
    }

    /// A whole packet.
    #[must_use]
    pub const fn packet_len(&self) -> usize {
        add(self.header_len(), self.payload_len())
    }
}

/// Adds two lengths; [`Geometry::new`] has shown that it can't overflow.
#[expect(clippy::arithmetic_side_effects, reason = "bounded by Geometry::new")]
const fn add(a: usize, b: usize) -> usize {
    a + b
}

/// Multiplies two lengths; [`Geometry::new`] has shown that it can't overflow.
#[expect(clippy::arithmetic_side_effects, reason = "bounded by Geometry::new")]
const fn multiply(a: usize, b: usize) -> usize {
    a * b
}
