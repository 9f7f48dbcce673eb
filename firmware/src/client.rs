//! One round of a client against the recorded vectors: a handshake and commands with its gateway, a
//! consensus, routes, a SURB, a packet, and its reply. The handshake's memory is free again before
//! the consensus arrives.

mod consensus;
mod link;
mod packet;
mod replay;
mod vectors;

use crate::measure;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};

/// Length of the buffer for the consensus, 10,971 bytes, and later for a packet, a SURB and a
/// reply.
const ROOM: usize = 11 * 1024;

// The parts are never inlined, so the stack of one is free when the next one runs.
pub(crate) fn measure() {
    let geometry = Geometry::of::<X25519>(5, 2000, true).expect("a good geometry");
    link::measure(&geometry);
    round(geometry);
    measure::print_ram();
}

#[inline(never)]
fn round(geometry: Geometry) {
    let buffer = &mut [0; ROOM];
    let sphinx = Sphinx::<X25519>::new(geometry).expect("the scheme's geometry");
    let routes = consensus::measure(buffer);
    packet::measure(&sphinx, buffer);
    packet::along(&sphinx, &routes, buffer);
}
