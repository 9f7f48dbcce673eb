//! The parts of a header (`docs/spec/sphinx.md#header`).

use crate::geometry::{AD_LEN, Geometry, MAC_LEN};
use mixwell_pq_kem::ByteArray;

/// The version of the packet format.
pub(crate) const VERSION: [u8; AD_LEN] = [0, 0];

/// The parts of a packet, for reading.
pub(crate) struct Header<'p, E> {
    pub(crate) version: &'p [u8; AD_LEN],
    pub(crate) element: &'p E,
    pub(crate) routing_info: &'p [u8],
    pub(crate) mac: &'p [u8; MAC_LEN],
}

/// The parts of a packet, for writing.
pub(crate) struct HeaderMut<'p> {
    pub(crate) version: &'p mut [u8],
    pub(crate) element: &'p mut [u8],
    pub(crate) routing_info: &'p mut [u8],
    pub(crate) mac: &'p mut [u8],
    /// The bytes after the header.
    pub(crate) rest: &'p mut [u8],
}

impl<'p, E: ByteArray> Header<'p, E> {
    /// `None` if `packet` is shorter than the geometry's header.
    pub(crate) fn parse(geometry: &Geometry, packet: &'p [u8]) -> Option<Self> {
        let (header, _) = packet.split_at_checked(geometry.header_len())?;
        let (version, rest) = header.split_first_chunk()?;
        let (element, rest) = rest.split_at_checked(E::LEN)?;
        let (routing_info, mac) = rest.split_last_chunk()?;
        Some(Self { version, element: E::from_slice(element)?, routing_info, mac })
    }

    /// The parts that the MAC covers.
    pub(crate) fn maced(&self) -> [&'p [u8]; 3] {
        [self.version, self.element.as_ref(), self.routing_info]
    }
}

impl<'p> HeaderMut<'p> {
    /// `None` if `packet` is shorter than the geometry's header.
    pub(crate) fn parse(geometry: &Geometry, packet: &'p mut [u8]) -> Option<Self> {
        let (header, rest) = packet.split_at_mut_checked(geometry.header_len())?;
        let (version, header) = header.split_at_mut_checked(AD_LEN)?;
        let (element, header) = header.split_at_mut_checked(geometry.scheme().element_len())?;
        let (routing_info, mac) = header.split_at_mut_checked(geometry.routing_info_len())?;
        Some(Self { version, element, routing_info, mac, rest })
    }
}
