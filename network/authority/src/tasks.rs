//! The tasks of a running authority: listeners, clock, and messages to other authorities.

use crate::{
    complaints,
    keeper::Keeper,
    message::{Outgoing, StatementKind, Verdict},
    server,
    server::{Server, ServerLimits},
};
use mixwell_net::{
    clock::{Clock, ClockWatch},
    directory_client::{DirectoryClient, ExchangeError},
    keys::LinkKey,
    randomness::Randomness,
    runtime::pass_on,
};
use mixwell_pki_types::KeyHash;
use mixwell_wire::{Command, Statement};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::Mutex, task::JoinSet};

/// An authority's state, and the keys, sockets and clock that it runs with.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) id: KeyHash,
    pub(crate) link: LinkKey,
    pub(crate) clock: Clock,
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) randomness: Randomness,
    pub(crate) keeper: Keeper,
}

/// Runs an authority until `stop` is ready.
pub(crate) async fn run(shell: Shell, stop: impl Future<Output = ()>) {
    let Shell { id, link, clock, listeners, randomness, keeper } = shell;
    let policy = keeper.policy().clone();
    let authorities = Arc::clone(&policy.authorities);
    let state = Arc::new(Mutex::new(keeper));
    let client = DirectoryClient::new(authorities, link.clone(), Some(id), randomness.branch())
        .with_clock_watch(ClockWatch::new(clock));
    let server = Server::new(clock, policy, Arc::clone(&state), ServerLimits::default());
    // dropping this future ends all tasks
    let mut tasks = JoinSet::new();
    tasks.spawn(server::listen(server, link, id, listeners, randomness));
    tasks.spawn(tick(Arc::clone(&state), clock, client.clone()));
    tasks.spawn(catch_up(state, clock, client));
    tokio::select! {
        () = stop => {}
        Some(ended) = tasks.join_next() => { pass_on(ended); }
    }
    tasks.shutdown().await;
}

/// Ticks the state whenever an action is due, and sends its messages.
async fn tick(state: Arc<Mutex<Keeper>>, clock: Clock, client: DirectoryClient) {
    let mut sending = JoinSet::new();
    loop {
        let ticked = Arc::clone(&state);
        // on a blocking thread: signing may take long
        let due = tokio::task::spawn_blocking(move || {
            let mut state = ticked.blocking_lock();
            // an action that becomes due meanwhile is done in the next iteration
            let now = clock.now();
            (state.tick(now), state.next_tick(now))
        });
        let Some((out, next)) = pass_on(due.await) else { return };
        for outgoing in out {
            sending.spawn(send(Arc::clone(&state), clock, client.clone(), outgoing));
        }
        while sending.try_join_next().is_some() {}
        clock.sleep_until(next).await;
    }
}

/// Sends a message to another authority until the authority answers or the deadline has passed, and
/// then the messages that follow from the answer.
async fn send(state: Arc<Mutex<Keeper>>, clock: Clock, client: DirectoryClient, outgoing: Outgoing) {
    let mut waiting = vec![outgoing];
    while let Some(outgoing) = waiting.pop() {
        let left = outgoing.deadline.saturating_sub(clock.now());
        if let Ok(following) = tokio::time::timeout(left, deliver(&state, clock, &client, &outgoing)).await {
            waiting.extend(following);
        } else {
            let authority = state.lock().await.policy().name_of(outgoing.to).to_owned();
            tracing::warn!(authority, "authority did not answer in time; check that it is up, and both clocks");
        }
    }
}

/// Sends a message until it is answered. Returns the messages that follow from the answer.
async fn deliver(state: &Mutex<Keeper>, clock: Clock, client: &DirectoryClient, outgoing: &Outgoing) -> Vec<Outgoing> {
    let Some(authority) = client.authorities().by_id(outgoing.to) else { return Vec::new() };
    let name = &authority.peer.name;
    let retry = clock.sixteenth() / 8;
    let mut closed: u32 = 0;
    loop {
        let command = outgoing.request.command();
        let answered = client.exchange(authority, &command, |answer| {
            complaints::log_refused_by(name, &answer);
            // copied, so that the state is not locked while the message is sent
            Ok((StatementKind::verdict_in(&answer), OwnedVote::of(&answer)))
        });
        match answered.await {
            // too early: the peer has not received our vote yet
            Ok((Some((_, Verdict::TooEarly)), _)) => {}
            Ok((verdict, vote)) => {
                tracing::debug!(authority = name, ?verdict, "authority answered");
                let answer = vote.as_ref().map_or(Command::NoOp, OwnedVote::command);
                return state.lock().await.answered(clock.now(), outgoing, &answer);
            }
            Err(ExchangeError::Closed) if outgoing.request.is_extension() => {
                closed += 1;
                if closed >= outgoing.request.max_closed() {
                    tracing::debug!(authority = name, "authority does not relay statements");
                    state.lock().await.does_not_relay(outgoing.to);
                    return Vec::new();
                }
            }
            Err(error) => tracing::debug!(authority = name, %error, "authority not reached"),
        }
        tokio::time::sleep(retry).await;
    }
}

/// Fetches missing consensuses from the other authorities: after a restart, or after a round that
/// we missed.
async fn catch_up(state: Arc<Mutex<Keeper>>, clock: Clock, client: DirectoryClient) {
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

/// A vote in the answer to a request of ours.
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
