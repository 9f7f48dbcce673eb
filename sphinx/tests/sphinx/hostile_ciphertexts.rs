//! KEM Sphinx: bad ciphertexts and keys, and attacks that use a valid ciphertext.

use crate::{
    forge::{Forgery, forge},
    network::Network,
    schemes::for_every_scheme,
};
use mixwell_pq_kem::{
    Adapter, Kem as KemScheme, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, PublicKey, SharedSecret},
};
use mixwell_sphinx::{Action, CommandError, FinishError, Geometry, Kem, Message, OpenError, Scheme, Sphinx, WrapError};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// A network of one scheme and a packet with the longest path.
fn network<S: Scheme>() -> (Network<S>, Vec<u8>) {
    let geometry = Geometry::of::<S>(3, 50, true).unwrap();
    let mut network = Network::<S>::new(geometry, 1);
    let hops = Network::hops(&network.public_keys, 3);
    let mut packet = vec![0; geometry.packet_len()];
    let message = Message { surb: None, user_payload: b"message" };
    network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet).unwrap();
    (network, packet)
}

#[test]
fn a_changed_ciphertext_or_group_element() {
    fn check<S: Scheme>() {
        let (network, packet) = network::<S>();
        // at every hop: after the first, the ciphertext comes out of the routing block
        let mut packet = packet;
        for (hop, key) in network.private_keys.iter().enumerate() {
            let element_len = network.sphinx.geometry().scheme().element_len();
            for byte in (2..2 + element_len).step_by(element_len.div_ceil(40)).chain([1 + element_len]) {
                let mut changed = packet.clone();
                changed[byte] ^= 0x10;
                let before = changed.clone();
                let error = network.sphinx.open(&mut changed, key).err();
                assert_eq!(error, Some(OpenError::Mac), "{}: byte {byte} at hop {hop}", S::INFO);
                assert!(changed == before, "untouched");
            }
            let _ = network.sphinx.open(&mut packet, key).unwrap().finish().unwrap();
        }
    }
    for_every_scheme!(check());
}

/// Zeroes `len` bytes of the group element from `offset` on, then opens the packet.
fn open_with_zeros<S: Scheme>(offset: usize, len: usize) -> Option<OpenError> {
    let (network, mut packet) = network::<S>();
    packet[2 + offset..][..len].fill(0);
    let before = packet.clone();
    let error = network.sphinx.open(&mut packet, &network.private_keys[0]).err();
    assert!(packet == before, "untouched");
    error
}

#[test]
fn points_of_small_order_inside_ciphertexts() {
    assert_eq!(open_with_zeros::<Kem<Adapter<X25519>>>(0, 32), Some(OpenError::GroupElement));
    assert_eq!(open_with_zeros::<Kem<Adapter<X448>>>(0, 56), Some(OpenError::GroupElement));
    assert_eq!(open_with_zeros::<Kem<MlKem768X25519>>(0, 32), Some(OpenError::GroupElement));
    assert_eq!(open_with_zeros::<Kem<MlKem768X448>>(0, 56), Some(OpenError::GroupElement));
    // X-Wing accepts them, as its draft specifies, but derives a different secret
    assert_eq!(open_with_zeros::<Kem<XWing>>(1088, 32), Some(OpenError::Mac));
}

#[test]
fn malformed_public_keys() {
    fn wrap_with<K: KemScheme>(public_key: PublicKey<K>) -> Result<(), WrapError>
    where
        Kem<K>: Scheme<PublicKey = PublicKey<K>>,
    {
        let (mut network, mut packet) = network::<Kem<K>>();
        network.public_keys[1] = public_key;
        let hops = Network::hops(&network.public_keys, 3);
        let message = Message { surb: None, user_payload: b"message" };
        network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet)
    }
    let bad = Err(WrapError::PublicKey { hop: 1 });
    // coefficients above the modulus, and points of small order
    assert_eq!(wrap_with::<MlKem768>(PublicKey::from_bytes([0xff; 1184])), bad);
    assert_eq!(wrap_with::<XWing>(PublicKey::from_bytes([0xff; 1216])), bad);
    assert_eq!(wrap_with::<MlKem768X25519>(PublicKey::from_bytes([0xff; 1216])), bad);
    assert_eq!(wrap_with::<MlKem768X25519>(PublicKey::from_bytes([0; 1216])), bad);
    assert_eq!(wrap_with::<Adapter<X25519>>(PublicKey::from_bytes([0; 32])), bad);
    assert_eq!(wrap_with::<Adapter<X448>>(PublicKey::from_bytes([0; 56])), bad);
}

/// Processes a one-hop packet with this decrypted block.
fn finish_with(block: &[u8]) -> Result<(), FinishError> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let private_key = PrivateKey::<XWing>::generate(&mut rng);
    let public_key = private_key.public_key().unwrap();
    let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    XWing::encapsulate(&public_key, &mut rng, &mut ciphertext, &mut secret).unwrap();

    let sphinx = Sphinx::<Kem<XWing>>::new(Geometry::of::<Kem<XWing>>(3, 50, true).unwrap()).unwrap();
    let forgery = Forgery { element: ciphertext.as_bytes(), secret: secret.as_bytes(), block, tag: [0; 32] };
    let mut packet = forge(sphinx.geometry(), &forgery);
    let opened = sphinx.open(&mut packet, &private_key.expand().unwrap()).unwrap();
    let forwarded = matches!(opened.finish()?, Action::Forward { .. });
    if forwarded {
        let commands = 82;
        assert_eq!(packet[2..][..1120], block[commands..][..1120], "the next ciphertext is the block's");
    }
    Ok(())
}

#[test]
fn the_end_of_a_block_is_a_ciphertext_or_zeros() {
    let commands = 82;
    let mut forward = vec![1; 65];
    forward.resize(commands, 0);
    forward.resize(commands + 1120, 0x77);
    assert_eq!(finish_with(&forward), Ok(()));

    let mut deliver = vec![2; 33];
    deliver.resize(commands + 1120, 0);
    assert_eq!(finish_with(&deliver), Ok(()));
    for at in [commands, commands + 500, commands + 1119] {
        let mut block = deliver.clone();
        block[at] = 1;
        assert_eq!(finish_with(&block), Err(FinishError::Command(CommandError::Padding)), "byte {at}");
    }

    // commands cannot extend into the ciphertext
    let mut long = [[0x80; 5].to_vec(), vec![3; 17], [2; 33].to_vec()].concat();
    long.push(1);
    long.resize(commands + 1120, 1);
    assert_eq!(finish_with(&long), Err(FinishError::Command(CommandError::Truncated { id: 1 })));
}
