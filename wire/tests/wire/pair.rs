//! Two peers in memory.

use crate::{common::SIZES, fake_kem::FakeKem};
use mixwell_pq_kem::kem::{PrivateKey, Seed};
use mixwell_wire::{Ad, Command, Link, LinkKey, Messages, Session, initiator, responder};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

pub(crate) type Lengths = Messages<FakeKem>;

pub(crate) const CLIENT_AD: &[u8; 32] = b"00112233445566778899aabbccddeeff";
pub(crate) const GATEWAY_AD: &[u8; 32] = &[0x6a; 32];
pub(crate) const UNIX_TIME: u32 = 1_780_000_000;

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn key(seed: u8) -> LinkKey<FakeKem> {
    use mixwell_pq_kem::Kem;
    LinkKey::new(&FakeKem::from_seed(&Seed::from_bytes([seed; 32]))).unwrap()
}

pub(crate) fn private(first: u8) -> PrivateKey<FakeKem> {
    let mut bytes = [9; 32];
    bytes[0] = first;
    PrivateKey::from_bytes(bytes)
}

/// The four messages of a handshake.
#[derive(Clone)]
pub(crate) struct Transcript(pub(crate) [Vec<u8>; 4]);

/// Both sides of a handshake, one step at a time.
pub(crate) struct Pair {
    pub(crate) client: LinkKey<FakeKem>,
    pub(crate) gateway: LinkKey<FakeKem>,
    pub(crate) seed: u8,
}

impl Default for Pair {
    fn default() -> Self {
        Self { client: key(2), gateway: key(4), seed: 1 }
    }
}

impl Pair {
    pub(crate) fn initiator(&self) -> initiator::Initiator<'_, FakeKem> {
        initiator::Initiator::new(&self.client, Ad::client(CLIENT_AD), Link::client(SIZES))
    }

    pub(crate) fn responder(&self) -> responder::Responder<'_, FakeKem> {
        responder::Responder::new(&self.gateway, Ad::node(GATEWAY_AD))
    }

    /// Runs the handshake up to message 1.
    pub(crate) fn sent_1(&self) -> (initiator::AwaitMessage2<'_, FakeKem>, Vec<u8>) {
        let mut out = [0; Lengths::LEN_1];
        let (state, message) = self.initiator().write(&mut rng(self.seed), &mut out).unwrap();
        (state, message.to_vec())
    }

    /// Runs the handshake up to message 2.
    pub(crate) fn sent_2(
        &self,
    ) -> (initiator::AwaitMessage2<'_, FakeKem>, responder::AwaitMessage3<'_, FakeKem>, Vec<u8>) {
        let (initiator, message) = self.sent_1();
        let mut out = [0; Lengths::LEN_2];
        let responder = self.responder().read(&message).unwrap();
        let (responder, message) = responder.write(&mut rng(self.seed + 1), UNIX_TIME, &mut out).unwrap();
        (initiator, responder, message.to_vec())
    }

    /// Runs the handshake up to message 3.
    pub(crate) fn sent_3(
        &self,
    ) -> (initiator::AwaitMessage4<'_, FakeKem>, responder::AwaitMessage3<'_, FakeKem>, Vec<u8>) {
        let (initiator, responder, mut message) = self.sent_2();
        let mut out = [0; Lengths::LEN_3];
        let initiator = initiator.read(&mut message).unwrap().accept();
        let (initiator, message) = initiator.write(&mut rng(self.seed + 2), &mut out).unwrap();
        (initiator, responder, message.to_vec())
    }

    /// Runs the handshake up to message 4.
    pub(crate) fn sent_4(&self) -> (initiator::AwaitMessage4<'_, FakeKem>, responder::SendNoOp, Vec<u8>) {
        let (initiator, responder, mut message) = self.sent_3();
        let mut out = [0; Lengths::LEN_4];
        let responder = responder.read(&mut message).unwrap().accept(Link::gateway(SIZES));
        let (responder, message) = responder.write(&mut rng(self.seed + 3), &mut out).unwrap();
        (initiator, responder, message.to_vec())
    }

    /// The client's session, then the gateway's, to which the client has not yet proved its key.
    pub(crate) fn unproven(&self) -> (Session, responder::UnprovenSession) {
        let (initiator, responder, mut message) = self.sent_4();
        let mut frame = vec![0; responder.frame_len()];
        let (gateway, frame) = responder.write(&mut frame).unwrap();
        let (header, body) = frame.split_first_chunk().unwrap();
        let initiator = initiator.read(&mut message).unwrap().open_length(&mut header.clone()).unwrap();
        assert_eq!(initiator.body_len(), body.len());
        (initiator.open(&mut body.to_vec()).unwrap(), gateway)
    }

    /// The client's session, then the gateway's, after the client's first `no_op`.
    pub(crate) fn sessions(&self) -> [Session; 2] {
        let (mut client, gateway) = self.unproven();
        let gateway = prove(&mut client, gateway);
        [client, gateway]
    }

    pub(crate) fn transcript(&self) -> Transcript {
        Transcript([self.sent_1().1, self.sent_2().2, self.sent_3().2, self.sent_4().2])
    }
}

/// Proves the client's key to the gateway with a `no_op`.
pub(crate) fn prove(client: &mut Session, gateway: responder::UnprovenSession) -> Session {
    let mut frame = vec![0; client.sender.frame_len(&Command::NoOp).unwrap()];
    client.sender.seal(&Command::NoOp, &mut frame).unwrap();
    let (header, body) = frame.split_first_chunk_mut().unwrap();
    let mut gateway = gateway.open_length(header).unwrap();
    assert_eq!(gateway.receiver.pending().unwrap().open(body), Ok(Command::NoOp));
    gateway
}
