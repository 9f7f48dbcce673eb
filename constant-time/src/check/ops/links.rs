//! The link: link keys, random bytes, everything derived in the handshake, and the commands'
//! contents are secret.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, each_word, public, secrets};
use mixwell_pq_kem::{
    Kem, MlKem768X448, MlKem768X25519, XWing,
    kem::{PrivateKey, Seed},
};
use mixwell_wire::{
    Ad, Command, Link, LinkKey, LinkSeed, Messages, PacketSizes, Session, initiator::Initiator, responder::Responder,
};
use rand_core::Rng;

/// Sizes for commands below and above 4,096 bytes, for which different ciphers are used on x86-64.
const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
const LARGE: PacketSizes = PacketSizes { packet: 9082, forward_payload: 8574, user_forward_payload: 8000 };

pub(super) fn all() -> Vec<Operation> {
    [of::<XWing>(), of::<MlKem768X25519>(), of::<MlKem768X448>()].into_iter().flatten().collect()
}

fn of<K: Kem>() -> Vec<Operation> {
    vec![
        Operation::new(format!("link pqXX {}: handshake", K::NAME), || {
            let key = link_key(2);
            handshake::<K>(Initiator::new(&key, AD, Link::client(SIZES)), SIZES);
        }),
        Operation::new(format!("link pqXX {}: handshake, keep_expanded", K::NAME), || {
            let (key, mut place) = (link_key(2), K::Expanded::default());
            handshake::<K>(Initiator::new(&key, AD, Link::client(SIZES)).keep_expanded(&mut place), SIZES);
        }),
        Operation::new(format!("link pqXX {}: handshake, with_seed", K::NAME), || {
            let mut seed = Seed::<K>::default();
            SecretRng::new(2).fill_bytes(seed.as_bytes_mut().as_mut());
            let key = LinkSeed::new(seed).expect("a good key");
            assert_secret(key.public().as_bytes().as_ref());
            handshake::<K>(Initiator::with_seed(&key, AD, Link::client(SIZES)), SIZES);
        }),
        Operation::new(format!("link pqXX {}: commands", K::NAME), || commands::<K, 3082>(SIZES)),
        Operation::new(format!("link pqXX {}: long commands", K::NAME), || commands::<K, 9082>(LARGE)),
    ]
}

const AD: Ad<'_> = Ad::client(&[1; 32]);

fn link_key<K: Kem>(seed: u8) -> LinkKey<K> {
    LinkKey::new(&PrivateKey::generate(&mut SecretRng::new(seed))).expect("a good key")
}

/// Both sides of a handshake. A message is public once it is written, and secret again while the
/// other side decrypts it.
fn handshake<K: Kem>(client: Initiator<'_, K>, sizes: PacketSizes) -> (Session, Session) {
    let mut rng = SecretRng::new(1);
    let gateway_key = link_key::<K>(3);
    let mut buffer = [0; 12_000];
    let (client, _) = client.write(&mut rng, &mut buffer).expect("room");
    assert_secret(&buffer[..Messages::<K>::LEN_1]);
    public(&mut buffer);
    let gateway = Responder::new(&gateway_key, Ad::node(&[2; 32]));
    let gateway = gateway.read(&buffer[..Messages::<K>::LEN_1]).expect("message 1");
    let (gateway, _) = gateway.write(&mut rng, 0, &mut buffer).expect("room");
    assert_secret(&buffer[..Messages::<K>::LEN_2]);
    public(&mut buffer);
    let client = client.read(&mut buffer[..Messages::<K>::LEN_2]).expect("message 2");
    let (client, _) = client.accept().write(&mut rng, &mut buffer).expect("room");
    assert_secret(&buffer[..Messages::<K>::LEN_3]);
    public(&mut buffer);
    let gateway = gateway.read(&mut buffer[..Messages::<K>::LEN_3]).expect("message 3");
    let (gateway, _) = gateway.accept(Link::gateway(sizes)).write(&mut rng, &mut buffer).expect("room");
    public(&mut buffer);
    let client = client.read(&mut buffer[..Messages::<K>::LEN_4]).expect("message 4");
    let (gateway, _) = gateway.write(&mut buffer).expect("room");
    public(&mut buffer);
    let (header, body) = buffer.split_first_chunk_mut().expect("a header");
    let mut client = client.open_length(header).expect("a length");
    let mut length = client.body_len() as u64;
    public(&mut length);
    // the number of bytes that follow is visible on the wire
    each_word(&mut client, length, public);
    let mut client = client.open(body).expect("a no_op");
    client.sender.seal(&Command::NoOp, &mut buffer).expect("room");
    public(&mut buffer);
    let (header, body) = buffer.split_first_chunk_mut().expect("a header");
    let mut gateway = gateway.open_length(header).expect("a length");
    let mut length = gateway.receiver.pending_len().expect("a body") as u64;
    public(&mut length);
    each_word(&mut gateway, length, public);
    let mut opened = gateway.receiver.pending().expect("a body").open(body);
    public(&mut opened);
    assert!(matches!(opened, Ok(Command::NoOp)));
    (client, gateway)
}

fn commands<K: Kem, const PACKET: usize>(sizes: PacketSizes) {
    let key = link_key(2);
    let (mut client, mut gateway) = handshake::<K>(Initiator::new(&key, AD, Link::client(sizes)), sizes);
    let (packet, mut buffer) = (secrets::<PACKET>(5), vec![0; PACKET + 1000]);
    for command in [Command::SendPacket(&packet), Command::NoOp] {
        client.sender.seal(&command, &mut buffer).expect("room");
        assert_secret(&buffer);
        public(&mut buffer);
        let (header, body) = buffer.split_first_chunk_mut().expect("a header");
        let mut opened = gateway.receiver.open_length(header).expect("a length");
        // the number of bytes that follow is visible on the wire
        public(&mut opened);
        let mut opened = opened.open(body);
        // the kind of command and the place of its bytes are public, but not the bytes
        public(&mut opened);
        let opened = opened.expect("a command");
        if let Command::SendPacket(packet) = opened {
            assert_secret(packet);
        }
    }
    client.sender.seal(&Command::NoOp, &mut buffer).expect("room");
    public(&mut buffer);
    buffer[0] ^= 1;
    let (header, _) = buffer.split_first_chunk_mut().expect("a header");
    assert!(gateway.receiver.open_length(header).is_err());
}
