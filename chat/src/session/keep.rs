//! A conversation in a state file.

use super::{LastOfPairing, Session};
use crate::{
    beacon::Beacon,
    bytes::{Reader, Writer},
    code::SafetyString,
    content::Content,
    event::Ended,
    exchange::BoxLen,
    kdf::Key,
    name::{self, MAX_NAME_LEN},
    ratchet::{Ratchet, Role},
    receive::ReceiveWindow,
    send::SendWindow,
};
use alloc::string::String;

impl Session {
    pub(crate) fn write(&self, to: &mut Writer) {
        to.u8(self.role.tag());
        to.bytes(self.friend.as_bytes());
        to.put(self.safety.as_bytes());
        self.ratchet.write(to);
        self.send.write(to);
        self.receive.write(to);
        to.u64(self.told);
        self.content.write(to);
        to.put(self.beacon.key().as_bytes());
        to.bool(self.last_of_pairing.is_some());
        if let Some(last) = &self.last_of_pairing {
            to.put(&last.id);
            to.put(&last.boxed);
        }
        to.bool(self.ended.is_some());
        if let Some(ended) = self.ended {
            ended.write(to);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>, len: BoxLen) -> Option<Self> {
        let role = Role::of_tag(from.u8()?)?;
        let friend: String = name::person(core::str::from_utf8(from.bytes(MAX_NAME_LEN)?).ok()?);
        let safety = SafetyString::new(from.array()?);
        let ratchet = Ratchet::read(role, from)?;
        let send = SendWindow::read_from(from, len)?;
        let receive = ReceiveWindow::read_from(from)?;
        let told = from.u64()?;
        let content = Content::read(from)?;
        let beacon = Beacon::new(Key::new(from.array()?), role);
        let last_of_pairing = if from.bool()? {
            Some(LastOfPairing { id: from.array()?, boxed: from.take(len.get())?.to_vec() })
        } else {
            None
        };
        let ended = if from.bool()? { Some(Ended::read(from)?) } else { None };
        let (tick, heard, has_failed) = (0, 0, false);
        Some(Self {
            role,
            len,
            friend,
            safety,
            ratchet,
            send,
            receive,
            told,
            content,
            beacon,
            last_of_pairing,
            ended,
            tick,
            heard,
            has_failed,
        })
    }

    /// What it takes in a state, at most.
    pub(crate) fn state_len(&self) -> usize {
        // the ratchet with a step on its way, tokens, a box of the pairing and names
        const REST: usize = 8192;
        [self.len.get(), self.send.state_len(self.len), self.content.state_len()]
            .into_iter()
            .fold(REST, usize::saturating_add)
    }
}
