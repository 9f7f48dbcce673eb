//! Beacons: when nothing has come for long, both sides say, at places that depend on the time alone, how far they are. By these
//! it is found out that one of them has gone back to an old state, where the places of boxes no longer meet.

use crate::{
    bytes::{Reader, Writer},
    event::Ended,
    exchange::{BoxLen, ID_LEN, id_of},
    kdf::Key,
    ratchet::{FINGERPRINT_LEN, Fingerprint, Role},
    sealed,
    send::RANGE,
};
use alloc::{vec, vec::Vec};
use rand_core::CryptoRng;

/// A beacon is for so many seconds of the clock.
pub(crate) const PERIOD_SECONDS: u64 = 60;

const CHALLENGE_LEN: usize = 16;

/// One side's part in it.
pub(crate) struct Beacon {
    key: Key,
    role: Role,
    /// Random, and new for each time of silence: a beacon that repeats it was made since.
    challenge: Option<[u8; CHALLENGE_LEN]>,
    /// The friend's.
    echo: [u8; CHALLENGE_LEN],
}

/// How far one side is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How many boxes it sealed, how many of them it knows to be read, and how many of the friend's it read.
    pub(crate) sealed: u64,
    pub(crate) acknowledged: u64,
    pub(crate) read: u64,
    /// Of its sending chain, before each box from the first that was not acknowledged to the next.
    pub(crate) sending: Vec<Fingerprint>,
    /// Of its receiving chain.
    pub(crate) receiving: Fingerprint,
    /// Whether the conversation is over for it.
    pub(crate) has_ended: bool,
}

impl Beacon {
    pub(crate) const fn new(key: Key, role: Role) -> Self {
        Self { key, role, challenge: None, echo: [0; CHALLENGE_LEN] }
    }

    /// Where the friend's beacon is.
    pub(crate) fn token(&self, period: u64) -> [u8; ID_LEN] {
        self.token_of(self.role.other(), period)
    }

    /// Makes a beacon.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        &mut self,
        now: u64,
        progress: &Progress,
        len: BoxLen,
        rng: &mut R,
    ) -> Option<([u8; ID_LEN], Vec<u8>)> {
        let challenge = *self.challenge.get_or_insert_with(|| {
            let mut fresh = [0; CHALLENGE_LEN];
            rng.fill_bytes(&mut fresh);
            fresh
        });
        let plaintext_len = len.get().saturating_sub(sealed::OVERHEAD);
        let mut to = Writer::with_capacity(plaintext_len);
        to.put(&challenge);
        to.put(&self.echo);
        progress.write(&mut to);
        to.pad(plaintext_len);
        let period = now.checked_div(PERIOD_SECONDS)?;
        let boxed = sealed::seal(&self.key_of(self.role, period), &[], &to.finish(), rng)?;
        Some((id_of(&self.token_of(self.role, period)), boxed))
    }

    /// Reads the friend's. Gives how far he is if he has said so since we asked.
    pub(crate) fn open(&mut self, period: u64, boxed: &[u8]) -> Option<Progress> {
        let plaintext = sealed::open(&self.key_of(self.role.other(), period), &[], boxed)?;
        let mut from = Reader::new(&plaintext);
        let (challenge, echo) = (from.array()?, from.array()?);
        let progress = Progress::read(&mut from)?;
        self.echo = challenge;
        (self.challenge == Some(echo)).then_some(progress)
    }

    /// The silence is over.
    pub(crate) const fn rest(&mut self) {
        self.challenge = None;
    }

    fn token_of(&self, role: Role, period: u64) -> [u8; ID_LEN] {
        self.key.public("beacon token", &[&[role.tag()], &period.to_le_bytes()])
    }

    fn key_of(&self, role: Role, period: u64) -> Key {
        self.key.derive("beacon box", &[&[role.tag()], &period.to_le_bytes()])
    }

    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }
}

impl Progress {
    /// What the friend's progress says, when this is ours and was the same all the time since he was asked.
    pub(crate) fn compare(&self, friend: &Self) -> Option<Ended> {
        if friend.sealed < self.read || friend.read < self.acknowledged {
            return Some(Ended::FriendIsOld);
        }
        if self.sealed < friend.read || self.read < friend.acknowledged {
            return Some(Ended::WeAreOld);
        }
        let differs = |sealer: &Self, reader: &Self| {
            let place = usize::try_from(reader.read.saturating_sub(sealer.acknowledged)).ok();
            place
                .and_then(|place| sealer.sending.get(place))
                .is_some_and(|fingerprint| *fingerprint != reader.receiving)
        };
        if differs(self, friend) || differs(friend, self) {
            return Some(Ended::Diverged);
        }
        friend.has_ended.then_some(Ended::ByFriend)
    }

    fn write(&self, to: &mut Writer) {
        to.u64(self.sealed);
        to.u64(self.acknowledged);
        to.u64(self.read);
        to.count(self.sending.len());
        self.sending.iter().for_each(|fingerprint| to.put(fingerprint));
        to.put(&self.receiving);
        to.bool(self.has_ended);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (sealed, acknowledged, read) = (from.u64()?, from.u64()?, from.u64()?);
        let mut sending = vec![[0; FINGERPRINT_LEN]; from.count(RANGE.saturating_add(1))?];
        for fingerprint in &mut sending {
            *fingerprint = from.array()?;
        }
        Some(Self { sealed, acknowledged, read, sending, receiving: from.array()?, has_ended: from.bool()? })
    }
}
