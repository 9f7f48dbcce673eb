//! A client and a gateway for measurements of links.

use mixwell_pq_kem::{Kem, kem::PrivateKey};
use mixwell_wire::{
    Ad, Command, Link, LinkKey, Messages, PacketSizes, Session,
    initiator::{AwaitNoOp, Initiator},
    responder::{Responder, SendNoOp},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// X25519 packets of five hops with a user payload of 2000 bytes.
pub const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

/// Both ends of a link, with their buffers.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Ends<K: Kem> {
    client_key: LinkKey<K>,
    gateway_key: LinkKey<K>,
    sizes: PacketSizes,
    rng: ChaCha20Rng,
    buffer: Vec<u8>,
    ephemeral: K::Expanded,
}

impl<K: Kem> Ends<K> {
    /// Generates both link keys.
    ///
    /// # Panics
    /// Never: generated keys are valid.
    #[must_use]
    pub fn new(sizes: PacketSizes) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut key = || LinkKey::new(&PrivateKey::generate(&mut rng)).expect("a fresh key");
        let (client_key, gateway_key) = (key(), key());
        let buffer = vec![0; Link::client(sizes).buffer_len().max(Messages::<K>::MAX_LEN)];
        Self { client_key, gateway_key, sizes, rng, buffer, ephemeral: K::Expanded::default() }
    }

    /// A handshake without the final command that confirms it to the client. The client stores its
    /// ephemeral key expanded.
    ///
    /// # Panics
    /// If a message is rejected.
    #[inline]
    pub fn handshake(&mut self) -> (AwaitNoOp, SendNoOp) {
        let Self { client_key, gateway_key, sizes, rng, buffer, ephemeral } = self;
        let client = Initiator::new(client_key, Ad::client(&[1; 32]), Link::client(*sizes)).keep_expanded(ephemeral);
        let (client, message) = client.write(rng, buffer).expect("message 1");
        let gateway = Responder::new(gateway_key, Ad::node(&[2; 32])).read(message).expect("message 1");
        let (gateway, _) = gateway.write(rng, 0, buffer).expect("message 2");
        let client = client.read(&mut buffer[..Messages::<K>::LEN_2]).expect("message 2");
        let (client, _) = client.accept().write(rng, buffer).expect("message 3");
        let gateway = gateway.read(&mut buffer[..Messages::<K>::LEN_3]).expect("message 3");
        let (gateway, _) = gateway.accept(Link::gateway(*sizes)).write(rng, buffer).expect("message 4");
        (client.read(&mut buffer[..Messages::<K>::LEN_4]).expect("message 4"), gateway)
    }

    /// The sessions after a handshake and a `no_op` each way, the client's and the gateway's.
    ///
    /// # Panics
    /// If a message is rejected.
    pub fn sessions(&mut self) -> [Session; 2] {
        let (client, gateway) = self.handshake();
        let (gateway, _) = gateway.write(&mut self.buffer).expect("no_op");
        let (header, body) = self.buffer.split_first_chunk_mut().expect("it is longer");
        let mut client = client.open_length(header).expect("no_op").open(body).expect("no_op");
        client.sender.seal(&Command::NoOp, &mut self.buffer).expect("room");
        let (header, body) = self.buffer.split_first_chunk_mut().expect("it is longer");
        let mut gateway = gateway.open_length(header).expect("the client's no_op");
        gateway.receiver.pending().expect("a body").open(body).expect("the client's no_op");
        [client, gateway]
    }
}
