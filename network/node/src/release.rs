//! Releasing packets whose delay is over.

use crate::{
    buffer_pool::Packet,
    faults::{Fault, Faults},
    mix::Mix,
    outgoing::LinkTable,
};
use mixwell_net::stopwatch::Stopwatch;
use mixwell_sphinx::NodeId;
use std::sync::Arc;
use tokio::sync::Notify;

/// Packets released before other tasks may run.
const YIELD_EVERY: usize = 32;

/// Moves packets from the mix's queue to the send queues of links when they are due.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) mix: Arc<Mix>,
    pub(crate) links: Arc<LinkTable>,
    pub(crate) stopwatch: Stopwatch,
    /// Notified when a packet is due earlier than all others.
    pub(crate) wake: Arc<Notify>,
    pub(crate) faults: Option<Arc<dyn Faults>>,
}

impl Release {
    /// Releases packets when they are due. Never returns.
    pub(crate) async fn run(self) {
        let (mix, stopwatch) = (&self.mix, self.stopwatch);
        let mut released: usize = 0;
        loop {
            if let Some((next_hop, packet)) = mix.due(&|| stopwatch.now()) {
                match &self.faults {
                    None => self.send(next_hop, packet),
                    Some(faults) => self.send_with(&**faults, next_hop, packet),
                }
                released = released.wrapping_add(1);
                if released.is_multiple_of(YIELD_EVERY) {
                    tokio::task::yield_now().await;
                }
                continue;
            }
            match mix.wake_at() {
                Some(moment) => tokio::select! {
                    () = stopwatch.sleep_until(moment) => {}
                    () = self.wake.notified() => {}
                },
                None => self.wake.notified().await,
            }
        }
    }

    fn send(&self, next_hop: NodeId, packet: Packet) {
        self.links.send(self.stopwatch.now(), next_hop, packet, self.mix.counters());
    }

    /// Sends a packet with the injected faults.
    fn send_with(&self, faults: &dyn Faults, next_hop: NodeId, mut packet: Packet) {
        match faults.on_send(&mut packet) {
            Fault::Sent => self.send(next_hop, packet),
            Fault::Dropped => {}
            Fault::Delayed(by) => {
                let late = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(by).await;
                    late.send(next_hop, packet);
                });
            }
            Fault::Replayed => {
                if let Some(mut copy) = self.mix.pool().take() {
                    copy.copy_from_slice(&packet);
                    self.send(next_hop, copy);
                }
                self.send(next_hop, packet);
            }
        }
    }
}
