//! A pairing in a state file.

use super::{COMMITMENT_LEN, Hello, Key, Pairing, Role, Stage, message};
use crate::{
    bytes::{Reader, Writer},
    exchange::BoxLen,
};
use mixwell_pq_kem::kem::{Seed, SharedSecret};

impl Pairing {
    pub(crate) fn write(&self, to: &mut Writer) {
        to.u8(self.role.tag());
        to.put(self.secret.as_bytes());
        to.put(self.seed.as_bytes());
        to.put(&self.hello.encode());
        match &self.stage {
            Stage::Commitment => to.u8(0),
            Stage::Hello { commitment } => {
                to.u8(1);
                to.put(commitment);
            }
            Stage::Reply { met } => {
                to.u8(2);
                to.put(&met.friend.encode());
            }
            Stage::LastReply { met, theirs, reply } => {
                to.u8(3);
                to.put(&met.friend.encode());
                to.put(theirs.as_bytes());
                to.put(reply);
            }
        }
        to.bool(self.showing.is_some());
        if let Some((id, boxed)) = &self.showing {
            to.put(id);
            to.put(boxed);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>, len: BoxLen) -> Option<Self> {
        let role = Role::of_tag(from.u8()?)?;
        let (secret, seed) = (Key::new(from.array()?), Seed::from_bytes(from.array()?));
        let hello = read_hello(from)?;
        let (stage, showing, tick, has_failed) = (Stage::Commitment, None, 0, false);
        let mut pairing = Self { role, len, secret, seed, hello, stage, showing, tick, has_failed };
        pairing.stage = match (from.u8()?, role) {
            (0, Role::Responder) => Stage::Commitment,
            (1, _) => Stage::Hello { commitment: from.array::<COMMITMENT_LEN>()? },
            (2, Role::Initiator) => Stage::Reply { met: pairing.meet(read_hello(from)?) },
            (3, Role::Responder) => Stage::LastReply {
                met: pairing.meet(read_hello(from)?),
                theirs: SharedSecret::from_bytes(from.array()?),
                reply: from.take(message::REPLY_LEN)?.to_vec(),
            },
            _ => return None,
        };
        if from.bool()? {
            pairing.showing = Some((from.array()?, from.take(len.get())?.to_vec()));
        }
        Some(pairing)
    }

    /// What it takes in a state, at most.
    pub(crate) const fn state_len(&self) -> usize {
        // two hellos, a reply, and keys
        const REST: usize = 4096;
        self.len.get().saturating_add(REST)
    }
}

fn read_hello(from: &mut Reader<'_>) -> Option<Hello> {
    Hello::decode(from.take(message::HELLO_LEN)?)
}
