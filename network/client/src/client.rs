//! A client for applications.

use crate::{ClientError, Parts, Reply, Request, StartError, Tally, Unanswered, run};
use core::sync::atomic::Ordering::Relaxed;
use mixwell_net::{
    clock::{Clock, ClockWatch},
    codec,
    directory::Consensuses,
    directory_client::DirectoryClient,
    keys::LinkKey,
    network::Network,
    randomness::Randomness,
};
use mixwell_wire::Timeouts;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A client of a network: a connection to a gateway that is kept up, cover traffic at the published rates, and messages in its
/// midst. All of it ends when this is dropped.
#[derive(Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    tally: Arc<Tally>,
    stop: watch::Sender<bool>,
    work: JoinHandle<Result<(), ClientError>>,
}

/// What a client may choose.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever starts a client")]
pub struct Options {
    /// The gateway to connect to; any one of the consensus, if not given.
    pub gateway: Option<String>,
    /// The capability of the service that messages go to, by which descriptors name it.
    pub capability: String,
    /// How long to wait for the gateway.
    pub timeouts: Timeouts,
}

impl Default for Options {
    fn default() -> Self {
        Self { gateway: None, capability: "echo".to_owned(), timeouts: Timeouts::default() }
    }
}

impl Client {
    /// Fetches the consensus of the epoch from the authorities, and starts a client on the runtime that it is called on.
    ///
    /// # Errors
    /// If no authority has a consensus, or the packets of the network are of a scheme that is unknown here.
    pub async fn connect(network: Network, options: Options, randomness: &Randomness) -> Result<Self, StartError> {
        let clock = Clock::new(network.period);
        let clock_watch = ClockWatch::new(clock);
        let link = LinkKey::generate(network.kem, &mut randomness.rng())?;
        let directory = DirectoryClient::new(Arc::clone(&network.authorities), link, None, randomness.branch())
            .with_geometry(network.geometry.hash())
            .with_clock_watch(clock_watch.clone());
        let epoch = clock.epoch();
        let consensus = directory.fetch(epoch, epoch).await.map_err(|errors| StartError::NoConsensus {
            epoch,
            errors,
            clock_offset: directory.clock_offset(),
        })?;
        let known = Consensuses { epoch, ..Consensuses::default() }.with(Arc::new(consensus));
        let unknown = || StartError::UnknownScheme(network.geometry.scheme().name().to_owned());
        let tally = Arc::new(Tally::default());
        let parts = Parts {
            packets: codec::packet_codec(network.geometry).ok_or_else(unknown)?,
            authorities: network.authorities,
            kem: network.kem,
            clock,
            clock_watch,
            known,
            pinned: network.gateways,
            gateway: options.gateway,
            capability: options.capability,
            timeouts: options.timeouts,
            randomness: randomness.branch(),
            tally: Arc::clone(&tally),
            steady: None,
        };
        let (requests, waiting) = mpsc::channel(1);
        let (stop, stopping) = watch::channel(false);
        let work = tokio::spawn(run(parts, waiting, stopping));
        Ok(Self { requests, tally, stop, work })
    }

    /// Sends a message of at most [`Geometry::user_forward_payload_len`](mixwell_sphinx::Geometry::user_forward_payload_len) bytes
    /// in the place of a decoy, and waits for the service's reply.
    ///
    /// # Errors
    /// Why there is no reply; the message may have reached the service all the same, unless it was too long.
    pub async fn send(&self, payload: &[u8]) -> Result<Reply, Unanswered> {
        let (answer, reply) = oneshot::channel();
        let request = Request { payload: payload.to_vec(), answer };
        self.requests.send(request).await.map_err(|_| Unanswered::Disconnected)?;
        reply.await.unwrap_or(Err(Unanswered::Disconnected))
    }

    /// Whether a gateway is connected and packets leave by a consensus of the epoch.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.tally.is_connected.load(Relaxed)
            && self.tally.has_consensus.load(Relaxed)
            && !self.tally.is_stuck.load(Relaxed)
    }

    /// What has happened to its packets.
    #[must_use]
    pub const fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Hangs up, and waits until nothing runs any more.
    ///
    /// # Errors
    /// Why it had ended before.
    pub async fn stop(mut self) -> Result<(), ClientError> {
        self.stop.send_replace(true);
        match (&mut self.work).await {
            Ok(ended) => ended,
            // it panicked, or its runtime ends
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.work.abort();
    }
}
