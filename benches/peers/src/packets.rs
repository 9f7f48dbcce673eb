//! Packets: Mixwell (Katzenpost's Sphinx), Nym's Sphinx, and Outfox.

use crate::compare;
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Opened, Path, RecipientId, Sphinx};
use nym_outfox::format::MixStageParameters;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sphinx_packet::{
    SphinxPacket,
    header::delays::Delay,
    packet::builder::SphinxPacketBuilder,
    payload::PAYLOAD_OVERHEAD_SIZE,
    route::{Destination, DestinationAddressBytes, Node, NodeAddressBytes},
};
use std::hint::black_box;

const HOPS: usize = 5;

pub(crate) fn measure(len: usize) {
    let (mut wrap, mut unwrap, mut eight) = ours(len);
    let (mut nym_wrap, mut nym_unwrap) = nym(len);
    let mut outfox = outfox(len);
    let [wrap, unwrap, eight, nym_wrap, nym_unwrap, outfox] =
        side_by_side([&mut wrap, &mut unwrap, &mut eight, &mut nym_wrap, &mut nym_unwrap, &mut outfox]);
    let each = eight / 8.0;
    let name = |what: &str, of: &str| format!("{what}, {len} bytes, {of}");
    compare(&name("unwrap", "mixwell X25519"), &name("unwrap", "sphinx-packet"), [unwrap, nym_unwrap]);
    compare(&name("unwrap, eight at once", "mixwell X25519"), &name("unwrap", "sphinx-packet"), [each, nym_unwrap]);
    compare(&name("wrap", "mixwell X25519"), &name("wrap", "sphinx-packet"), [wrap, nym_wrap]);
    compare(&name("unwrap", "mixwell X25519"), &name("one layer", "nym-outfox"), [unwrap, outfox]);
}

fn ours(len: usize) -> (impl FnMut(), impl FnMut(), impl FnMut()) {
    let geometry = Geometry::of::<X25519>(HOPS, len, true).expect("a geometry");
    let sphinx = Sphinx::<X25519>::new(geometry).expect("its scheme");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys: Vec<_> = (0..HOPS).map(|_| PrivateKey::<X25519>::generate(&mut rng)).collect();
    let public: Vec<_> = keys.iter().map(PrivateKey::public_key).collect();
    let text = vec![7; len];
    let mut make = move |packet: &mut [u8]| {
        let hop = |(i, public_key)| Hop { id: NodeId([i; 32]), public_key, delay_millis: Some(100) };
        let hops: Vec<_> = (0..).zip(&public).map(hop).collect();
        let path = Path { hops: &hops, recipient: RecipientId([9; 32]) };
        let message = Message { surb: None, user_payload: &text };
        sphinx.wrap_message(&path, &message, &mut rng, packet).expect("a good path");
    };
    let mut packet = vec![0; geometry.packet_len()];
    make(&mut packet);
    let (mut buffer, mut out) = (packet.clone(), packet.clone());
    let (sphinx, sphinx_of_eight) = [(); 2].map(|()| Sphinx::<X25519>::new(geometry).expect("its scheme")).into();
    let key = PrivateKey::<X25519>::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let (mut buffers, original) = ([(); 8].map(|()| packet.clone()), packet.clone());
    let eight = move || {
        for buffer in &mut buffers {
            buffer.copy_from_slice(&original);
        }
        let batch = buffers.each_mut().map(|buffer| Some(&mut buffer[..]));
        let opened = sphinx_of_eight.open_each(batch, &key);
        black_box(Opened::finish_each(opened.map(|opened| Some(opened?.expect("a good packet")))));
    };
    let unwrap = move || {
        buffer.copy_from_slice(&packet);
        black_box(sphinx.open(&mut buffer, &keys[0]).expect("a good packet").finish().expect("a good payload"));
    };
    (move || make(&mut out), unwrap, eight)
}

/// The same number of hops and the same user payload. Each packet is parsed from bytes, as a node
/// receives it.
fn nym(len: usize) -> (impl FnMut(), impl FnMut()) {
    use sphinx_packet::crypto::{PrivateKey, PublicKey};
    let keys: Vec<_> = (0..HOPS).map(|i| PrivateKey::from([i as u8 + 1; 32])).collect();
    let node = |(i, key)| Node::new(NodeAddressBytes::from_bytes([i; 32]), PublicKey::from(key));
    let route: Vec<_> = (0_u8..).zip(&keys).map(node).collect();
    let destination = Destination::new(DestinationAddressBytes::from_bytes([3; 32]), [4; 16]);
    let delays = [Delay::new_from_nanos(1_000_000); HOPS];
    let text = vec![7_u8; len];
    let make = move || {
        SphinxPacketBuilder::new()
            .with_payload_size(len + PAYLOAD_OVERHEAD_SIZE)
            .build_packet(&text, &route, &destination, &delays)
            .expect("a good route")
    };
    let bytes = make().to_bytes();
    let key = keys.into_iter().next().expect("five keys");
    let unwrap = move || {
        let packet = SphinxPacket::from_bytes(black_box(&bytes)).expect("a packet");
        let _ = black_box(packet.process(&key).expect("a good packet"));
    };
    (move || _ = black_box(make()), unwrap)
}

/// Removes one layer of five.
fn outfox(len: usize) -> impl FnMut() {
    let params = MixStageParameters {
        routing_information_length_bytes: 32,
        remaining_header_length_bytes: (32 + 16 + 32) * 4,
        payload_length_bytes: u16::try_from(len).expect("it is short"),
    };
    let [user, mix] = [[1; 32], [2; 32]].map(x25519_dalek::StaticSecret::from);
    let mut packet = vec![7; params.incoming_packet_length()];
    params.encode_mix_layer(&mut packet, &user, (&mix).into(), &[0; 32]).expect("a good layer");
    let mut buffer = packet.clone();
    move || {
        buffer.copy_from_slice(&packet);
        let _ = black_box(params.decode_mix_layer(&mut buffer, &mix).expect("a good layer"));
    }
}
