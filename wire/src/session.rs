//! The session: framed, encrypted commands in both directions (section 2).

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

/// How much longer a command is on the wire than [`Command::encode`](crate::Command::encode) makes it.
pub const FRAME_OVERHEAD: usize = FRAME_HEADER_LEN + TAG_LEN;

/// Both halves of a session. They share nothing: each may go to a thread or task of its own.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is these two halves, to be taken apart")]
pub struct Session {
    /// What this side sends with.
    pub sender: Sender,
    /// What this side receives with.
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

    /// Does what `step` does, if nothing has failed before.
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
