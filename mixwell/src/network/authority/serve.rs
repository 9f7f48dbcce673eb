//! The tasks that carry an authority's state: its sockets, its clock, its calls to the others.

use super::{
    keeper::Keeper,
    message::{Outgoing, Peer, Reply, is_too_early},
    policy::Policy,
};
use crate::network::{
    clock::Clock,
    keys::LinkKey,
    listener::{Accepted, Listener},
    peers::Authorities,
    pki_client::{ExchangeError, PkiClient, encoded_bound, pki_sizes},
    randomness::Randomness,
    runtime::pass_on,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_wire::{Ad, Command, Link, PkiSizes, Sender, Statement, StreamError, Timeouts, tokio::Reader};
use std::{io, sync::Arc};
use tokio::{io::AsyncWriteExt as _, net::tcp::WriteHalf, sync::Mutex, task::JoinSet};

/// What an authority needs to run.
#[derive(Debug)]
pub(crate) struct AuthorityNode {
    pub(crate) id: KeyHash,
    pub(crate) link: LinkKey,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) clock: Clock,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) randomness: Randomness,
}

/// Runs an authority until `stop` is ready.
pub(crate) async fn serve(node: AuthorityNode, keeper: Keeper, stop: impl Future<Output = ()>) {
    let AuthorityNode { id, link, authorities, clock, listeners, randomness } = node;
    let policy = keeper.policy().clone();
    let state = Arc::new(Mutex::new(keeper));
    let client = PkiClient::new(Arc::clone(&authorities), link.clone(), Some(id), randomness.branch());
    let server = Arc::new(Server { id, link, authorities, clock, randomness, policy, state: Arc::clone(&state) });
    // dropped with this future, and all its tasks with it
    let mut tasks = JoinSet::new();
    for listener in listeners {
        tasks.spawn(Arc::clone(&server).listen(listener));
    }
    tasks.spawn(tick(Arc::clone(&state), clock, client.clone()));
    tasks.spawn(catch_up(state, clock, client));
    tokio::select! {
        () = stop => {}
        Some(ended) = tasks.join_next() => { pass_on(ended); }
    }
    tasks.shutdown().await;
}

/// Has the state do what is due, and sends what it says.
async fn tick(state: Arc<Mutex<Keeper>>, clock: Clock, client: PkiClient) {
    let mut calls = JoinSet::new();
    loop {
        let ticked = Arc::clone(&state);
        // signing may take long
        let due = tokio::task::spawn_blocking(move || {
            let mut state = ticked.blocking_lock();
            // what falls due while this is done comes next
            let now = clock.now();
            (state.tick(now), state.next_tick(now))
        });
        let Some((out, next)) = pass_on(due.await) else { return };
        for outgoing in out {
            calls.spawn(call(Arc::clone(&state), clock, client.clone(), outgoing));
        }
        while calls.try_join_next().is_some() {}
        clock.sleep_until(next).await;
    }
}

/// Sends a message to another authority until it answers or it is too late, and then what follows from the
/// answer.
async fn call(state: Arc<Mutex<Keeper>>, clock: Clock, client: PkiClient, outgoing: Outgoing) {
    let mut waiting = vec![outgoing];
    while let Some(outgoing) = waiting.pop() {
        let left = outgoing.deadline.saturating_sub(clock.now());
        if let Ok(following) = tokio::time::timeout(left, deliver(&state, clock, &client, &outgoing)).await {
            waiting.extend(following);
        } else {
            let authority = state.lock().await.policy().name_of(outgoing.to).to_owned();
            tracing::warn!(authority, "did not answer in time; is it up, and its clock right?");
        }
    }
}

/// Sends a message until it is answered. What follows from the answer is to be sent.
async fn deliver(state: &Mutex<Keeper>, clock: Clock, client: &PkiClient, outgoing: &Outgoing) -> Vec<Outgoing> {
    let Some(authority) = client.authorities().by_id(outgoing.to) else { return Vec::new() };
    let name = &authority.identifier;
    let retry = clock.sixteenth().checked_div(8).unwrap_or_default();
    loop {
        let command = outgoing.request.command();
        let answered = client.exchange(authority, &command, |answer| {
            // kept to be told to the state, which has a lock of its own
            Ok((is_too_early(&answer), OwnedVote::of(&answer), summary(&answer)))
        });
        match answered.await {
            Ok((false, vote, summary)) => {
                tracing::debug!(authority = name, answer = summary, "answered");
                let answer = vote.as_ref().map_or(Command::NoOp, OwnedVote::command);
                return state.lock().await.answered(clock.now(), outgoing, &answer);
            }
            Ok((true, ..)) => {}
            // one of the reference: it is not asked again in this epoch
            Err(ExchangeError::Closed) if outgoing.request.is_extension() => {
                tracing::debug!(authority = name, "does not relay statements");
                state.lock().await.does_not_relay(outgoing.to);
                return Vec::new();
            }
            Err(error) => tracing::debug!(authority = name, %error, "not reached"),
        }
        tokio::time::sleep(retry).await;
    }
}

/// Fetches from the others the consensuses that are missing here: after a restart, or a round that we took no part in.
async fn catch_up(state: Arc<Mutex<Keeper>>, clock: Clock, client: PkiClient) {
    loop {
        let missing = state.lock().await.missing(clock.now());
        for epoch in missing {
            if let Ok(consensus) = client.fetch(epoch, clock.epoch()).await {
                tracing::info!(%epoch, "fetched consensus from another authority");
                state.lock().await.insert_consensus(epoch, consensus.certificate());
            }
        }
        tokio::time::sleep(clock.sixteenth()).await;
    }
}

struct Server {
    id: KeyHash,
    link: LinkKey,
    authorities: Arc<Authorities>,
    clock: Clock,
    randomness: Randomness,
    policy: Policy,
    state: Arc<Mutex<Keeper>>,
}

impl Server {
    async fn listen(self: Arc<Self>, listener: Listener) {
        let mut sessions = JoinSet::new();
        loop {
            let accepted = listener.accept().await;
            let server = Arc::clone(&self);
            sessions.spawn(async move {
                if let Err(error) = server.session(accepted).await {
                    tracing::trace!(%error, "a session ended");
                }
            });
            while sessions.try_join_next().is_some() {}
        }
    }

    async fn session(&self, mut accepted: Accepted) -> Result<(), StreamError<io::Error>> {
        let Some(turn) = accepted.turn().await else { return Ok(()) };
        let mut peer = Peer::Client;
        let mut rng = self.randomness.rng();
        let mut buffer = vec![0; self.link.handshake_len()];
        let session = self.link.respond(
            &mut accepted.stream,
            Ad::node(&self.id.0),
            &mut rng,
            &mut buffer,
            &TIMEOUTS,
            |ad, key| {
                peer = self.peer_of(ad, key)?;
                Some(self.link_for(peer))
            },
        );
        let session = session.await?;
        drop(turn);
        let (from, to) = accepted.stream.split();
        let (commands, read) = if let Peer::Authority(_) = peer {
            (MOST_COMMANDS, TIMEOUTS.read)
        } else {
            (MOST_CLIENT_COMMANDS, CLIENT_READ)
        };
        let timeouts = Timeouts { read, ..TIMEOUTS };
        let room = vec![0; session.receiver.link().buffer_len()];
        let mut reader = Reader::new(from, session.receiver, room, &timeouts);
        let mut writer = Replies { to, sender: session.sender };
        for _ in 0..commands {
            let command = reader.receive().await?;
            let reply = self.reply(peer, &command).await;
            if reply == Reply::Close {
                break;
            }
            if let Some(answer) = reply.command() {
                writer.send(&answer).await?;
            }
        }
        drop(accepted.place);
        Ok(())
    }

    async fn reply(&self, peer: Peer, command: &Command<'_>) -> Reply {
        let now = self.clock.now();
        let Command::PostDescriptor { epoch, payload } = command else {
            return self.state.lock().await.handle(now, peer, command);
        };
        // verification is slow and anyone may ask for it: do it before locking the state
        let epoch = Epoch(*epoch);
        Reply::Descriptor(match self.policy.accept(peer, epoch, self.clock.time_at(now).epoch, payload) {
            Ok(descriptor) => self.state.lock().await.take_descriptor(now, epoch, &descriptor),
            Err(status) => status,
        })
    }

    /// This end of a link: clients and nodes upload less than authorities do.
    fn link_for(&self, peer: Peer) -> Link {
        let sizes = pki_sizes(&self.authorities);
        Link::authority(match peer {
            Peer::Authority(_) => sizes,
            Peer::Client | Peer::Node(_) => PkiSizes { document: MOST_CLIENT_UPLOAD_BYTES, ..sizes },
        })
    }

    /// Who a peer is; `None` if it is not who it says.
    fn peer_of(&self, ad: &[u8], key: &[u8]) -> Option<Peer> {
        let Ok(id) = ad.try_into().map(KeyHash) else { return Some(Peer::Client) };
        match self.authorities.by_id(id) {
            Some(authority) => (authority.link_key == key).then_some(Peer::Authority(id)),
            None => Some(Peer::Node(id)),
        }
    }
}

/// Answers, which need a buffer of their own length each: a consensus is long, and everything else short.
struct Replies<'s> {
    to: WriteHalf<'s>,
    sender: Sender,
}

impl Replies<'_> {
    async fn send(&mut self, answer: &Command<'_>) -> Result<(), StreamError<io::Error>> {
        let mut buffer = vec![0; encoded_bound(answer)];
        let frame = self.sender.seal(answer, &mut buffer)?;
        let sent = tokio::time::timeout(TIMEOUTS.write, self.to.write_all(frame));
        sent.await.map_err(|_| StreamError::Timeout)?.map_err(StreamError::Io)
    }
}

/// A vote that was answered to a request of ours.
struct OwnedVote {
    epoch: u64,
    public_key: Vec<u8>,
    payload: Vec<u8>,
}

impl OwnedVote {
    fn of(answer: &Command<'_>) -> Option<Self> {
        match answer {
            Command::Vote(Statement { epoch, public_key, payload }) => {
                Some(Self { epoch: *epoch, public_key: public_key.to_vec(), payload: payload.to_vec() })
            }
            _ => None,
        }
    }

    fn command(&self) -> Command<'_> {
        Command::Vote(Statement { epoch: self.epoch, public_key: &self.public_key, payload: &self.payload })
    }
}

fn summary(answer: &Command<'_>) -> String {
    match answer {
        Command::VoteStatus(status) => format!("vote: {status:?}"),
        Command::RevealStatus(status) => format!("reveal: {status:?}"),
        Command::CertStatus(status) => format!("certificate: {status:?}"),
        Command::SigStatus(status) => format!("signature: {status:?}"),
        other => format!("command {}", other.id()),
    }
}

/// An authority's statements each have a session of their own, mostly.
const MOST_COMMANDS: usize = 64;
/// Clients and nodes do one round trip, mostly: who stays takes a place from others.
const MOST_CLIENT_COMMANDS: usize = 8;
const CLIENT_READ: Duration = Duration::from_secs(10);
/// The longest upload of a node: a connection takes 128 KiB.
const MOST_CLIENT_UPLOAD_BYTES: usize = 127 << 10;
const TIMEOUTS: Timeouts =
    Timeouts { handshake: Duration::from_secs(3), read: Duration::from_secs(30), write: Duration::from_mins(1) };
