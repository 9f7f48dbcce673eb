//! One mix whose neighbours are played by the test: they send it prepared packets as fast as it
//! accepts them.
#![allow(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::unchecked_time_subtraction,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::cast_precision_loss,
    reason = "a test may panic and divide"
)]

mod reference;
mod tests;
#[cfg(target_os = "linux")]
mod throughput;

use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_mixdelay::Limits;
use mixwell_net::directory::Directory;
use mixwell_node::{MixKeys, Node, ResourceLimits};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_testnet::{
    Plan, Planned,
    single_mix::{Neighbours, SingleMix},
};
use std::{sync::Arc, time::Instant};
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};

/// The number of gateways that send to the mix.
const LINKS: usize = 4;

/// The mix and its neighbours, the service node last, with `packets` packets for each; `to` gives
/// the neighbour that is the next hop of the packet with that number.
fn plan(geometry: Geometry, packets: usize, to: fn(usize) -> usize) -> (Plan, Planned, Neighbours) {
    plan_with(geometry, packets, to, |_| None)
}

/// Like [`plan`], with other mix keys.
fn plan_with(
    geometry: Geometry,
    packets: usize,
    to: fn(usize) -> usize,
    mix_keys: impl FnOnce(&Plan) -> Option<Arc<MixKeys>>,
) -> (Plan, Planned, Neighbours) {
    let SingleMix { plan, mix, neighbours } = SingleMix::new(geometry, LINKS, packets, to, mix_keys);
    (plan, mix, neighbours)
}

/// Starts the mix.
fn start(plan: &Plan, mix: Planned, stop: watch::Receiver<bool>) -> (Arc<Node>, JoinHandle<()>) {
    let (sender, directory) = watch::channel(Arc::new(plan.known.clone()));
    // the consensus does not change
    core::mem::forget(sender);
    start_with(plan, mix, directory, stop)
}

/// Starts the mix with a directory of consensuses.
fn start_with(
    plan: &Plan,
    mix: Planned,
    directory: Directory,
    stop: watch::Receiver<bool>,
) -> (Arc<Node>, JoinHandle<()>) {
    let usual = ResourceLimits::for_period(plan.clock.period().duration());
    // generous limits, because the machine may be busy with other tests
    let delays = Limits { unwrap_millis: 5_000, slack_millis: 5_000, ..usual.delays };
    let limits = ResourceLimits { write_wait: Duration::from_secs(1), delays, ..usual };
    let (parts, listener) = mix.parts(plan.clock, directory, limits, plan.randomness.branch());
    let (node, turn) = Node::new(parts);
    tokio::spawn(turn);
    let running = tokio::spawn(Arc::clone(&node).run(vec![listener], stop));
    (node, running)
}

/// Waits until all links are up in both directions.
async fn all_up(node: &Node) {
    up(node, LINKS).await;
}

/// Waits until the mix's links to its neighbours are up, and `callers` links from them.
async fn up(node: &Node, callers: usize) {
    let begun = Instant::now();
    while node.links().0 <= LINKS || node.connections().open.load(Relaxed) < callers as u64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?} {:?}", node.links(), node.connections());
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn geometry(payload: usize) -> Geometry {
    Geometry::of::<X25519>(5, payload, true).unwrap()
}
