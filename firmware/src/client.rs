//! A client's whole round against the recorded vectors: a handshake and commands with its gateway, a consensus, routes, a
//! SURB, a packet, and the answer to it. The memory of the handshake is free again before the consensus comes.

mod consensus;
mod link;
mod packet;
mod replay;
mod vectors;

use crate::measure;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};

/// Room for the longest thing: the consensus, 10,971 bytes. Then for a packet, a SURB and an answer.
const ROOM: usize = 11 * 1024;

// The parts are never inlined: what one leaves on the stack is gone when the next one runs.
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
