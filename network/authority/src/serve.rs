//! The tasks that carry an authority's state: its sockets, its clock, its calls to the others.

use crate::{
    complaints,
    keeper::Keeper,
    message::{Outgoing, is_too_early},
    server,
    server::{Server, ServerLimits},
};
use mixwell_net::{
    authorities::Authorities,
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

/// What an authority needs to run.
#[derive(Debug)]
pub struct AuthorityNode {
    pub id: KeyHash,
    pub link: LinkKey,
    pub authorities: Arc<Authorities>,
    pub clock: Clock,
    pub listeners: Vec<TcpListener>,
    pub randomness: Randomness,
}

/// Runs an authority until `stop` is ready.
pub async fn serve(node: AuthorityNode, keeper: Keeper, stop: impl Future<Output = ()>) {
    let AuthorityNode { id, link, authorities, clock, listeners, randomness } = node;
    let policy = keeper.policy().clone();
    let state = Arc::new(Mutex::new(keeper));
    let client = DirectoryClient::new(authorities, link.clone(), Some(id), randomness.branch())
        .with_clock_watch(ClockWatch::new(clock));
    let server = Server::new(clock, policy, Arc::clone(&state), ServerLimits::default());
    // dropped with this future, and all its tasks with it
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

/// Has the state do what is due, and sends what it says.
async fn tick(state: Arc<Mutex<Keeper>>, clock: Clock, client: DirectoryClient) {
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
async fn call(state: Arc<Mutex<Keeper>>, clock: Clock, client: DirectoryClient, outgoing: Outgoing) {
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
async fn deliver(state: &Mutex<Keeper>, clock: Clock, client: &DirectoryClient, outgoing: &Outgoing) -> Vec<Outgoing> {
    let Some(authority) = client.authorities().by_id(outgoing.to) else { return Vec::new() };
    let name = &authority.peer.name;
    let retry = clock.sixteenth().checked_div(8).unwrap_or_default();
    let mut closed: u32 = 0;
    loop {
        let command = outgoing.request.command();
        let answered = client.exchange(authority, &command, |answer| {
            complaints::told(name, &answer);
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
            Err(ExchangeError::Closed) if outgoing.request.is_extension() => {
                closed = closed.saturating_add(1);
                if closed >= outgoing.request.max_closed() {
                    tracing::debug!(authority = name, "does not relay statements");
                    state.lock().await.does_not_relay(outgoing.to);
                    return Vec::new();
                }
            }
            Err(error) => tracing::debug!(authority = name, %error, "not reached"),
        }
        tokio::time::sleep(retry).await;
    }
}

/// Fetches from the others the consensuses that are missing here: after a restart, or a round that we took no part in.
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
