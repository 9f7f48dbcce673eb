//! A gateway's service for clients: mailboxes, consensuses, and rate limits.

mod bucket;
mod client_connection;
mod client_id;
mod consensus_cache;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gzip;
mod mailbox;
mod open_mailbox;

pub(crate) use client_id::ClientId;
pub(crate) use consensus_cache::ConsensusCache;
pub use gzip::gzip;
pub(crate) use mailbox::Mailboxes;

use crate::{
    incoming::{Ended, NodeConnection, ServeUntil},
    rates::PublishedRates,
    unwrap_queue::UnwrapQueue,
};
use client_connection::ClientConnection;
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mailbox::MailboxError;
use mixwell_net::{accept::ConnectionStats, clock::Clock, runtime::stopped, stopwatch::Stopwatch};
use mixwell_sphinx::{Geometry, RecipientId};
use mixwell_wire::{
    Command, Link, Timeouts,
    tokio::{Reader, Writer},
};
use open_mailbox::OpenMailbox;
use std::sync::Arc;
use tokio::{io::BufReader, time};

/// Bytes read from a client's socket at once.
const READ_AHEAD: usize = 1 << 13;

/// Serves clients.
pub(crate) struct Gateway {
    pub(crate) geometry: Geometry,
    /// Commands and lengths of links with clients.
    pub(crate) link: Link,
    pub(crate) mailboxes: Arc<Mailboxes>,
    pub(crate) consensuses: ConsensusCache,
    /// Receives the packets of clients.
    pub(crate) queue: Arc<UnwrapQueue>,
    pub(crate) rates: Arc<PublishedRates>,
    pub(crate) connections: Arc<ConnectionStats>,
    pub(crate) clock: Clock,
    pub(crate) stopwatch: Stopwatch,
    pub(crate) timeouts: Timeouts,
    /// Keep-alive interval for idle clients.
    pub(crate) keep_alive: Duration,
    /// Time for a client to acknowledge a pushed reply.
    pub(crate) acknowledgement: Duration,
}

impl Gateway {
    /// Serves a client until its connection ends, or until it is time to hang up.
    pub(crate) async fn serve(&self, client: ClientId, connection: NodeConnection, mut until: ServeUntil) -> Ended {
        let mailbox = match <[u8; 32]>::try_from(&*connection.ad) {
            Ok(queue) => match OpenMailbox::open(self, RecipientId(queue), client) {
                Ok(mailbox) => Some(mailbox),
                // the queue id is in use by another client; this one may still send packets and
                // fetch consensuses
                Err(MailboxError::InUse) => None,
                Err(MailboxError::Full) => {
                    self.connections.refused.fetch_add(1, Relaxed);
                    return Ok(());
                }
            },
            // no recipient id can be this name
            Err(_) => None,
        };
        let NodeConnection { stream, session, end, .. } = connection;
        let (read, write) = stream.into_split();
        let room = || vec![0; self.link.buffer_len()];
        // silence is measured here, between whole commands: a partly received command does not
        // count
        let timeouts = Timeouts { read: Duration::MAX, ..self.timeouts };
        let mut reader = Reader::new(BufReader::with_capacity(READ_AHEAD, read), session.receiver, room(), &timeouts);
        let mut writer = Writer::new(write, session.sender, room(), &timeouts);
        let mut connection = ClientConnection::new(self, &mut writer, mailbox.as_ref(), until.stop);
        let run = async {
            loop {
                let deadline = connection.deadline();
                tokio::select! {
                    command = reader.receive() => {
                        if connection.receive(command?).await?.is_break() {
                            return Ok(());
                        }
                    }
                    reply = connection.next_reply() => connection.push(reply).await?,
                    () = time::sleep_until(deadline) => {
                        if connection.at_deadline().await?.is_break() {
                            return Ok(());
                        }
                    }
                }
            }
        };
        tokio::select! {
            ended = run => return ended,
            () = end.superseded() => return Ok(()),
            () = stopped(&mut until.hang_up) => {}
        }
        writer.send(&Command::Disconnect).await
    }
}
