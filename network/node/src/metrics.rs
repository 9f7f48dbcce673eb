//! A node's counters in Prometheus's text format, over HTTP.

use crate::{
    counters::{DropReason, PacketEvent},
    node::Node,
    rendezvous::BoxEvent,
};
use core::{fmt::Write as _, sync::atomic::Ordering::Relaxed, time::Duration};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};

/// Answers every request with the node's metrics. Never returns.
pub async fn serve(node: Arc<Node>, listener: TcpListener) {
    let slots = Arc::new(Semaphore::new(MAX_READERS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let _ = time::timeout(READER_TIMEOUT, answer(&node, stream)).await;
            drop(slot);
        });
    }
}

async fn answer(node: &Node, mut stream: TcpStream) -> io::Result<()> {
    let (mut request, mut length) = ([0; MAX_REQUEST], 0_usize);
    while let Some(room) = request.get_mut(length..).filter(|room| !room.is_empty()) {
        let read = stream.read(room).await?;
        length += read;
        let got = request.get(..length).unwrap_or_default();
        if read == 0 || got.windows(END.len()).any(|window| window == END) {
            break;
        }
    }
    let body = text(node);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// All metrics: only totals, nothing about a single packet.
#[must_use]
pub fn text(node: &Node) -> String {
    let mut out = String::new();
    let counters = node.mix.counters();
    head(&mut out, "mixwell_packets_total", "counter", "Packets by event.");
    for event in PacketEvent::ALL {
        line(&mut out, "mixwell_packets_total", &format!("{{event=\"{}\"}}", event.name()), counters.of(event));
    }
    head(&mut out, "mixwell_dropped_total", "counter", "Dropped packets by reason.");
    for reason in DropReason::ALL {
        line(&mut out, "mixwell_dropped_total", &format!("{{reason=\"{}\"}}", reason.name()), counters.dropped(reason));
    }
    if let Some(store) = node.mix.store() {
        head(&mut out, "mixwell_boxes_total", "counter", "Boxes of the rendezvous service by event.");
        for event in BoxEvent::ALL {
            let labels = format!("{{event=\"{}\"}}", event.name());
            line(&mut out, "mixwell_boxes_total", &labels, store.counts().of(event));
        }
        head(&mut out, "mixwell_boxes", "gauge", "Boxes that can be read.");
        line(&mut out, "mixwell_boxes", "", store.len() as u64);
    }
    let (batches, unwrapping) = counters.unwraps();
    let unwrapping = u64::try_from(unwrapping.as_micros()).unwrap_or(u64::MAX);
    let connections = node.connections();
    let (up, links) = node.links();
    let pool = node.mix.pool();
    let gauges = [
        ("mixwell_queue_length", "gauge", "Packets waiting for their release.", node.mix.len() as u64),
        ("mixwell_write_queue_length", "gauge", "Packets waiting to be written.", node.sending() as u64),
        ("mixwell_mailbox_length", "gauge", "Replies waiting for clients.", node.mailboxes.stored() as u64),
        ("mixwell_unwrap_batches_total", "counter", "Batches of packets that were unwrapped.", batches),
        ("mixwell_unwrap_microseconds_total", "counter", "Time spent unwrapping, over all cores.", unwrapping),
        ("mixwell_buffers", "gauge", "Packet buffers.", pool.size() as u64),
        ("mixwell_buffers_used", "gauge", "Packet buffers in use.", pool.lent() as u64),
        ("mixwell_links", "gauge", "Links that the consensus requires.", links as u64),
        ("mixwell_links_up", "gauge", "Links that are up.", up as u64),
        ("mixwell_connections", "gauge", "Open connections of proven peers.", connections.open.load(Relaxed)),
        (
            "mixwell_connections_unproven",
            "gauge",
            "Open connections whose peer has not proved its identity.",
            connections.unproven.load(Relaxed),
        ),
        ("mixwell_connections_accepted_total", "counter", "Connections accepted.", connections.accepted.load(Relaxed)),
        (
            "mixwell_connections_refused_total",
            "counter",
            "Connections closed before they were served.",
            connections.refused.load(Relaxed),
        ),
        (
            "mixwell_connections_evicted_total",
            "counter",
            "Connections closed in favour of newer ones.",
            connections.evicted.load(Relaxed),
        ),
        (
            "mixwell_handshakes_paced_total",
            "counter",
            "Handshakes of strangers, whose rate is limited.",
            connections.paced.load(Relaxed),
        ),
        ("mixwell_incoming_links", "gauge", "Incoming links of nodes.", node.incoming_links() as u64),
        (
            "mixwell_silent_layers",
            "gauge",
            "Layers that should connect to this node, of which no node does.",
            node.health.silent_layers.load(Relaxed),
        ),
        (
            "mixwell_decoys_skipped_total",
            "counter",
            "Loop decoys not sent because of traffic.",
            counters.decoys_skipped(),
        ),
        ("mixwell_epoch", "gauge", "Epoch by the clock.", node.epoch().0),
        ("mixwell_consensus", "gauge", "1 if the node has a consensus for this epoch.", node.has_consensus().into()),
    ];
    for (name, kind, help, value) in gauges {
        head(&mut out, name, kind, help);
        line(&mut out, name, "", value);
    }
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    // writing to a `String` never fails
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(out, "{name}{labels} {value}");
}

/// Maximum connections; further ones are closed.
const MAX_READERS: usize = 16;
/// Maximum length of a request in bytes; a longer one is answered after this many bytes.
const MAX_REQUEST: usize = 4096;
const READER_TIMEOUT: Duration = Duration::from_secs(5);
const END: &[u8] = b"\r\n\r\n";
