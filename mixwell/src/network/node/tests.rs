//! Nodes and clients on real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use crate::network::{
    counters::{Flow, Loss},
    testing::{RATES, TestNetwork},
};
use std::sync::atomic::Ordering::Relaxed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_decoys_come_back_and_nothing_is_lost() {
    let network = TestNetwork::start(&[2, 2, 2], RATES, |sizes| sizes).await;
    let clients = [network.client(), network.client()];
    let mut replies = Vec::new();
    for number in 0..200_u32 {
        for client in &clients {
            let payload = number.to_be_bytes();
            replies.push((payload, client.send(&payload).await));
        }
    }
    for (payload, reply) in replies {
        let reply = reply.await.unwrap().unwrap();
        assert_eq!(reply.payload[..4], payload);
        assert!(reply.round_trip >= reply.delays);
    }
    for client in &clients {
        let tally = &client.tally;
        let [replies, lost, changed, unknown] =
            [&tally.replies, &tally.lost, &tally.changed, &tally.unknown].map(|count| count.load(Relaxed));
        assert_eq!((replies, lost, changed, unknown), (200, 0, 0, 0));
    }
    for node in &network.nodes {
        let counters = node.mix.counters();
        assert_eq!(counters.all_dropped(), 0, "{}: {counters:?}", node.name);
        assert!(counters.flow(Flow::DecoyReturned) > 0, "{}", node.name);
        assert_eq!(counters.dropped(Loss::DecoyLost), 0);
    }
    let nodes = network.stop().await;
    assert!(nodes[0].mix.counters().flow(Flow::Delivered) >= 400);
}
