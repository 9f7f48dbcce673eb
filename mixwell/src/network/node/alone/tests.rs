//! A mix among neighbours of all kinds.

use super::{LINKS, Planned, all_up, geometry, plan, runtime, start};
use crate::network::{
    counters::{Flow, Loss},
    mix_keys::MixKeys,
    randomness::Randomness,
};
use core::time::Duration;
use std::{sync::Arc, time::Instant};
use tokio::{sync::watch, time};

/// Nothing of a node but what it makes once, be it the links, the unwrap or the queues.
#[test]
fn a_node_allocates_nothing_for_a_packet() {
    const EACH: usize = 150;
    let runtime = runtime();
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    let (node, _tasks, mut come) = runtime.block_on(async {
        let (plan, mix, neighbours) = plan(geometry(500), 6 * EACH, |_| LINKS);
        let (node, _) = start(&plan, mix, stopped);
        let tasks = neighbours.play(&told);
        all_up(&node).await;
        (node, tasks, neighbours.come[LINKS].subscribe())
    });
    let mut all_of = |each: usize| {
        begin.send_replace(each);
        let all = come.wait_for(|come| *come >= (LINKS * each) as u64);
        let all = runtime.block_on(async { time::timeout(Duration::from_secs(20), all).await.map(|_| ()) });
        assert!(all.is_ok(), "{:?}", node.mix.counters());
    };
    // until here there is something to allocate: links come up, the runtime gets to know its tasks
    all_of(EACH);
    let allocated = allocation_counter::measure(|| all_of(6 * EACH)).count_total;
    let packets = (5 * LINKS * EACH) as u64;
    assert_eq!(node.mix.counters().flow(Flow::Sent), (6 * LINKS * EACH) as u64);
    // two or three, however many packets: of the runtime, or of the neighbours that the test plays in the same thread
    assert!(allocated < packets / 300, "{allocated} for {packets} packets");
}

/// One neighbour that sends a byte at a time and reads a byte at a time: what is for it is dropped and counted, and no
/// other waits for it.
#[test]
fn who_is_slow_costs_nobody_else() {
    const EACH: usize = 200;
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    runtime().block_on(async {
        // every other packet is for the slow one, some megabytes
        let to = |number: usize| if number.is_multiple_of(2) { LINKS } else { 0 };
        let (plan, mix, mut neighbours) = plan(geometry(30_000), EACH, to);
        neighbours.nodes[0].is_slow = true;
        let (node, _) = start(&plan, mix, stopped);
        let _tasks = neighbours.play(&told);
        all_up(&node).await;
        let begun = Instant::now();
        begin.send_replace(EACH);
        let mut come = neighbours.come[LINKS].subscribe();
        let others = ((LINKS - 1) * EACH / 2) as u64;
        let all = time::timeout(Duration::from_secs(20), come.wait_for(|come| *come >= others)).await;
        assert!(all.is_ok(), "{:?}", node.mix.counters());
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        // those for the slow one wait no longer than they may, in no more buffers than it has a queue
        let held = node.routes.waiting();
        assert!(held <= node.sizes.write_queue && node.mix.pool().lent() <= held + 10, "{held}");
        let slow = *neighbours.come[0].borrow();
        assert!(slow < 10, "{slow}");
    });
}

/// A mix that was killed and comes back with its folder.
#[test]
fn a_restart_does_not_let_packets_in_again() {
    const EACH: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let keys = || Arc::new(MixKeys::in_folder(folder.path().join("mix")).unwrap());
    let (plan, mix, neighbours) = super::plan_with(
        geometry(500),
        EACH,
        |_| LINKS,
        |plan| {
            let keys = keys();
            keys.advance(plan.clock.epoch(), &mut Randomness::from_seed(7).rng()).unwrap();
            keys
        },
    );
    let again = Planned {
        name: mix.name.clone(),
        kind: mix.kind,
        id: mix.id,
        link_key: mix.link_key.clone(),
        mix_keys: keys(),
        listener: mix.listener.try_clone().unwrap(),
    };
    let all = (LINKS * EACH) as u64;
    let mut counted = Vec::new();
    for mix in [mix, again] {
        let (begin, told) = watch::channel(0);
        let (_stop, stopped) = watch::channel(false);
        // dropped with all its tasks, as by a kill
        runtime().block_on(async {
            let (node, _) = start(&plan, mix, stopped);
            let _tasks = neighbours.play(&told);
            all_up(&node).await;
            begin.send_replace(EACH);
            let counters = node.mix.counters();
            let begun = Instant::now();
            while counters.flow(Flow::Sent) + counters.dropped(Loss::Replay) < all {
                assert!(begun.elapsed() < Duration::from_secs(20), "{counters:?}");
                time::sleep(Duration::from_millis(10)).await;
            }
            counted.push((counters.flow(Flow::Sent), counters.dropped(Loss::Replay)));
        });
    }
    assert_eq!(counted, [(all, 0), (0, all)]);
}
