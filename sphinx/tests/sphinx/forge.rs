//! One-hop packets with arbitrary contents chosen by a hostile sender, under a valid MAC.
//!
//! Written from the packet format alone, with other crates than those of the code under test where
//! there are any.

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use mixwell_aez::Aez;
use mixwell_sphinx::Geometry;
use sha2::Sha256;

/// The fields that a hostile sender controls.
pub(crate) struct Forgery<'a> {
    pub(crate) element: &'a [u8],
    /// The secret shared by the sender and the hop.
    pub(crate) secret: &'a [u8],
    /// The hop's decrypted block; unused bytes are zero.
    pub(crate) block: &'a [u8],
    /// The decrypted tag of the payload.
    pub(crate) tag: [u8; 32],
}

/// Builds the packet.
pub(crate) fn forge(geometry: &Geometry, forgery: &Forgery<'_>) -> Vec<u8> {
    let mut keys = [0; 160];
    // HKDF-Expand needs a pseudo-random key of at least the hash length
    let kdf = Hkdf::<Sha256>::from_prk(forgery.secret).unwrap();
    kdf.expand(b"katzenpost-kdf-v0-hkdf-sha256", &mut keys).unwrap();
    let (mac_key, rest) = keys.split_first_chunk::<32>().unwrap();
    let (stream_key, rest) = rest.split_first_chunk::<32>().unwrap();
    let (iv, rest) = rest.split_first_chunk::<16>().unwrap();
    let (payload_key, _) = rest.split_first_chunk::<48>().unwrap();

    let mut routing_info = forgery.block.to_vec();
    routing_info.resize(geometry.routing_info_len(), 0);
    Ctr128BE::<Aes256>::new(stream_key.into(), iv.into()).apply_keystream(&mut routing_info);

    let mut packet = vec![0, 0];
    packet.extend(forgery.element);
    packet.extend(routing_info);
    let mut mac = Hmac::<Sha256>::new_from_slice(mac_key).unwrap();
    mac.update(&packet);
    packet.extend(mac.finalize().into_bytes());

    let mut payload = forgery.tag.to_vec();
    payload.resize(geometry.payload_len(), 0x55);
    Aez::new(payload_key).encrypt(iv, &mut payload);
    packet.extend(payload);
    packet
}
