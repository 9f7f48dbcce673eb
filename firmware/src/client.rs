//! A client's whole round against the recorded vectors, in one buffer: a handshake and commands with its gateway, a consensus,
//! routes, a SURB, a packet, and the answer to it.

mod consensus;
mod link;
mod packet;
mod replay;
mod vectors;

use crate::measure;
use cortex_m::singleton;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};

/// Room for the longest thing: the consensus, 10,971 bytes. Then for a packet, a SURB and an answer.
const ROOM: usize = 11 * 1024;

pub(crate) fn measure() {
    let buffer = singleton!(: [u8; ROOM] = [0; ROOM]).expect("taken once");
    let geometry = Geometry::of::<X25519>(5, 2000, true).expect("a good geometry");
    let sphinx = Sphinx::<X25519>::new(geometry).expect("the scheme's geometry");

    link::measure(&geometry, buffer);
    let routes = consensus::measure(buffer);
    packet::measure(&sphinx, buffer);
    packet::along(&sphinx, &routes, buffer);
    measure::print_ram();
}
