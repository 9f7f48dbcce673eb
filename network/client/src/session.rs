//! A client's connection to its gateway.

use crate::{
    ClientError,
    consensus::{Download, Progress},
    engine::Engine,
};
use core::time::Duration;
use mixwell_mixdelay::Instant;
use mixwell_net::{
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    compose,
    connect::{Connected, Connector, LinkTarget},
    consensus::Consensus,
    directory::Follower,
    directory_client::DirectoryClient,
    keys::{LinkKem, LinkKey},
    randomness::Randomness,
    stopwatch::{Stopwatch, after},
};
use mixwell_pki_types::{Chunk, Epoch, KeyHash};
use mixwell_sphinx::{RecipientId, SurbId};
use mixwell_wire::{
    Ad, Command, Link, PacketSizes, Timeouts,
    tokio::{Reader, Writer},
};
use std::sync::Arc;
use tokio::{io::BufReader, net::tcp::OwnedWriteHalf, time};
use tracing::{debug, info};

/// The state of a client that outlives connections.
pub(super) struct Session {
    pub(super) engine: Engine,
    pub(super) authorities: Arc<Authorities>,
    pub(super) kem: LinkKem,
    pub(super) clock: Clock,
    pub(super) clock_watch: ClockWatch,
    pub(super) follower: Follower,
    pub(super) pinned: Vec<LinkTarget>,
    pub(super) gateway: Option<String>,
    /// Fetches the consensus if no gateway is known.
    pub(super) directory: Option<DirectoryClient>,
    pub(super) timeouts: Timeouts,
    pub(super) randomness: Randomness,
    pub(super) stopwatch: Stopwatch,
}

/// Time without a command after which a gateway counts as dead; it sends a keep-alive every 10 s.
const SILENCE: Duration = Duration::from_mins(2);

/// Keep-alive interval. Gateways close the connections of clients that are silent for two minutes,
/// such as one whose consensus publishes no rates. The interval does not depend on other traffic.
const KEEP_ALIVE: Duration = Duration::from_secs(45);

/// One connection.
struct Connection<'s> {
    session: &'s mut Session,
    writer: Writer<OwnedWriteHalf, Vec<u8>>,
    gateway: KeyHash,
    queue: RecipientId,
    download: Option<Download>,
    packet: Vec<u8>,
}

impl Session {
    /// Connects, and runs until the connection fails. `Ok` once nobody can send a request any more.
    pub(super) async fn connect(&mut self) -> Result<(), ClientError> {
        self.follower.advance(self.clock.now());
        self.follower.source_changed();
        let gateway = match (self.choose(), &self.directory) {
            (Err(ClientError::NoGateway), Some(directory)) if self.follower.known().current.is_none() => {
                let epoch = self.follower.known().epoch;
                let fetched = directory.fetch(epoch, epoch).await;
                let consensus = fetched.map_err(|errors| ClientError::Consensus(errors.to_string()))?;
                self.follower.insert(Arc::new(consensus));
                self.choose()?
            }
            (choice, _) => choice?,
        };
        let mut rng = self.randomness.rng();
        let link = Link::client(PacketSizes::from(self.engine.packets().geometry()));
        let key = LinkKey::generate(self.kem, &mut rng).map_err(ClientError::Link)?;
        let queue = queue_id(&compose::random(&mut rng));
        let connector = Connector {
            key,
            timeouts: self.timeouts,
            randomness: self.randomness.branch(),
            clock_watch: Some(self.clock_watch.clone()),
        };
        let ad = Ad::client(queue.as_bytes());
        let Connected { stream, session, buffer } = connector.connect(&gateway, ad, link).await?;
        info!(gateway = gateway.name, "connected");
        let (read, write) = stream.into_split();
        let room = vec![0; link.buffer_len()];
        let mut reader = Reader::new(BufReader::new(read), session.receiver, room, &self.timeouts);
        let writer = Writer::new(write, session.sender, buffer, &self.timeouts);
        let packet = vec![0; self.engine.packet_len()];
        let now = self.stopwatch.now();
        self.engine.connected(now);
        let mut connection = Connection { session: self, writer, gateway: gateway.id, queue, download: None, packet };
        connection.set_rates();
        let mut heard = time::Instant::now();
        let mut keep_alive = time::interval_at(after(heard, KEEP_ALIVE), KEEP_ALIVE);
        loop {
            let wake = connection.wake_at();
            tokio::select! {
                command = reader.receive() => {
                    heard = time::Instant::now();
                    connection.handle(command?).await?;
                }
                () = connection.session.stopwatch.sleep_until(wake) => {
                    let now = connection.session.stopwatch.now();
                    connection.session.engine.expire(now);
                    connection.fetch_consensus().await?;
                    connection.send_due().await?;
                }
                request = connection.session.engine.next_request(), if connection.session.engine.has_room() => match request {
                    Some(request) => connection.session.engine.queue(request),
                    None => return Ok(()),
                },
                _ = keep_alive.tick() => connection.writer.send(&Command::NoOp).await?,
                () = time::sleep_until(after(heard, SILENCE)) => return Err(ClientError::Silence),
            }
        }
    }

    /// A gateway of the consensus, or a pinned one while there is no consensus.
    fn choose(&self) -> Result<LinkTarget, ClientError> {
        let wanted = |name: &str| self.gateway.as_deref().is_none_or(|gateway| gateway == name);
        let document = self.follower.known().current.as_ref().and_then(|consensus| consensus.document().ok());
        let listed = document.as_ref().map(|document| document.gateways().map(|node| LinkTarget::of(&node)).collect());
        let mut all: Vec<LinkTarget> = listed.unwrap_or_default();
        all.extend(self.pinned.iter().filter(|_| document.is_none()).cloned());
        all.retain(|gateway| wanted(&gateway.name) && !gateway.addresses.is_empty());
        let choice = compose::below(all.len(), &mut self.randomness.rng());
        (choice < all.len()).then(|| all.swap_remove(choice)).ok_or(ClientError::NoGateway)
    }
}

impl Connection<'_> {
    /// The time of the next action, unless the gateway sends something first.
    fn wake_at(&self) -> Instant {
        let now = self.session.stopwatch.now();
        let fetch = self.session.follower.wake_at().saturating_sub(self.session.clock.now()).min(MAX_SLEEP);
        let fetch = now.plus_nanos(u64::try_from(fetch.as_nanos()).unwrap_or(u64::MAX));
        self.session.engine.poll_timeout().map_or(fetch, |packet| packet.min(fetch))
    }

    /// Handles a command of the gateway.
    async fn handle(&mut self, command: Command<'_>) -> Result<(), ClientError> {
        match command {
            Command::Message { sequence, surb_id, payload } => {
                let now = self.session.stopwatch.now();
                self.session.engine.reply(now, SurbId(*surb_id), &mut payload.to_vec());
                self.writer.send(&Command::MessageDelivered { sequence }).await?;
            }
            Command::Consensus2 { code, chunk, total, payload } => {
                let Some(download) = &mut self.download else { return Ok(()) };
                match download.push(code, Chunk { number: chunk, total, bytes: payload })? {
                    Progress::More => {}
                    Progress::Missing => self.download = None,
                    Progress::Whole(certificate) => {
                        let epoch = download.epoch;
                        self.download = None;
                        self.learn(epoch, certificate)?;
                    }
                }
            }
            Command::NoOp => {}
            _ => return Err(ClientError::Closed),
        }
        Ok(())
    }

    /// Verifies a consensus and adds it to the known ones.
    fn learn(&mut self, epoch: Epoch, certificate: Vec<u8>) -> Result<(), ClientError> {
        let session = &mut *self.session;
        let hash = session.engine.packets().geometry().hash();
        let now = session.clock.epoch();
        let consensus = Consensus::verify(certificate, &session.authorities, (epoch, now), Some(&hash))
            .map_err(|error| ClientError::Consensus(error.to_string()))?;
        info!(%epoch, signers = consensus.signers().len(), "fetched consensus from the gateway");
        session.follower.insert(Arc::new(consensus));
        self.set_rates();
        Ok(())
    }

    /// Moves to the clock's current epoch, and requests a consensus that is due from the gateway.
    async fn fetch_consensus(&mut self) -> Result<(), ClientError> {
        let now = self.session.clock.now();
        if self.session.follower.advance(now) {
            self.set_rates();
        }
        // one at a time: the gateway's chunks do not name their epoch
        if let Some(epoch) = self.session.follower.due(now).next()
            && self.download.as_ref().is_none_or(Download::is_empty)
        {
            self.download = Some(Download::new(epoch));
            self.writer.send(&Command::GetConsensus2 { epoch: epoch.0 }).await?;
        }
        Ok(())
    }

    fn set_rates(&mut self) {
        let session = &mut *self.session;
        let current = session.follower.known().current.as_ref();
        let rates = current.and_then(|consensus| Some(consensus.document().ok()?.rates()));
        session.engine.set_rates(session.stopwatch.now(), rates);
    }

    /// Sends one packet, if one is due. The next one waits until received commands have been read.
    async fn send_due(&mut self) -> Result<(), ClientError> {
        // without a consensus nothing is due
        let Some(consensus) = self.session.follower.known().current.clone() else { return Ok(()) };
        let now = self.session.stopwatch.now();
        let due = {
            let Ok(document) = consensus.document() else { return Ok(()) };
            // leave a gateway that is no longer listed for another one
            let gateway = document.gateways().by_hash(self.gateway).ok_or(ClientError::Closed)?;
            let route = (self.session.clock.now(), document, gateway);
            self.session.engine.poll(now, route, self.queue, &mut self.packet)
        };
        match due {
            Ok(true) => self.writer.send(&Command::SendPacket(&self.packet)).await?,
            Ok(false) => {}
            Err(error) => debug!(%error, "could not make a packet"),
        }
        Ok(())
    }
}

/// 16 random bytes as 32 hexadecimal digits.
fn queue_id(random: &[u8; 16]) -> RecipientId {
    let mut id = [0; RecipientId::LEN];
    for (digits, byte) in id.chunks_exact_mut(2).zip(random) {
        digits.copy_from_slice(format!("{byte:02x}").as_bytes());
    }
    RecipientId(id)
}

/// Maximum time until a step of the system's clock is noticed.
const MAX_SLEEP: Duration = Duration::from_secs(1);
