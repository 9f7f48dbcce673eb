//! Beacons: after a long silence both sides publish how many boxes they have sealed and read, under
//! ids that depend only on the time. This reveals that one of them has been restored from an old
//! state, after which the ids of its boxes no longer match.

use crate::{
    bytes::{Reader, Writer},
    codec::codec,
    declassify::declassify,
    event::Ended,
    exchange::{ID_LEN, id_of},
    kdf::Key,
    ratchet::{FINGERPRINT_LEN, Fingerprint, Role},
    sealed,
    send::RANGE,
};
use alloc::{vec, vec::Vec};
use rand_core::CryptoRng;

/// The length of a beacon's period in seconds.
pub(crate) const PERIOD_SECONDS: u64 = 60;

const CHALLENGE_LEN: usize = 16;

/// One side's keys and challenges.
pub(crate) struct Beacon {
    key: Key,
    role: Role,
    /// Random, and new for each silence: a beacon that echoes it is not a replay.
    challenge: Option<[u8; CHALLENGE_LEN]>,
    /// The friend's challenge.
    echo: [u8; CHALLENGE_LEN],
}

codec!(struct Beacon { key, role } fresh { challenge: None, echo: [0; CHALLENGE_LEN] });

/// Number of boxes that one side has sealed and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) sealed: u64,
    /// Number of its boxes that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Number of the friend's boxes that it read.
    pub(crate) read: u64,
    /// Fingerprints of the sending chain before each box, from the first unacknowledged one to the
    /// next one to seal.
    pub(crate) sending: Vec<Fingerprint>,
    /// Fingerprint of the receiving chain.
    pub(crate) receiving: Fingerprint,
    /// Whether the conversation is over on this side.
    pub(crate) has_ended: bool,
}

impl Beacon {
    pub(crate) const fn new(key: Key, role: Role) -> Self {
        Self { key, role, challenge: None, echo: [0; CHALLENGE_LEN] }
    }

    /// The token of the friend's beacon.
    pub(crate) fn token(&self, period: u64) -> [u8; ID_LEN] {
        self.token_of(self.role.other(), period)
    }

    /// Makes a beacon.
    pub(crate) fn seal(
        &mut self,
        now: u64,
        progress: &Progress,
        box_len: usize,
        rng: &mut dyn CryptoRng,
    ) -> Option<([u8; ID_LEN], Vec<u8>)> {
        let challenge = *self.challenge.get_or_insert_with(|| {
            let mut fresh = [0; CHALLENGE_LEN];
            rng.fill_bytes(&mut fresh);
            fresh
        });
        let plaintext_len = box_len.saturating_sub(sealed::OVERHEAD);
        let mut to = Writer::with_capacity(plaintext_len);
        to.put(&challenge);
        to.put(&self.echo);
        progress.write(&mut to);
        to.pad(plaintext_len);
        let period = now.checked_div(PERIOD_SECONDS)?;
        let boxed = sealed::seal(&self.key_of(self.role, period), &[], &to.finish(), rng)?;
        Some((id_of(&self.token_of(self.role, period)), boxed))
    }

    /// Opens the friend's beacon. Returns its content if it echoes our challenge.
    pub(crate) fn open(&mut self, period: u64, boxed: &[u8]) -> Option<Progress> {
        let mut plaintext = sealed::open(&self.key_of(self.role.other(), period), &[], boxed)?;
        // numbers and fingerprints, which are no secrets between the two
        declassify(&mut plaintext);
        let mut from = Reader::new(&plaintext);
        let (challenge, echo) = (from.array()?, from.array()?);
        let progress = Progress::read(&mut from)?;
        self.echo = challenge;
        // declassified: whether the friend repeats the challenge, which they have read
        (self.challenge == Some(echo)).then_some(progress)
    }

    /// Ends a silence.
    pub(crate) const fn reset(&mut self) {
        self.challenge = None;
    }

    fn token_of(&self, role: Role, period: u64) -> [u8; ID_LEN] {
        self.key.public("beacon token", &[&[role.tag()], &period.to_le_bytes()])
    }

    fn key_of(&self, role: Role, period: u64) -> Key {
        self.key.derive("beacon box", &[&[role.tag()], &period.to_le_bytes()])
    }
}

impl Progress {
    /// Whether the friend's progress contradicts ours, which has not changed since the challenge.
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
