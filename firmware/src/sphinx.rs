//! Measures packets: X25519, five hops, a user payload of 2000 bytes.

use crate::{measure::measure as row, rng::Predictable};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx, SurbId};

const HOPS: usize = 5;
const USER_LEN: usize = 2000;
/// Length of the buffers for a packet and for a SURB.
const ROOM: usize = 4096;

pub(crate) fn measure() {
    let mut rng = Predictable(3);
    let geometry = Geometry::of::<X25519>(HOPS, USER_LEN, true).expect("a good geometry");
    let sphinx = Sphinx::<X25519>::new(geometry).expect("the scheme's geometry");
    let mix_keys = [(); HOPS].map(|()| PrivateKey::<X25519>::generate(&mut rng));
    let public_keys = mix_keys.each_ref().map(PrivateKey::public_key);
    let hops =
        public_keys.each_ref().map(|public_key| Hop { id: NodeId([1; 32]), public_key, delay_millis: Some(100) });
    let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
    let (mut packet, mut surb) = ([0; ROOM], [0; ROOM]);
    let packet = &mut packet[..geometry.packet_len()];
    let surb = &mut surb[..geometry.surb_len()];
    let text = [3; USER_LEN];

    hprintln!("Sphinx with {}, {} hops, packets of {} bytes", geometry.scheme().name(), HOPS, packet.len());
    let surb_keys = row("new_surb", || sphinx.new_surb(&path, SurbId([4; 16]), &mut rng, surb)).expect("a good path");
    let message = Message { surb: Some(surb), user_payload: &text };
    row("wrap_message", || sphinx.wrap_message(&path, &message, &mut rng, packet)).expect("a good path");
    let first = row("open and finish, hop 1", || forwards(&sphinx, packet, &mix_keys[0]));
    assert!(first, "the first hop forwards");
    for key in &mix_keys[1..HOPS - 1] {
        assert!(forwards(&sphinx, packet, key), "a hop forwards");
    }
    let last = sphinx.open(packet, &mix_keys[HOPS - 1]).expect("the hop's packet").finish().expect("a good payload");
    let Action::Deliver { payload, .. } = last else { panic!("the last hop delivers") };
    assert_eq!(Message::parse(&geometry, payload).expect("a message").user_payload, text);

    row("wrap_reply", || sphinx.wrap_reply(surb, &text, packet)).expect("a good SURB");
    for key in &mix_keys[..HOPS - 1] {
        assert!(forwards(&sphinx, packet, key), "a hop forwards");
    }
    let last = sphinx.open(packet, &mix_keys[HOPS - 1]).expect("the hop's packet").finish().expect("a good payload");
    let Action::Reply { payload, .. } = last else { panic!("the last hop hands out the reply") };
    let answer = row("SurbKeys::open", || surb_keys.open(payload)).expect("our SURB's answer");
    assert!(answer.starts_with(&text), "the answer is the text");
}

fn forwards(sphinx: &Sphinx<X25519>, packet: &mut [u8], key: &PrivateKey<X25519>) -> bool {
    let action = sphinx.open(packet, key).expect("the hop's packet").finish().expect("a good payload");
    matches!(action, Action::Forward { .. })
}
