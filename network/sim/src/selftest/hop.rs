//! A hop: a mix key, and the replay tags of the packets it has unwrapped.

use super::{
    error::{SelfTestError, Violation},
    times::Times,
};
use mixwell_sphinx::{Action, FinishError, NodeId, OpenError, ReplayFilter, ReplayFilterFull, Scheme, Sphinx};

/// A hop's mix key.
pub(super) struct KeyPair<S: Scheme> {
    pub(super) public: S::PublicKey,
    pub(super) private: S::PrivateKey,
}

/// A hop of the path.
pub(super) struct HopNode<S: Scheme> {
    pub(super) id: NodeId,
    /// The hop's name in reports.
    pub(super) name: String,
    pub(super) key: KeyPair<S>,
    pub(super) replays: ReplayFilter<Vec<u64>>,
    /// Times of unwrapping packets to the service.
    pub(super) out: Times,
    /// Times of unwrapping replies.
    pub(super) back: Times,
}

/// The direction of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client to the service.
    Out,
    /// A reply, from the service to the client.
    Back,
}

/// The reason why a hop drops a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Open(OpenError),
    Replay,
    Finish(FinishError),
    FilterFull(ReplayFilterFull),
}

impl<S: Scheme> HopNode<S> {
    /// Unwraps a packet in place.
    pub(super) fn unwrap<'p>(&mut self, sphinx: &Sphinx<S>, packet: &'p mut [u8]) -> Result<Action<'p>, Refusal> {
        let opened = sphinx.open(packet, &self.key.private).map_err(Refusal::Open)?;
        if self.replays.insert(opened.replay_tag()).map_err(Refusal::FilterFull)?.is_seen() {
            return Err(Refusal::Replay);
        }
        opened.finish().map_err(Refusal::Finish)
    }

    /// Unwraps a packet in place, and records the time.
    pub(super) fn timed_unwrap<'p>(
        &mut self,
        sphinx: &Sphinx<S>,
        packet: &'p mut [u8],
        direction: Direction,
    ) -> Result<Action<'p>, Refusal> {
        let mut times = core::mem::take(self.times(direction));
        let result = times.measure(|| self.unwrap(sphinx, packet));
        *self.times(direction) = times;
        result
    }

    fn times(&mut self, direction: Direction) -> &mut Times {
        match direction {
            Direction::Out => &mut self.out,
            Direction::Back => &mut self.back,
        }
    }
}

impl From<Refusal> for SelfTestError {
    /// The error of a hop that refuses a good packet.
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Open(error) => Self::Open(error),
            Refusal::Replay => Self::Violation(Violation::Replay),
            Refusal::Finish(error) => Self::Finish(error),
            Refusal::FilterFull(error) => Self::FilterFull(error),
        }
    }
}
