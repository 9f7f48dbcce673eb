//! A packet with a SURB in it, and its reply.

use super::{
    consensus::{Routes, StoredHop},
    vectors,
};
use crate::{
    measure::measure as row,
    rng::{Predictable, Recorded},
};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::{X25519, nike::PublicKey};
use mixwell_sphinx::{Hop, Message, NodeId, Path, RecipientId, Sphinx, SurbId};
use rand_core::CryptoRng;

/// Reproduces the recorded SURB and packet from their recorded randomness, and opens the recorded
/// reply.
#[inline(never)]
pub(super) fn measure(sphinx: &Sphinx<X25519>, buffer: &mut [u8]) {
    let geometry = sphinx.geometry();
    hprintln!("packets of {} bytes, {} hops", geometry.packet_len(), geometry.hops());

    let (surb, packet) = buffer.split_at_mut(geometry.surb_len());
    let mut rng = Recorded::new([&vectors::REPLY_EPHEMERAL_PRIVATE_KEY, &vectors::REPLY_SURB_RANDOM]);
    let surb_keys = on_path(&vectors::REPLY_HOPS.map(by_value), vectors::REPLY_RECIPIENT, |path| {
        row("new_surb", || sphinx.new_surb(path, SurbId(vectors::REPLY_SURB_ID), &mut rng as &mut dyn CryptoRng, surb))
            .expect("a good path")
    });
    assert!(rng.is_spent());
    assert_eq!(surb, vectors::REPLY_SURB);
    assert_eq!(surb_keys.as_bytes(), vectors::REPLY_SURB_KEYS);

    let packet = &mut packet[..geometry.packet_len()];
    let mut rng = Recorded::new([&vectors::FORWARD_EPHEMERAL_PRIVATE_KEY]);
    on_path(&vectors::FORWARD_HOPS.map(by_value), vectors::FORWARD_RECIPIENT, |path| {
        row("wrap", || sphinx.wrap(path, &vectors::FORWARD_PAYLOAD, &mut rng as &mut dyn CryptoRng, packet))
            .expect("a good path");
    });
    assert!(rng.is_spent());
    assert_eq!(packet, vectors::FORWARD_PACKET);

    let answer = &mut packet[..vectors::REPLY_FINAL_PAYLOAD.len()];
    answer.copy_from_slice(&vectors::REPLY_FINAL_PAYLOAD);
    let text = row("SurbKeys::open", || surb_keys.open(answer)).expect("our SURB's answer");
    assert_eq!(text, vectors::REPLY_PAYLOAD);
}

/// Makes a SURB and a packet that carries it along the drawn routes. There is no recording of
/// these.
#[inline(never)]
pub(super) fn along(sphinx: &Sphinx<X25519>, routes: &Routes, buffer: &mut [u8]) {
    let (surb, packet) = buffer.split_at_mut(sphinx.geometry().surb_len());
    let packet = &mut packet[..sphinx.geometry().packet_len()];
    let (mut rng, id) = (Predictable(7), SurbId([8; SurbId::LEN]));
    let recipient = [9; RecipientId::LEN];
    on_path(&routes.reply, recipient, |path| {
        row("new_surb", || sphinx.new_surb(path, id, &mut rng as &mut dyn CryptoRng, surb)).expect("a good path");
    });
    let message = Message { surb: Some(surb), user_payload: b"a letter" };
    on_path(&routes.forward, recipient, |path| {
        row("wrap_message", || sphinx.wrap_message(path, &message, &mut rng as &mut dyn CryptoRng, packet))
            .expect("a good path");
    });
}

/// Calls `operation` with the path of these hops.
fn on_path<const N: usize, T>(
    hops: &[StoredHop; N],
    recipient: [u8; RecipientId::LEN],
    operation: impl FnOnce(&Path<'_, X25519>) -> T,
) -> T {
    let keys = hops.each_ref().map(|(_, key, _)| PublicKey::<X25519>::from_bytes(*key));
    let mut hop = hops.iter().zip(&keys);
    let hops = [(); N].map(|()| {
        let ((id, _, delay_millis), public_key) = hop.next().expect("as many keys as hops");
        Hop { id: NodeId(*id), public_key, delay_millis: *delay_millis }
    });
    operation(&Path { hops: &hops, recipient: RecipientId(recipient) })
}

fn by_value((id, key, delay_millis): (&[u8; 32], &[u8; 32], Option<u32>)) -> StoredHop {
    (*id, *key, delay_millis)
}
