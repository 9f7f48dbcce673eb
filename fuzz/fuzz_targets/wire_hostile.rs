//! A peer that follows the handshake correctly and puts anything inside its AEADs: static keys,
//! names, ciphertexts, the first frames. A model of the formats decides what has to be accepted.
//!
//! The peer is a separate implementation (`wire_hostile/noise.rs`); the KEM is a fake one, so that
//! the peer knows every secret.
#![no_main]

#[allow(dead_code)]
#[path = "../../wire/tests/wire/common.rs"]
mod common;
#[path = "../../wire/tests/wire/fake_kem.rs"]
mod fake_kem;
#[path = "wire_hostile/noise.rs"]
mod noise;
#[allow(dead_code)]
#[path = "../../wire/tests/wire/pair.rs"]
mod pair;

use arbitrary::Arbitrary;
use common::SIZES;
use fake_kem::BAD;
use libfuzzer_sys::fuzz_target;
use mixwell_wire::{Command, FRAME_HEADER_LEN, HandshakeError, Link, Peer, ReceiveError, Receiver};
use noise::{Cipher, Noise};
use pair::{Lengths, Pair, UNIX_TIME, rng};

const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const AD_LEN: usize = 255;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    hostile: Side,
    static_key: [u8; KEY_LEN],
    identity: Identity<'a>,
    secrets: [[u8; KEY_LEN]; 2],
    frames: Vec<Frame<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Side {
    Initiator,
    Responder,
}

/// An authenticate message.
#[derive(Arbitrary, Debug)]
enum Identity<'a> {
    WellFormed { ad: &'a [u8], unix_time: u32 },
    Raw(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
struct Frame<'a> {
    /// A length to claim in place of the body's.
    length: Option<u32>,
    content: Content<'a>,
}

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    NoOp,
    /// A command's id and body, padded with zeros.
    Command {
        id: u8,
        body: &'a [u8],
        padding: u16,
    },
    Raw(&'a [u8]),
}

impl Identity<'_> {
    /// `length (1) ‖ name (255) ‖ time (4)`.
    fn encode(&self) -> [u8; 260] {
        let mut message = [0; 260];
        match self {
            Self::WellFormed { ad, unix_time } => {
                let ad = &ad[..ad.len().min(AD_LEN)];
                message[0] = ad.len() as u8;
                message[1..][..ad.len()].copy_from_slice(ad);
                message[256..].copy_from_slice(&unix_time.to_be_bytes());
            }
            Self::Raw(bytes) => message.iter_mut().zip(*bytes).for_each(|(to, from)| *to = *from),
        }
        message
    }
}

/// The id and the time in an authenticate message; `None` if the message is malformed.
fn model(message: &[u8; 260]) -> Option<(&[u8], u32)> {
    let (name, padding) = message[1..256].split_at(message[0].into());
    let time = u32::from_be_bytes(*message.last_chunk().unwrap());
    padding.iter().all(|byte| *byte == 0).then_some((name, time))
}

fn check_peer(peer: &Peer<fake_kem::FakeKem>, static_key: &[u8; KEY_LEN], message: &[u8; 260]) {
    let (ad, unix_time) = model(message).expect("it was accepted");
    assert_eq!((peer.ad(), peer.unix_time()), (ad, unix_time));
    assert_eq!(peer.static_key().as_bytes(), static_key);
}

/// The ciphertext that decapsulates to `secret` with the key pair of this public key.
fn ciphertext(secret: &[u8; KEY_LEN], public: &[u8]) -> [u8; KEY_LEN] {
    core::array::from_fn(|at| secret[at] ^ public[at])
}

fuzz_target!(|input: Input<'_>| {
    let identity = input.identity.encode();
    match input.hostile {
        Side::Responder => hostile_responder(&input, &identity),
        Side::Initiator => hostile_initiator(&input, &identity),
    }
});

fn hostile_responder(input: &Input<'_>, identity: &[u8; 260]) {
    let pair = Pair::default();
    let (initiator, message_1) = pair.sent_1();
    let mut noise = Noise::new(&message_1);

    let mut message_2 = ciphertext(&input.secrets[0], &message_1[1..]).to_vec();
    noise.mix_hash(&message_2);
    noise.mix_key(&input.secrets[0]);
    message_2.extend(noise.encrypt_and_hash(&input.static_key));
    message_2.extend(noise.encrypt_and_hash(identity));
    assert_eq!(message_2.len(), Lengths::LEN_2);
    let peer = match initiator.read(&mut message_2) {
        Ok(peer) => peer,
        Err(HandshakeError::Failed) => return assert_eq!(input.secrets[0][0], BAD),
        Err(error) => return assert_eq!((error, model(identity)), (HandshakeError::Authenticate, None)),
    };
    assert_ne!(input.secrets[0][0], BAD);
    check_peer(peer.peer(), &input.static_key, identity);

    let mut out = [0; Lengths::LEN_3];
    let (initiator, message_3) = match peer.accept().write(&mut rng(3), &mut out) {
        Ok(written) => written,
        Err(error) => return assert_eq!((error, input.static_key[0]), (HandshakeError::Key, BAD)),
    };
    let (skem, rest) = message_3.split_at(KEY_LEN + TAG_LEN);
    let (their_key, their_identity) = rest.split_at(KEY_LEN + TAG_LEN);
    let skem = noise.decrypt_and_hash(skem);
    // the fake KEM's private key is its public key
    noise.mix_key_and_hash(&ciphertext(skem.first_chunk().unwrap(), &input.static_key));
    let their_key = noise.decrypt_and_hash(their_key);
    noise.decrypt_and_hash(their_identity);

    let mut message_4 = noise.encrypt_and_hash(&ciphertext(&input.secrets[1], &their_key));
    noise.mix_key_and_hash(&input.secrets[1]);
    message_4.extend(noise.encrypt_and_hash(&[]));
    let initiator = match initiator.read(&mut message_4) {
        Ok(initiator) => initiator,
        Err(error) => return assert_eq!((error, input.secrets[1][0]), (HandshakeError::Failed, BAD)),
    };
    let [_, mut sending] = noise.split();
    let mut frames = input.frames.iter();
    let Some(first) = frames.next() else { return };
    let link = Link::client(SIZES);
    let (mut header, mut body, sent) = first.seal(&mut sending);
    let opened = initiator.open_length(&mut header).and_then(|initiator| {
        assert_eq!(initiator.body_len(), sent.claimed as usize);
        initiator.open(&mut body)
    });
    match opened {
        Ok(mut session) => {
            assert_eq!(Command::decode(&sent.plaintext, &link), Ok(Command::NoOp));
            receive(&mut session.receiver, frames, &mut sending, &link);
        }
        Err(error) => sent.check_error(error, &link, true),
    }
}

fn hostile_initiator(input: &Input<'_>, identity: &[u8; 260]) {
    let pair = Pair::default();
    // any ephemeral public key that is not rejected; its private key is the same
    let mut message_1 = vec![3];
    message_1.extend(input.secrets[1]);
    let responder = pair.responder().read(&message_1).expect("the version and the length are right");
    let mut noise = Noise::new(&message_1);
    let mut out = [0; Lengths::LEN_2];
    let (responder, message_2) = match responder.write(&mut rng(2), UNIX_TIME, &mut out) {
        Ok(written) => written,
        Err(error) => return assert_eq!((error, input.secrets[1][0]), (HandshakeError::Key, BAD)),
    };
    let (ekem, rest) = message_2.split_at(KEY_LEN);
    let (their_key, their_identity) = rest.split_at(KEY_LEN + TAG_LEN);
    noise.mix_hash(ekem);
    noise.mix_key(&ciphertext(ekem.first_chunk().unwrap(), &message_1[1..]));
    let their_key = noise.decrypt_and_hash(their_key);
    noise.decrypt_and_hash(their_identity);

    let mut message_3 = noise.encrypt_and_hash(&ciphertext(&input.secrets[0], &their_key));
    noise.mix_key_and_hash(&input.secrets[0]);
    message_3.extend(noise.encrypt_and_hash(&input.static_key));
    message_3.extend(noise.encrypt_and_hash(identity));
    let peer = match responder.read(&mut message_3) {
        Ok(peer) => peer,
        Err(HandshakeError::Failed) => return assert_eq!(input.secrets[0][0], BAD),
        Err(error) => return assert_eq!((error, model(identity)), (HandshakeError::Authenticate, None)),
    };
    check_peer(peer.peer(), &input.static_key, identity);

    let link = Link::gateway(SIZES);
    let mut out = [0; Lengths::LEN_4];
    let (responder, message_4) = match peer.accept(link).write(&mut rng(4), &mut out) {
        Ok(written) => written,
        Err(error) => return assert_eq!((error, input.static_key[0]), (HandshakeError::Key, BAD)),
    };
    let (skem, end) = message_4.split_at(KEY_LEN + TAG_LEN);
    let skem = noise.decrypt_and_hash(skem);
    noise.mix_key_and_hash(&ciphertext(skem.first_chunk().unwrap(), &input.static_key));
    assert!(noise.decrypt_and_hash(end).is_empty());
    let [mut sending, _] = noise.split();
    let mut frame = vec![0; responder.frame_len()];
    let (unproven, _) = responder.write(&mut frame).expect("there is room");
    let mut frames = input.frames.iter();
    let Some(first) = frames.next() else { return };
    let (mut header, mut body, sent) = first.seal(&mut sending);
    let mut session = match unproven.open_length(&mut header) {
        Ok(session) => session,
        Err(error) => return sent.check_error(error, &link, false),
    };
    let pending = session.receiver.pending().expect("its length was read");
    match pending.open(&mut body) {
        Ok(command) => assert_eq!(Ok(command), Command::decode(&sent.plaintext, &link)),
        Err(error) => return sent.check_error(error, &link, false),
    }
    receive(&mut session.receiver, frames, &mut sending, &link);
}

/// Delivers frames until one is rejected.
fn receive<'f>(
    receiver: &mut Receiver,
    frames: impl Iterator<Item = &'f Frame<'f>>,
    sending: &mut Cipher,
    link: &Link,
) {
    for frame in frames {
        let (mut header, mut body, sent) = frame.seal(sending);
        let opened = receiver.open_length(&mut header).and_then(|pending| {
            assert_eq!(pending.len(), sent.claimed as usize);
            pending.open(&mut body)
        });
        match opened {
            Ok(command) => assert_eq!(Ok(command), Command::decode(&sent.plaintext, link)),
            Err(error) => {
                sent.check_error(error, link, false);
                let again = receiver.open_length(&mut [0; FRAME_HEADER_LEN]).map(|_| ());
                return assert_eq!(again, Err(ReceiveError::Dead));
            }
        }
    }
}

/// The content of a frame.
struct Sent {
    claimed: u32,
    plaintext: Vec<u8>,
}

impl Frame<'_> {
    fn seal(&self, sending: &mut Cipher) -> ([u8; FRAME_HEADER_LEN], Vec<u8>, Sent) {
        let up = Link::client(SIZES).up_len();
        let plaintext = match &self.content {
            Content::NoOp => {
                let mut command = vec![0; up];
                command[..2].copy_from_slice(&[0, 0]);
                command
            }
            Content::Command { id, body, padding } => {
                let mut command = vec![*id, 0];
                command.extend((body.len() as u32).to_be_bytes());
                command.extend(*body);
                let padded = if *padding % 3 == 0 { up } else { usize::from(*padding) };
                command.resize(command.len().max(padded), 0);
                command
            }
            Content::Raw(bytes) => bytes.to_vec(),
        };
        let claimed = self.length.unwrap_or((plaintext.len() + TAG_LEN) as u32);
        let header = sending.encrypt(&[], &claimed.to_be_bytes());
        let mut body = sending.encrypt(&[], &plaintext);
        sending.rekey();
        // as many bytes arrive as were announced, within limits
        body.resize((claimed as usize).clamp(TAG_LEN, 1 << 20), 0);
        (header.try_into().expect("four bytes and a tag"), body, Sent { claimed, plaintext })
    }
}

impl Sent {
    /// Checks that the receiver had to reject the frame, and with this error.
    fn check_error(&self, error: ReceiveError, link: &Link, is_first: bool) {
        let max = link.max_frame() + TAG_LEN;
        let claimed = usize::try_from(self.claimed).unwrap();
        let want = if !(TAG_LEN..=max).contains(&claimed) {
            ReceiveError::Length { max, got: self.claimed }
        } else if claimed != self.plaintext.len() + TAG_LEN {
            ReceiveError::Tag
        } else {
            match Command::decode(&self.plaintext, link) {
                Err(error) => ReceiveError::Command(error),
                Ok(Command::NoOp) => panic!("a no_op is refused: {error}"),
                Ok(_) if is_first => ReceiveError::NotNoOp,
                Ok(command) => panic!("{command:?} is refused: {error}"),
            }
        };
        assert_eq!(error, want);
    }
}
