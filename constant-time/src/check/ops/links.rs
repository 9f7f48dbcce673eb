//! The link: link keys, the random bytes, what the handshake derives, and the commands' contents are secret.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, each_word, public, secrets};
use mixwell_pq_kem::{Kem, MlKem768X448, MlKem768X25519, XWing, kem::PrivateKey};
use mixwell_wire::{
    Ad, Command, Link, LinkKey, Messages, PacketSizes, Session, initiator::Initiator, responder::Responder,
};

const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

pub(super) fn all() -> Vec<Operation> {
    [of::<XWing>(), of::<MlKem768X25519>(), of::<MlKem768X448>()].into_iter().flatten().collect()
}

fn of<K: Kem>() -> Vec<Operation> {
    vec![
        Operation::new(format!("link pqXX {}: handshake", K::NAME), || drop(handshake::<K>())),
        Operation::new(format!("link pqXX {}: commands", K::NAME), commands::<K>),
    ]
}

fn link_key<K: Kem>(seed: u8) -> LinkKey<K> {
    LinkKey::new(&PrivateKey::generate(&mut SecretRng::new(seed))).expect("a good key")
}

/// Both sides. A message is public once it is written, and secret again where the other side decrypts it.
fn handshake<K: Kem>() -> (Session, Session) {
    let mut rng = SecretRng::new(1);
    let (client_key, gateway_key) = (link_key::<K>(2), link_key::<K>(3));
    let mut buffer = [0; 6000];
    let client = Initiator::new(&client_key, Ad::client(&[1; 32]), Link::client(SIZES));
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
    let (gateway, _) = gateway.accept(Link::gateway(SIZES)).write(&mut rng, &mut buffer).expect("room");
    public(&mut buffer);
    let client = client.read(&mut buffer[..Messages::<K>::LEN_4]).expect("message 4");
    let (gateway, _) = gateway.write(&mut buffer).expect("room");
    public(&mut buffer);
    let (header, body) = buffer.split_first_chunk_mut().expect("a header");
    let mut client = client.open_length(header).expect("a length");
    let mut length = client.body_len() as u64;
    public(&mut length);
    // how many bytes are to come is known to whoever sees them come
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

fn commands<K: Kem>() {
    let (mut client, mut gateway) = handshake::<K>();
    let (packet, mut buffer) = (secrets::<3082>(5), [0; 4000]);
    for command in [Command::SendPacket(&packet), Command::NoOp] {
        client.sender.seal(&command, &mut buffer).expect("room");
        assert_secret(&buffer);
        public(&mut buffer);
        let (header, body) = buffer.split_first_chunk_mut().expect("a header");
        let mut opened = gateway.receiver.open_length(header).expect("a length");
        // how many bytes are to come is known to whoever sees them come
        public(&mut opened);
        let mut opened = opened.open(body);
        // which command it is and where its bytes lie, but not those
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
