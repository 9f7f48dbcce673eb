//! The lengths of a network's packets (`docs/spec/sphinx.md#geometry`).

mod fields;
mod hash;
mod schemes;

pub use fields::{Field, GeometryError, GeometryFields};
pub use schemes::SchemeInfo;

use crate::{commands, ids::NodeId, scheme::Scheme};

/// Maximum number of hops of a geometry.
pub const MAX_HOPS: usize = 32;

/// Maximum length of any part of a packet, so that sums of a few lengths cannot overflow.
const MAX_BYTES: usize = usize::MAX >> 2;

/// Length in bytes of the version field at the front of a packet.
pub(crate) const AD_LEN: usize = 2;
/// Length in bytes of a header's MAC.
pub(crate) const MAC_LEN: usize = 32;
/// Length in bytes of the zeros before a payload.
pub(crate) const PAYLOAD_TAG_LEN: usize = 32;
/// Length in bytes of one layer's AEZ key and nonce.
pub(crate) const SPRP_KEY_MATERIAL_LEN: usize = 64;
/// Length in bytes of the flags before a payload that may contain a SURB.
pub(crate) const PLAINTEXT_HEADER_LEN: usize = 2;

/// The lengths of the parts of a network's packets, in bytes. All packets of a network have the
/// same geometry. Validated on construction.
///
/// ```
/// use mixwell_pq_kem::X25519;
/// use mixwell_sphinx::Geometry;
///
/// // up to five hops, 2000 bytes for the user, and room for a SURB
/// let geometry = Geometry::of::<X25519>(5, 2000, true)?;
/// assert_eq!(geometry.packet_len(), 3082);
/// # Ok::<(), mixwell_sphinx::GeometryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    scheme: SchemeInfo,
    hops: usize,
    user_forward_payload_len: usize,
    forward_payload_len: usize,
}

impl Geometry {
    /// The geometry of packets for up to `hops` hops that carry `user_forward_payload_len` bytes
    /// for the user and, if `with_surb`, a SURB.
    ///
    /// # Errors
    /// [`GeometryError::Hops`] if `hops` is 0 or above [`MAX_HOPS`], [`GeometryError::TooLarge`] if
    /// a packet would not fit the address space.
    pub const fn new(
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
    /// A device whose network is known when its firmware is built has the lengths of its buffers
    /// from a constant:
    ///
    /// ```
    /// use mixwell_sphinx::{Geometry, X25519};
    ///
    /// const GEOMETRY: Geometry = match Geometry::of::<X25519>(5, 2000, true) {
    ///     Ok(geometry) => geometry,
    ///     Err(_) => panic!("the network's geometry"), // does not compile then
    /// };
    /// static PACKET: [u8; GEOMETRY.packet_len()] = [0; GEOMETRY.packet_len()];
    /// assert_eq!(PACKET.len(), 3082);
    /// ```
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub const fn of<S: Scheme>(
        hops: usize,
        user_forward_payload_len: usize,
        with_surb: bool,
    ) -> Result<Self, GeometryError> {
        Self::new(S::INFO, hops, user_forward_payload_len, with_surb)
    }

    /// The NIKE or KEM of the packets.
    #[must_use]
    pub const fn scheme(&self) -> SchemeInfo {
        self.scheme
    }

    /// Maximum number of hops of a path.
    #[must_use]
    pub const fn hops(&self) -> usize {
        self.hops
    }

    /// Whether a payload has room for a SURB, and the inner framing of a
    /// [`Message`](crate::Message).
    #[must_use]
    pub const fn has_surb(&self) -> bool {
        self.forward_payload_len != self.user_forward_payload_len
    }

    /// Length of one hop's block of the routing info.
    #[must_use]
    pub const fn per_hop_routing_info_len(&self) -> usize {
        add(commands::AREA_LEN, self.scheme.in_block_len())
    }

    /// Length of the routing info: the encrypted blocks of all hops.
    #[must_use]
    pub const fn routing_info_len(&self) -> usize {
        multiply(self.hops, self.per_hop_routing_info_len())
    }

    /// Length of a header: a packet without its payload.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        add(add(AD_LEN, self.scheme.element_len()), add(self.routing_info_len(), MAC_LEN))
    }

    /// Length of a SURB: header, first hop, key and nonce.
    #[must_use]
    pub const fn surb_len(&self) -> usize {
        add(add(self.header_len(), NodeId::LEN), SPRP_KEY_MATERIAL_LEN)
    }

    /// Length of the user's payload in a packet.
    #[must_use]
    pub const fn user_forward_payload_len(&self) -> usize {
        self.user_forward_payload_len
    }

    /// Length of the forward payload: flags, SURB and the user's payload.
    #[must_use]
    pub const fn forward_payload_len(&self) -> usize {
        self.forward_payload_len
    }

    /// Length of the encrypted part after the header: tag and forward payload. A reply is delivered
    /// with its tag.
    #[must_use]
    pub const fn payload_len(&self) -> usize {
        add(PAYLOAD_TAG_LEN, self.forward_payload_len)
    }

    /// Length of a packet.
    #[must_use]
    pub const fn packet_len(&self) -> usize {
        add(self.header_len(), self.payload_len())
    }
}

/// Adds two lengths; [`Geometry::new`] has checked that this can't overflow.
#[expect(clippy::arithmetic_side_effects, reason = "bounded by Geometry::new")]
const fn add(a: usize, b: usize) -> usize {
    a + b
}

/// Multiplies two lengths; [`Geometry::new`] has checked that this can't overflow.
#[expect(clippy::arithmetic_side_effects, reason = "bounded by Geometry::new")]
const fn multiply(a: usize, b: usize) -> usize {
    a * b
}
