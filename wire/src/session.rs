//! The session: framed, encrypted commands in both directions (`docs/spec/wire.md#frames`).

mod receiver;
mod sender;

pub use receiver::{Body, ReceiveError, Receiver};
pub use sender::{SendError, Sender};

use crate::{
    link::Link,
    noise::{CipherState, TAG_LEN},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes on the wire before the body of each command: its encrypted length.
pub const FRAME_HEADER_LEN: usize = 4 + TAG_LEN;

/// Bytes that encryption adds to a command as encoded by
/// [`Command::encode`](crate::Command::encode).
pub const FRAME_OVERHEAD: usize = FRAME_HEADER_LEN + TAG_LEN;

/// Both halves of a session. They share nothing: each may be moved to its own thread or task.
///
/// ```
/// use mixwell_wire::{Command, SendError, Session};
///
/// fn send<'b>(session: &mut Session, packet: &[u8], buffer: &'b mut [u8]) -> Result<&'b [u8], SendError> {
///     session.sender.seal(&Command::SendPacket(packet), buffer) // to be written to the stream
/// }
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is these two halves, to be taken apart")]
pub struct Session {
    /// The sending half.
    pub sender: Sender,
    /// The receiving half.
    pub receiver: Receiver,
}

impl Session {
    pub(crate) const fn new(send: CipherState, receive: CipherState, link: Link) -> Self {
        Self { sender: Sender::new(send, link), receiver: Receiver::new(receive, link) }
    }
}

/// A cipher that is wiped and never works again after an error.
#[derive(ZeroizeOnDrop)]
struct Fuse {
    cipher: CipherState,
    #[zeroize(skip)]
    dead: bool,
}

impl Fuse {
    const fn new(cipher: CipherState) -> Self {
        Self { cipher, dead: false }
    }

    /// Runs `step` unless an earlier step has failed.
    fn try_step<T, E>(&mut self, dead: E, step: impl FnOnce(&mut CipherState) -> Result<T, E>) -> Result<T, E> {
        if self.dead {
            return Err(dead);
        }
        let result = step(&mut self.cipher);
        if result.is_err() {
            self.dead = true;
            self.cipher.zeroize();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, CommandError, PacketSizes};
    use std::vec::Vec;

    const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

    fn cipher(nonce: u64) -> CipherState {
        CipherState::with_nonce(&[3; 64], nonce)
    }

    fn receiver(nonce: u64) -> Receiver {
        Receiver::new(cipher(nonce), Link::client(SIZES))
    }

    /// The header of a frame from a peer that claims any length.
    fn header(length: u32) -> [u8; FRAME_HEADER_LEN] {
        let (mut text, mut tag) = (length.to_be_bytes(), [0; TAG_LEN]);
        cipher(0).encrypt(&[], &mut text, &mut tag).unwrap();
        [&text[..], &tag[..]].concat().try_into().unwrap()
    }

    /// A frame with any text.
    fn frame(text: &[u8]) -> Vec<u8> {
        let mut cipher = cipher(0);
        let (mut length, mut tag) =
            (u32::try_from(text.len().strict_add(TAG_LEN)).unwrap().to_be_bytes(), [0; TAG_LEN]);
        cipher.encrypt(&[], &mut length, &mut tag).unwrap();
        let (mut body, mut body_tag) = (text.to_vec(), [0; TAG_LEN]);
        cipher.encrypt(&[], &mut body, &mut body_tag).unwrap();
        [&length[..], &tag, &body, &body_tag].concat()
    }

    #[test]
    fn every_kind_of_length() {
        let max = Link::client(SIZES).max_frame().strict_add(TAG_LEN);
        assert_eq!(max, 3123 + 16);
        let lengths = (0..5000).chain((0..32).flat_map(|bit| [1_u32 << bit, (1 << bit) - 1, u32::MAX - (1 << bit)]));
        for length in lengths.chain([500_000_000, u32::MAX]) {
            let mut receiver = receiver(0);
            let result = receiver.open_length(&mut header(length)).map(|body| body.len());
            let wanted = usize::try_from(length).unwrap();
            if (16..=max).contains(&wanted) {
                assert_eq!(result, Ok(wanted));
            } else {
                assert_eq!(result, Err(ReceiveError::Length { max, got: length }));
                assert!(receiver.pending().is_none());
                assert_eq!(receiver.open_length(&mut header(100)).map(|_| ()), Err(ReceiveError::Dead));
            }
        }
    }

    #[test]
    fn authentic_nonsense() {
        for text in [&[][..], &[0; 5], &[200, 0, 0, 0, 0, 0], &[0, 1, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 0, 0, 9]] {
            let mut frame = frame(text);
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            let mut receiver = receiver(0);
            let error = receiver.open_length(header).unwrap().open(body).unwrap_err();
            assert!(matches!(error, ReceiveError::Command(_)), "{error}");
            assert!(error != ReceiveError::Command(CommandError::Padding) || text.len() == 8);
            assert!(receiver.fuse.dead);
            assert_eq!(receiver.open_length(header).map(|_| ()), Err(ReceiveError::Dead));
        }
    }

    #[test]
    fn the_nonces_run_out() {
        let mut out = [0xee; 4000];
        for (left, works) in [(0, false), (1, false), (2, true), (3, true)] {
            let mut sender = Sender::new(cipher(u64::MAX - left), Link::gateway(SIZES));
            let mut receiver = receiver(u64::MAX - left);
            let sent = sender.seal(&Command::NoOp, &mut out).map(<[u8]>::to_vec);
            assert_eq!(sent.is_ok(), works);
            let Ok(mut frame) = sent else {
                assert_eq!(sent, Err(SendError::Nonce));
                assert_eq!(sender.seal(&Command::NoOp, &mut out), Err(SendError::Dead));
                assert_eq!(receiver.open_length(&mut [0; 20]).map(|_| ()), Err(ReceiveError::Nonce));
                continue;
            };
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            assert_eq!(receiver.open_length(header).unwrap().open(body), Ok(Command::NoOp));
            assert_eq!(sender.seal(&Command::NoOp, &mut out), Err(SendError::Nonce));
            assert_eq!(receiver.open_length(header).map(|_| ()), Err(ReceiveError::Nonce));
        }
    }

    #[test]
    fn an_error_wipes_the_key() {
        let mut sender = Sender::new(cipher(0), Link::gateway(SIZES));
        sender.seal(&Command::NoOp, &mut []).unwrap_err();
        assert!(!sender.fuse.cipher.is_wiped(), "the caller's mistake");
        let mut receiver = receiver(0);
        receiver.open_length(&mut [0; FRAME_HEADER_LEN]).unwrap_err();
        assert!(receiver.fuse.cipher.is_wiped());
    }
}
