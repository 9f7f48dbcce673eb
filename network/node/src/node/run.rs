//! Running a node: its tasks, and stopping them.

use crate::{
    counters::{DropReason, PacketEvent},
    gateway::Mailboxes,
    incoming::ServeUntil,
    mix::Mix,
    node::Node,
};
use core::time::Duration;
use mixwell_net::{
    runtime::{pass_on, stopped},
    stopwatch::Stopwatch,
};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};
use tracing::info;

impl Node {
    /// Runs until told to stop, and then sends the packets that are due within a short time.
    pub async fn run(self: Arc<Self>, listeners: Vec<TcpListener>, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let (hang_up, end) = watch::channel(false);
        let until = ServeUntil { stop: stop.clone(), hang_up: end.clone() };
        let mut accepting = tokio::spawn(Arc::clone(&self.incoming).run(self.limits.clone(), listeners, until));
        let mut dialing = tokio::spawn(Arc::clone(&self.outgoing).run(end));
        tasks.spawn(self.release.clone().run());
        let decoys = self.decoys.as_ref().map(|decoys| tasks.spawn(Arc::clone(decoys).run()));
        tasks.spawn(sweep(Arc::clone(&self.mix), Arc::clone(&self.mailboxes), self.release.stopwatch));
        tasks.spawn(Arc::clone(&self.health).run());

        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            Some(ended) = tasks.join_next() => { pass_on(ended); }
            ended = &mut dialing => { pass_on(ended); }
            ended = &mut accepting => { pass_on(ended); }
        }
        info!(node = self.name, "stopping");
        // accept no new connections; packets in the node are still sent
        if let Some(decoys) = decoys {
            decoys.abort();
        }
        let drained = async {
            while self.incoming_links() > 0 || self.held() > 0 {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = time::timeout(FAREWELL, drained).await;
        hang_up.send_replace(true);
        let _ = time::timeout(FAREWELL, async { (dialing.await, accepting.await) }).await;
        tasks.shutdown().await;
        self.mix.flush();
        // stored replies of disconnected clients are lost
        let counters = self.mix.counters();
        counters.count_drops(DropReason::Stopped, self.on_the_way() + self.mailboxes.stored());
        info!(
            node = self.name,
            received = counters.of(PacketEvent::Received) + counters.of(PacketEvent::DecoySent),
            sent = counters.of(PacketEvent::Sent),
            ended = counters.of(PacketEvent::Delivered) + counters.of(PacketEvent::DecoyReturned),
            dropped = counters.all_dropped(),
            stopped = counters.dropped(DropReason::Stopped),
            "stopped"
        );
    }

    /// Number of packets in the node that may be sent soon.
    fn held(&self) -> usize {
        self.on_the_way() + self.mailboxes.awaited()
    }

    /// Number of packets in the node, without stored replies.
    fn on_the_way(&self) -> usize {
        self.mix.len() + self.outgoing.table.waiting()
    }
}

/// Drops expired replies and boxes. Never returns.
async fn sweep(mix: Arc<Mix>, mailboxes: Arc<Mailboxes>, stopwatch: Stopwatch) {
    loop {
        time::sleep(SWEEP_INTERVAL).await;
        mix.counters().count_drops(DropReason::MailboxExpired, mailboxes.expire(stopwatch.now()));
        if let Some(store) = mix.store() {
            store.sweep(stopwatch.now());
        }
    }
}

/// Time for sending the packets of a node that stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Interval at which expired replies and boxes are dropped.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
