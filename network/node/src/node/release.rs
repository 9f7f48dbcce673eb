//! Sending what is due: packets whose delay is over, and the node's own loop decoys.

use crate::{
    buffer_pool::Packet,
    counters::{Flow, Loss},
    faults::{Fault, Faults},
    node::Node,
    unwrap::BATCH,
};
use chacha20::ChaCha20Rng;
use core::{fmt, time::Duration};
use mixwell_mixdelay::{Poisson, Rate};
use mixwell_net::{
    compose,
    compose::{Buffers, MessageSpec, RoutingView, Sender},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::{NodeId, RecipientId, SurbId};
use std::sync::Arc;
use tracing::debug;

/// Packets released before other tasks may run.
const YIELD_EVERY: usize = 32;

/// Releases packets when they are due. Does not end.
pub(super) async fn release(node: &Arc<Node>) {
    let (mix, stopwatch) = (&node.mix, node.stopwatch);
    let mut released: usize = 0;
    loop {
        if let Some((next_hop, packet)) = mix.due(&|| stopwatch.now()) {
            let now = stopwatch.now();
            match &node.faults {
                None => node.routes.send(now, next_hop, packet, mix.counters()),
                Some(faults) => send_with(&**faults, node, next_hop, packet),
            }
            released = released.saturating_add(1);
            if released.is_multiple_of(YIELD_EVERY) {
                tokio::task::yield_now().await;
            }
            continue;
        }
        match mix.wake_at() {
            Some(moment) => tokio::select! {
                () = stopwatch.sleep_until(moment) => {}
                () = node.wake.notified() => {}
            },
            None => node.wake.notified().await,
        }
    }
}

/// Sends a packet as a faulty node does.
fn send_with(faults: &dyn Faults, node: &Arc<Node>, next_hop: NodeId, mut packet: Packet) {
    let send = |packet| node.routes.send(node.stopwatch.now(), next_hop, packet, node.mix.counters());
    match faults.on_send(&mut packet) {
        Fault::Sent => send(packet),
        Fault::Dropped => {}
        Fault::Delayed(by) => {
            let node = Arc::clone(node);
            tokio::spawn(async move {
                tokio::time::sleep(by).await;
                node.routes.send(node.stopwatch.now(), next_hop, packet, node.mix.counters());
            });
        }
        Fault::Replayed => {
            if let Some(mut again) = node.mix.pool().take() {
                again.copy_from_slice(&packet);
                send(again);
            }
            send(packet);
        }
    }
}

/// Sends loop decoys at the published rate, and counts those that do not come back. Does not end.
pub(super) async fn decoys(node: &Node, randomness: Randomness) {
    if !node.sends_decoys {
        core::future::pending::<()>().await;
    }
    let mut rng = randomness.rng();
    let mut clock = Poisson::new();
    let mut directory = node.directory.clone();
    let mut surb = vec![0; node.mix.geometry().surb_len()];
    let owner = node.mix.decoys().owner(|| RecipientId(compose::random(&mut rng)));
    let (mut rate, mut is_told) = (None, true);
    loop {
        let now = node.stopwatch.now();
        let published = node.published_rate();
        let up = node.routes.up().0 > 0;
        if (rate, clock.poll_timeout().is_some()) != (published, up && published.is_some()) {
            rate = published;
            clock.set_rate(now, rate, &mut rng);
            clock.set_link(now, up, &mut rng);
        }
        let mut ticks: usize = 0;
        while ticks < MAX_TICKS && clock.poll(now, &mut rng) {
            ticks = ticks.saturating_add(1);
            // a new one for each packet, so that nobody finds the keys of those before in it
            rng = randomness.rng();
            match decoy(node, owner, &mut rng, &mut surb) {
                Ok(()) => {}
                Err(NoDecoy::Busy) => node.mix.counters().skip_decoy(),
                Err(reason) => debug!(%reason, "no decoy"),
            }
        }
        for _ in 0..node.mix.decoys().expire(now) {
            node.mix.counters().lose(Loss::DecoyLost);
        }
        if ticks == MAX_TICKS {
            // a rate that no node can follow: what is due is left out
            clock.set_link(now, up, &mut rng);
            tokio::time::sleep(TICKS_PAUSE).await;
            continue;
        }
        let next = clock.poll_timeout().unwrap_or_else(|| now.plus_millis(1000)).min(now.plus_millis(1000));
        tokio::select! {
            () = node.stopwatch.sleep_until(next) => {}
            changed = directory.changed(), if is_told => is_told = changed.is_ok(),
        }
    }
}

/// Why no loop decoy is sent at a tick.
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
            Self::TooMany => "too many decoys are under way",
            Self::NoRoute => "no route",
        })
    }
}

/// Sends a loop decoy, if nothing else has to be done.
fn decoy(node: &Node, owner: RecipientId, rng: &mut ChaCha20Rng, surb: &mut [u8]) -> Result<(), NoDecoy> {
    let known = node.directory.borrow().clone();
    let consensus = known.current.as_ref().ok_or(NoDecoy::NoConsensus)?;
    let document = consensus.document().map_err(|_| NoDecoy::NoConsensus)?;
    let sender = document.nodes().by_hash(KeyHash(*node.id.as_bytes())).ok_or(NoDecoy::Unlisted)?;
    let own_key = sender.mix_key(consensus.epoch()).unwrap_or_default();
    if !node.own_keys.is_ours(consensus.epoch(), own_key) {
        return Err(NoDecoy::OtherKey);
    }
    if node.is_busy() {
        return Err(NoDecoy::Busy);
    }
    let (service, endpoint) = compose::service(&document, "echo", rng).map_err(|_| NoDecoy::NoEcho)?;
    if !node.mix.decoys().has_room() {
        return Err(NoDecoy::TooMany);
    }
    let surb_id = SurbId(compose::random(rng));
    let draft = MessageSpec { sender: Sender::Node(sender), service, endpoint, owner, surb_id, payload: &[] };
    let mut packet = node.mix.pool().take().ok_or(NoDecoy::Busy)?;
    let (period, unix) = (node.clock.period(), node.clock.now());
    let view = RoutingView { document, period, departure: unix };
    let mut buffers = Buffers { surb, packet: &mut packet };
    let written =
        compose::compose(node.mix.packets(), view, &draft, &mut buffers, rng).map_err(|_| NoDecoy::NoRoute)?;
    let now = node.stopwatch.now();
    let limit = written.delays.saturating_add(node.sizes.decoy_grace);
    let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    // it may be back before this task goes on
    node.mix.decoys().insert(surb_id, written.keys, now.plus_nanos(limit));
    if !node.routes.send_decoy(now, written.first_hop, packet) {
        node.mix.decoys().remove(surb_id);
        return Err(NoDecoy::Busy);
    }
    node.mix.counters().count(Flow::DecoySent);
    Ok(())
}

impl Node {
    /// Whether packets wait for their unwrap, or buffers get scarce: making a decoy takes as long as unwrapping several
    /// packets.
    fn is_busy(&self) -> bool {
        let pool = self.mix.pool();
        self.arrivals.len() >= BATCH || pool.lent() > pool.size() / 2
    }

    /// The rate of this node's loop decoys in the current consensus.
    fn published_rate(&self) -> Option<Rate> {
        let rates = self.rates()?;
        let rate = if self.mix.kind() == NodeKind::Gateway { rates.lambda_g } else { rates.lambda_m };
        Rate::published(rate).ok().flatten()
    }
}

/// Decoys at a time, and the pause when more are due: at most 3,200 a second, whatever the published rate.
const MAX_TICKS: usize = 32;
const TICKS_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Sizes, test_mix::TestMix};

    fn mix(has_listed_keys: bool) -> Arc<Node> {
        TestMix::new(has_listed_keys, |sizes| Sizes { buffers: 10, ..sizes }).node
    }

    #[tokio::test]
    async fn no_decoy_without_the_listed_keys_or_with_traffic_to_carry() {
        let mut rng = Randomness::from_seed(1).rng();
        let mut surb = vec![0; mix(true).mix.geometry().surb_len()];
        let mut try_decoy = |node: &Node| decoy(node, RecipientId([7; 32]), &mut rng, &mut surb);
        assert_eq!(try_decoy(&mix(false)), Err(NoDecoy::OtherKey));
        let node = mix(true);
        // it is made, and no link has room for it: nothing is awaited, no buffer is lost
        assert_eq!(try_decoy(&node), Err(NoDecoy::Busy));
        let far = node.stopwatch.now().plus_millis(3_600_000);
        assert_eq!((node.mix.decoys().expire(far), node.mix.pool().lent()), (0, 0));
        assert_eq!(node.mix.counters().flow(Flow::DecoySent), 0);
        // it is not even made while buffers are scarce
        let _lent: Vec<_> = (0..6).map(|_| node.mix.pool().take().unwrap()).collect();
        assert!(node.is_busy());
        assert_eq!(try_decoy(&node), Err(NoDecoy::Busy));
    }
}
