//! The node's own loop decoys: packets that return to it, sent at the published rate.

use crate::{
    counters::{DropReason, PacketEvent},
    mix::Mix,
    mix_keys::OwnIdentity,
    outgoing::LinkTable,
    rates::PublishedRates,
    unwrap_queue::UnwrapQueue,
};
use chacha20::ChaCha20Rng;
use core::{fmt, time::Duration};
use mixwell_mixdelay::Poisson;
use mixwell_net::{
    clock::Clock,
    compose,
    compose::{Buffers, MessageSpec, RoutingView, Sender},
    directory::Directory,
    randomness::Randomness,
    stopwatch::Stopwatch,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::{RecipientId, SurbId};
use std::sync::Arc;
use tracing::debug;

/// Sends loop decoys.
pub(crate) struct LoopDecoys {
    pub(crate) own: OwnIdentity,
    pub(crate) mix: Arc<Mix>,
    /// Packets that wait to be unwrapped: decoys are skipped while there are any.
    pub(crate) queue: Arc<UnwrapQueue>,
    pub(crate) links: Arc<LinkTable>,
    pub(crate) rates: Arc<PublishedRates>,
    pub(crate) directory: Directory,
    pub(crate) clock: Clock,
    pub(crate) stopwatch: Stopwatch,
    /// A decoy that takes longer than the sum of its delays and this grace counts as lost.
    pub(crate) grace: Duration,
    pub(crate) randomness: Randomness,
}

/// Maximum number of decoys at a time, and the pause after them: at most 3,200 decoys a second,
/// whatever the published rate.
const MAX_TICKS: usize = 32;
const TICKS_PAUSE: Duration = Duration::from_millis(10);

impl LoopDecoys {
    /// Sends loop decoys at the published rate, and counts those that do not return. Never returns.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut rng = self.randomness.rng();
        let mut clock = Poisson::new();
        let mut directory = self.directory.clone();
        let mut surb = vec![0; self.mix.geometry().surb_len()];
        let owner = self.mix.decoys().owner(|| RecipientId(compose::random(&mut rng)));
        let (mut rate, mut is_told) = (None, true);
        loop {
            let now = self.stopwatch.now();
            let published = self.rates.decoys(self.mix.kind());
            let up = self.links.up().0 > 0;
            if (rate, clock.poll_timeout().is_some()) != (published, up && published.is_some()) {
                rate = published;
                clock.set_rate(now, rate, &mut rng);
                clock.set_link(now, up, &mut rng);
            }
            let mut ticks: usize = 0;
            while ticks < MAX_TICKS && clock.poll(now, &mut rng) {
                ticks += 1;
                // a fresh RNG for each packet: its state must not reveal the keys of earlier
                // packets
                rng = self.randomness.rng();
                match self.send(owner, &mut rng, &mut surb) {
                    Ok(()) => {}
                    Err(NoDecoy::Busy) => self.mix.counters().count_skipped_decoy(),
                    Err(reason) => debug!(%reason, "sent no decoy"),
                }
            }
            for _ in 0..self.mix.decoys().expire(now) {
                self.mix.counters().count_drop(DropReason::DecoyLost);
            }
            if ticks == MAX_TICKS {
                // no node can follow this rate: skip the decoys that are due
                clock.set_link(now, up, &mut rng);
                tokio::time::sleep(TICKS_PAUSE).await;
                continue;
            }
            let next = clock.poll_timeout().unwrap_or_else(|| now.plus_millis(1000)).min(now.plus_millis(1000));
            tokio::select! {
                () = self.stopwatch.sleep_until(next) => {}
                changed = directory.changed(), if is_told => is_told = changed.is_ok(),
            }
        }
    }

    /// Sends a loop decoy, unless there is traffic to carry.
    fn send(&self, owner: RecipientId, rng: &mut ChaCha20Rng, surb: &mut [u8]) -> Result<(), NoDecoy> {
        let known = self.directory.borrow().clone();
        let consensus = known.current.as_ref().ok_or(NoDecoy::NoConsensus)?;
        let document = consensus.document().map_err(|_| NoDecoy::NoConsensus)?;
        let sender = document.nodes().by_hash(KeyHash(*self.own.id.as_bytes())).ok_or(NoDecoy::Unlisted)?;
        let own_key = sender.mix_key(consensus.epoch()).unwrap_or_default();
        if !self.own.mix_keys.is_ours(consensus.epoch(), own_key) {
            return Err(NoDecoy::OtherKey);
        }
        if self.queue.is_busy() {
            return Err(NoDecoy::Busy);
        }
        let (service, endpoint) = compose::service(&document, "echo", rng).map_err(|_| NoDecoy::NoEcho)?;
        if !self.mix.decoys().has_room() {
            return Err(NoDecoy::TooMany);
        }
        let surb_id = SurbId(compose::random(rng));
        let draft = MessageSpec { sender: Sender::Node(sender), service, endpoint, owner, surb_id, payload: &[] };
        let mut packet = self.mix.pool().take().ok_or(NoDecoy::Busy)?;
        let (period, unix) = (self.clock.period(), self.clock.now());
        let view = RoutingView { document, period, departure: unix };
        let mut buffers = Buffers { surb, packet: &mut packet };
        let written =
            compose::compose(self.mix.packets(), view, &draft, &mut buffers, rng).map_err(|_| NoDecoy::NoRoute)?;
        let now = self.stopwatch.now();
        let limit = written.delays.saturating_add(self.grace);
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        // the decoy may return before this task continues
        self.mix.decoys().insert(surb_id, written.keys, now.plus_nanos(limit));
        if !self.links.send_decoy(now, written.first_hop, packet) {
            self.mix.decoys().remove(surb_id);
            return Err(NoDecoy::Busy);
        }
        self.mix.counters().count(PacketEvent::DecoySent);
        Ok(())
    }
}

/// The reason why no loop decoy is sent at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoDecoy {
    /// There is traffic to carry.
    Busy,
    NoConsensus,
    /// The consensus does not list this node.
    Unlisted,
    /// The consensus lists another mix key of this node, which could not open the decoy.
    OtherKey,
    NoEcho,
    TooMany,
    NoRoute,
}

impl fmt::Display for NoDecoy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "there is traffic to carry",
            Self::NoConsensus => "no consensus",
            Self::Unlisted => "the consensus does not list this node",
            Self::OtherKey => "the consensus lists another mix key of this node",
            Self::NoEcho => "no echo service",
            Self::TooMany => "too many decoys are in flight",
            Self::NoRoute => "no route",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits::ResourceLimits, node::test_mix::TestMix};

    fn mix(has_listed_keys: bool) -> Arc<LoopDecoys> {
        let mix = TestMix::new(has_listed_keys, |limits| ResourceLimits { buffers: 10, ..limits });
        Arc::clone(mix.node.decoys.as_ref().unwrap())
    }

    #[tokio::test]
    async fn no_decoy_without_the_listed_keys_or_with_traffic_to_carry() {
        let mut rng = Randomness::from_seed(1).rng();
        let mut surb = vec![0; mix(true).mix.geometry().surb_len()];
        let mut try_decoy = |decoys: &LoopDecoys| decoys.send(RecipientId([7; 32]), &mut rng, &mut surb);
        assert_eq!(try_decoy(&mix(false)), Err(NoDecoy::OtherKey));
        let decoys = mix(true);
        // no link has room for the decoy: no return is awaited, and its buffer is free again
        assert_eq!(try_decoy(&decoys), Err(NoDecoy::Busy));
        let far = decoys.stopwatch.now().plus_millis(3_600_000);
        assert_eq!((decoys.mix.decoys().expire(far), decoys.mix.pool().lent()), (0, 0));
        assert_eq!(decoys.mix.counters().of(PacketEvent::DecoySent), 0);
        // no decoy is made while buffers are scarce
        let _lent: Vec<_> = (0..6).map(|_| decoys.mix.pool().take().unwrap()).collect();
        assert!(decoys.queue.is_busy());
        assert_eq!(try_decoy(&decoys), Err(NoDecoy::Busy));
    }
}
