//! The links of a running node, to other nodes and to a gateway's clients.

use super::{
    lock,
    node::Shared,
    session::{Claim, Connection, accept},
    sleep_until,
};
use crate::reference::{
    command::Action,
    gateway::ClientLink,
    links::{IncomingLink, OutgoingLink, Step},
    neighbours::Target,
};
use core::time::Duration;
use mixwell_net::{connect::LinkTarget, node_kind::NodeKind};
use mixwell_pki_types::KeyHash;
use mixwell_wire::{Link, PacketSizes, ReceiveError, StreamError, Timeouts, tokio::await_proof};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

/// The link of an accepted connection.
enum Accepted {
    Node(IncomingLink),
    Client,
}

/// Accepts connections.
pub(super) async fn listen(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = shared.member.listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                if !lock(&shared.core).neighbours.is_usable {
                    // `docs/spec/network.md#nodes-and-nodes`: reset before message 2
                    let _ = stream.set_zero_linger();
                    continue;
                }
                let shared = Arc::clone(&shared);
                let (tell, handle) = tokio::sync::oneshot::channel();
                let task = tasks.spawn(async move {
                    let Ok(handle) = handle.await else { return };
                    serve(shared, stream, handle).await;
                });
                let _ = tell.send(task);
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Runs a handshake and serves the peer.
async fn serve(shared: Arc<Shared>, mut stream: TcpStream, own: AbortHandle) {
    let sizes = PacketSizes::from(shared.sphinx.geometry());
    let (side, mut peer) = (shared.side(), None);
    let accepted = accept(&mut stream, &side, |ad, key| {
        peer = IncomingLink::accept(&lock(&shared.core).neighbours, ad, key).map(Accepted::Node);
        // any other `ad` is a client's at a gateway
        if peer.is_none() && shared.kind == NodeKind::Gateway {
            peer = Some(Accepted::Client);
        }
        match peer {
            Some(Accepted::Node(_)) => Some(Link::node(sizes)),
            Some(Accepted::Client) => Some(Link::gateway(sizes)),
            None => None,
        }
    })
    .await;
    let Ok((unproven, (ad, link_key))) = accepted else {
        lock(&shared.core).stats.refused += u64::from(matches!(accepted, Err(StreamError::Refused)));
        return;
    };
    let number = {
        let mut core = lock(&shared.core);
        core.stats.accepted += 1;
        let (number, superseded) = core.connections.open(&ad, &link_key);
        core.open.insert(number, own);
        // before any command of the newer one
        if let Some(task) = superseded.and_then(|older| core.open.remove(&older)) {
            task.abort();
        }
        number
    };
    let timeouts = Timeouts { read: shared.times.client_silence, ..Timeouts::default() };
    if let Ok(session) = await_proof(&mut stream, unproven, &timeouts).await {
        let connection = Connection::new(stream, session);
        match peer {
            Some(Accepted::Node(link)) => serve_node(&shared, connection, &link).await,
            _ => serve_client(&shared, connection, &(ad, link_key)).await,
        }
    }
    let mut core = lock(&shared.core);
    core.connections.ended(number);
    core.open.remove(&number);
}

async fn serve_node(shared: &Shared, mut connection: Connection, link: &IncomingLink) {
    let mut changed = shared.changed.subscribe();
    loop {
        let action = tokio::select! {
            command = connection.reader.receive() => match command {
                Ok(command) => link.handle(shared.clock.now(), &command, &lock(&shared.core).neighbours),
                Err(StreamError::Receive(_)) => Some(Action::Close),
                Err(_) => return,
            },
            _ = changed.changed() => {
                if link.check(&lock(&shared.core).neighbours).is_some() {
                    return;
                }
                None
            }
        };
        match action {
            Some(Action::Unwrap(packet)) => shared.unwrap(packet),
            Some(_) => {
                lock(&shared.core).stats.closed += 1;
                return;
            }
            None => {}
        }
    }
}

async fn serve_client(shared: &Shared, mut connection: Connection, (ad, _): &Claim) {
    let frame = Link::gateway(PacketSizes::from(shared.sphinx.geometry()));
    let mut link = ClientLink::new(shared.clock.now(), ad, shared.times);
    let mut replied = shared.replied.subscribe();
    loop {
        let actions = tokio::select! {
            command = connection.reader.receive() => match command {
                Ok(command) => {
                    let core = &mut *lock(&shared.core);
                    let now = shared.clock.now();
                    let mut actions = link.handle(now, &command, &mut core.mailboxes, &core.known, &frame);
                    actions.extend(link.poll(now, &core.mailboxes));
                    actions
                }
                Err(StreamError::Receive(ReceiveError::Command(error))) => vec![ClientLink::handle_other(error)],
                Err(StreamError::Receive(_)) => vec![Action::Close],
                Err(_) => return,
            },
            _ = replied.changed() => link.poll(shared.clock.now(), &lock(&shared.core).mailboxes),
            () = sleep_until(shared.clock, link.next_poll()) => {
                link.poll(shared.clock.now(), &lock(&shared.core).mailboxes)
            }
        };
        for action in actions {
            match action {
                Action::Send(command) => {
                    if connection.send(&command).await.is_err() {
                        return;
                    }
                }
                Action::Unwrap(packet) => shared.unwrap(packet),
                Action::Crash => shared.crash(),
                Action::Close => {
                    lock(&shared.core).stats.closed += 1;
                    return;
                }
            }
        }
    }
}

/// Keeps a link to every neighbour.
pub(super) async fn dial_neighbours(shared: Arc<Shared>) {
    let mut changed = shared.changed.subscribe();
    let mut tasks: BTreeMap<KeyHash, (Target, JoinSet<()>)> = BTreeMap::new();
    loop {
        let targets = {
            let core = lock(&shared.core);
            // without a consensus links end at their next check
            if core.neighbours.is_usable { core.neighbours.targets().clone() } else { BTreeMap::new() }
        };
        let is_usable = lock(&shared.core).neighbours.is_usable;
        tasks.retain(|id, (target, _)| !is_usable || targets.get(id) == Some(target));
        for (id, target) in targets {
            tasks.entry(id).or_insert_with(|| {
                let mut task = JoinSet::new();
                task.spawn(keep_link(Arc::clone(&shared), id, target.clone()));
                (target, task)
            });
        }
        if changed.changed().await.is_err() {
            return;
        }
    }
}

/// Dials a neighbour again and again. One without a TCP address is not dialled.
async fn keep_link(shared: Arc<Shared>, id: KeyHash, target: Target) {
    let Some(socket) = target.socket() else { return };
    let peer = LinkTarget {
        name: target.name,
        id,
        link_key: target.link_key,
        addresses: Vec::new(),
        other_transports: Vec::new(),
    };
    // a role that sends packets, and that the adapters let be silent after the handshake
    let frame = Link::service_node(PacketSizes::from(shared.sphinx.geometry()), 0);
    let mut link = OutgoingLink::new(id, shared.clock.period().duration(), shared.times);
    let (sender, mut queue) = mpsc::unbounded_channel();
    lock(&shared.core).queues.insert(id, sender);
    loop {
        let step = link.poll(shared.clock.now(), &lock(&shared.core).neighbours);
        match step {
            Step::WaitUntil(at) => sleep_until(shared.clock, at).await,
            Step::Expire | Step::Unlist => {}
            Step::Dial => match Connection::dial(socket, &shared.side(), frame, &peer).await {
                Ok(connection) => {
                    link.connected(shared.clock.now());
                    let _up = LinkUp::new(&shared, id);
                    send_packets(&shared, &mut link, connection, &mut queue).await;
                }
                Err(_) => link.fail(shared.clock.now()),
            },
        }
    }
}

/// A link that is up. It counts as down when this is dropped.
struct LinkUp<'s> {
    shared: &'s Shared,
    id: KeyHash,
}

impl<'s> LinkUp<'s> {
    fn new(shared: &'s Shared, id: KeyHash) -> Self {
        let mut core = lock(&shared.core);
        core.stats.dialled += 1;
        core.up.insert(id);
        drop(core);
        Self { shared, id }
    }
}

impl Drop for LinkUp<'_> {
    fn drop(&mut self) {
        lock(&self.shared.core).up.remove(&self.id);
    }
}

/// Sends packets until the link ends.
async fn send_packets(
    shared: &Shared,
    link: &mut OutgoingLink,
    mut connection: Connection,
    queue: &mut mpsc::UnboundedReceiver<(Duration, Vec<u8>)>,
) {
    loop {
        let step = link.poll(shared.clock.now(), &lock(&shared.core).neighbours);
        let at = match step {
            Step::WaitUntil(at) => at,
            step => {
                let stats = &mut lock(&shared.core).stats;
                *(if step == Step::Expire { &mut stats.expired } else { &mut stats.lost }) += 1;
                return;
            }
        };
        tokio::select! {
            Some((since, packet)) = queue.recv() => {
                if shared.clock.now() > since + shared.times.write_wait {
                    lock(&shared.core).packets.count_drop();
                    continue;
                }
                let Some(Action::Send(command)) = link.send(packet) else { continue };
                if connection.send(&command).await.is_err() {
                    lock(&shared.core).stats.lost += 1;
                    link.fail(shared.clock.now());
                    return;
                }
            }
            command = connection.reader.receive() => {
                let stats = &mut lock(&shared.core).stats;
                stats.spoken_on += u64::from(command.is_ok());
                stats.lost += 1;
                link.received(shared.clock.now());
                return;
            }
            () = sleep_until(shared.clock, at) => {}
        }
    }
}
