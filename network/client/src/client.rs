//! A client for applications.

use crate::{
    ClientError, Destination, Reply, Request, StartError, Tally, Unanswered,
    run::{Config, run},
    source::Source,
};
use core::{
    pin::Pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
};
use mixwell_net::{
    clock::{Clock, ClockWatch},
    codec,
    directory::Consensuses,
    directory_client::DirectoryClient,
    keys::LinkKey,
    network::Network,
    randomness::Randomness,
    services::ECHO,
};
use mixwell_wire::Timeouts;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A client of a network: maintains a connection to a gateway, and sends cover traffic at the
/// published rates, with messages in place of decoys. Dropping the client ends all of this.
#[derive(Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    tally: Arc<Tally>,
    stop: watch::Sender<bool>,
    work: JoinHandle<Result<(), ClientError>>,
}

/// A client's options.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever starts a client")]
pub struct Options {
    /// The name of the gateway to connect to; any gateway of the consensus if `None`.
    pub gateway: Option<String>,
    /// The service that messages and decoys go to.
    pub destination: Destination,
    /// Timeouts of the connection to the gateway.
    pub timeouts: Timeouts,
}

impl Default for Options {
    fn default() -> Self {
        let destination = Destination::AnyService(ECHO.to_owned());
        Self { gateway: None, destination, timeouts: Timeouts::default() }
    }
}

/// The pending reply to a message.
#[derive(Debug)]
#[must_use = "the reply comes here"]
pub struct PendingReply(oneshot::Receiver<Result<Reply, Unanswered>>);

impl Future for PendingReply {
    type Output = Result<Reply, Unanswered>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|reply| reply.unwrap_or(Err(Unanswered::Disconnected)))
    }
}

impl Client {
    /// Fetches the consensus of the epoch from the authorities, and starts a client on the current
    /// runtime.
    ///
    /// # Errors
    /// If no authority has a consensus, or the network's Sphinx scheme is unknown.
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
        Self::spawn(network, options, known, clock_watch, randomness)
    }

    /// Starts a client that already knows these consensuses, on the current runtime. They may be
    /// empty if the network names gateways: the client then fetches the consensus from one of them.
    ///
    /// # Errors
    /// If the network's Sphinx scheme is unknown.
    pub fn start(
        network: Network,
        options: Options,
        known: Consensuses,
        randomness: &Randomness,
    ) -> Result<Self, StartError> {
        let clock_watch = ClockWatch::new(Clock::new(network.period));
        Self::spawn(network, options, known, clock_watch, randomness)
    }

    fn spawn(
        network: Network,
        options: Options,
        known: Consensuses,
        clock_watch: ClockWatch,
        randomness: &Randomness,
    ) -> Result<Self, StartError> {
        let unknown = || StartError::UnknownScheme(network.geometry.scheme().name().to_owned());
        let tally = Arc::new(Tally::default());
        let (requests, waiting) = mpsc::channel(1);
        let config = Config {
            packets: codec::packet_codec(network.geometry).ok_or_else(unknown)?,
            authorities: network.authorities,
            kem: network.kem,
            clock: Clock::new(network.period),
            clock_watch,
            known,
            pinned: network.gateways,
            gateway: options.gateway,
            directory: None,
            destination: options.destination,
            source: Source::Queue(waiting),
            timeouts: options.timeouts,
            randomness: randomness.branch(),
            tally: Arc::clone(&tally),
        };
        let (stop, stopping) = watch::channel(false);
        let work = tokio::spawn(run(config, stopping));
        Ok(Self { requests, tally, stop, work })
    }

    /// Sends a message of at most
    /// [`Geometry::user_forward_payload_len`](mixwell_sphinx::Geometry::user_forward_payload_len)
    /// bytes in place of a decoy, and waits for the service's reply.
    ///
    /// # Errors
    /// The reason why there is no reply. The message may have reached the service nevertheless,
    /// unless it was too long.
    pub async fn send(&self, payload: &[u8]) -> Result<Reply, Unanswered> {
        self.queue(payload).await?.await
    }

    /// As [`send`](Self::send), but waits only until the message is queued.
    ///
    /// # Errors
    /// If the client has ended.
    pub async fn queue(&self, payload: &[u8]) -> Result<PendingReply, Unanswered> {
        let (answer, reply) = oneshot::channel();
        let request = Request { payload: payload.to_vec(), answer };
        self.requests.send(request).await.map_err(|_| Unanswered::Disconnected)?;
        Ok(PendingReply(reply))
    }

    /// Whether a gateway is connected and packets are sent under a consensus of the epoch.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.tally.is_connected.load(Relaxed)
            && self.tally.has_consensus.load(Relaxed)
            && !self.tally.is_stuck.load(Relaxed)
    }

    /// The client's packet counters and the state of its connection.
    #[must_use]
    pub const fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Closes the connection, and waits until the client's task has ended.
    ///
    /// # Errors
    /// The reason why the task had ended earlier.
    pub async fn stop(mut self) -> Result<(), ClientError> {
        self.stop.send_replace(true);
        match (&mut self.work).await {
            Ok(ended) => ended,
            // the task panicked, or its runtime is shutting down
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.work.abort();
    }
}
