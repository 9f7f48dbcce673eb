//! Sending what is due: packets whose delay is over, and the node's own loop decoys.

use super::Node;
use crate::network::{
    counters::{Flow, Loss},
    mix::Kind,
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_mixdelay::{Poisson, Rate};
use mixwell_net::{
    compose::{self, Buffers, MessageSpec, RoutingView, Sender},
    randomness::Randomness,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::{RecipientId, SurbId};
use tracing::debug;

/// So many packets are released before other tasks have their turn.
const TURN: usize = 32;

/// A decoy that takes longer than the hops hold it and this is lost.
const DECOY_GRACE: Duration = Duration::from_secs(10);

/// Releases packets when they are due. Does not end.
pub(super) async fn release(node: &Node) {
    let (mix, stopwatch) = (&node.mix, node.stopwatch);
    let mut released: usize = 0;
    loop {
        if let Some((next_hop, packet)) = mix.due(&|| stopwatch.now()) {
            let now = stopwatch.now();
            #[cfg(not(test))]
            node.routes.send(now, next_hop, packet, mix.counters());
            #[cfg(test)]
            node.mischief.send(node, now, next_hop, packet);
            released = released.saturating_add(1);
            if released.is_multiple_of(TURN) {
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

/// Sends loop decoys at the published rate, and counts those that do not come back. Does not end.
pub(super) async fn decoys(node: &Node, randomness: Randomness) {
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
        while clock.poll(now, &mut rng) {
            // a new one for each packet, so that nobody finds the keys of those before in it
            rng = randomness.rng();
            if let Err(error) = decoy(node, owner, &mut rng, &mut surb) {
                debug!(error, "no decoy");
            }
        }
        for _ in 0..node.mix.decoys().expire(now) {
            node.mix.counters().lose(Loss::DecoyLost);
        }
        let next = clock.poll_timeout().unwrap_or_else(|| now.plus_millis(1000)).min(now.plus_millis(1000));
        tokio::select! {
            () = node.stopwatch.sleep_until(next) => {}
            changed = directory.changed(), if is_told => is_told = changed.is_ok(),
        }
    }
}

/// Sends one.
fn decoy(node: &Node, owner: RecipientId, rng: &mut ChaCha20Rng, surb: &mut [u8]) -> Result<(), &'static str> {
    let known = node.directory.borrow().clone();
    let document = known.current.as_ref().and_then(|consensus| consensus.document().ok()).ok_or("no consensus")?;
    let sender = document.nodes().by_hash(KeyHash(*node.id.as_bytes())).ok_or("the consensus does not list us")?;
    let (service, endpoint) = compose::service(&document, "echo", rng).map_err(|_| "no echo service")?;
    if !node.mix.decoys().has_room() {
        return Err("too many are under way");
    }
    let surb_id = SurbId(compose::random(rng));
    let draft = MessageSpec { sender: Sender::Node(sender), service, endpoint, owner, surb_id, payload: &[] };
    let mut packet = node.mix.pool().take().ok_or("no packet buffer")?;
    let (period, unix) = (node.clock.period(), node.clock.now());
    let view = RoutingView { document, period, departure: unix };
    let mut buffers = Buffers { surb, packet: &mut packet };
    let written = compose::compose(node.mix.packets(), view, &draft, &mut buffers, rng).map_err(|_| "no route")?;
    let now = node.stopwatch.now();
    let limit = u64::try_from(written.delays.saturating_add(DECOY_GRACE).as_nanos()).unwrap_or(u64::MAX);
    node.mix.decoys().insert(surb_id, written.keys, now.plus_nanos(limit));
    node.mix.counters().count(Flow::DecoySent);
    node.routes.send(now, written.first_hop, packet, node.mix.counters());
    Ok(())
}

impl Node {
    /// The rate of this node's loop decoys in the current consensus.
    fn published_rate(&self) -> Option<Rate> {
        let rates = self.rates()?;
        let rate = if self.mix.kind() == Kind::Gateway { rates.lambda_g } else { rates.lambda_m };
        Rate::published(rate).ok().flatten()
    }
}
