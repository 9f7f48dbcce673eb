//! A running authority.

use super::{
    lock,
    member::Member,
    session::{Connection, PKI_SIZES, Side, accept},
    sleep_until,
};
use crate::reference::{
    authority::{Authority, AuthorityPeer, Settings},
    command::OwnedCommand,
    times::Times,
};
use core::time::Duration;
use mixwell_net::{clock::Clock, connect::LinkTarget, randomness::Randomness};
use mixwell_pki_types::Epoch;
use mixwell_wire::{Link, Timeouts, tokio::await_proof};
use std::sync::{Arc, Mutex};
use tokio::{net::TcpStream, task::JoinSet, time};

/// A running authority. It ends when this is dropped.
pub struct RunningAuthority {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    member: Member,
    settings: Settings,
    clock: Clock,
    times: Times,
    randomness: Randomness,
    state: Mutex<Authority>,
}

impl RunningAuthority {
    /// Starts an authority in the current tokio runtime.
    pub fn start(member: Member, settings: Settings, times: Times, randomness: Randomness) -> Self {
        let clock = Clock::new(settings.period);
        let identity = Arc::clone(&member.identity);
        let state = Authority::new(identity, settings.clone(), clock.now(), randomness.rng());
        let state = Mutex::new(state);
        let shared = Arc::new(Shared { member, settings, clock, times, randomness, state });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(Arc::clone(&shared)));
        tasks.spawn(tick(Arc::clone(&shared)));
        Self { shared, _tasks: tasks }
    }

    /// Number of `get_vote` commands that it has refused.
    pub fn refused_get_votes(&self) -> u64 {
        lock(&self.shared.state).refused_get_votes
    }

    /// Number of uploads that it has called a conflict.
    pub fn conflicts(&self) -> u64 {
        lock(&self.shared.state).conflicts
    }

    /// The certificate of an epoch's consensus.
    pub fn consensus(&self, epoch: Epoch) -> Option<Vec<u8>> {
        lock(&self.shared.state).consensus(epoch).map(<[u8]>::to_vec)
    }
}

/// Accepts connections: one command, one answer.
async fn listen(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = shared.member.listener.accept() => {
                tasks.spawn(serve(Arc::clone(&shared), stream));
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let (side, mut peer) = (shared.side(), None);
    let accepted = accept(&mut stream, &side, |ad, key| {
        peer = AuthorityPeer::of(&shared.settings, ad, key);
        peer.map(|_| Link::authority(PKI_SIZES))
    });
    let Ok((unproven, _)) = accepted.await else { return };
    let timeouts = Timeouts { read: shared.times.command, ..Timeouts::default() };
    let Ok(session) = await_proof(&mut stream, unproven, &timeouts).await else { return };
    let mut connection = Connection::new(stream, session);
    let answer = match connection.reader.receive().await {
        Ok(command) => peer.and_then(|peer| lock(&shared.state).handle(shared.clock.now(), peer, &command)),
        Err(_) => None,
    };
    if let Some(answer) = answer {
        let _ = connection.send(&answer).await;
    }
}

/// Takes the steps of rounds when they are due.
async fn tick(shared: Arc<Shared>) {
    let mut sending = JoinSet::new();
    loop {
        let (statements, next) = {
            let mut state = lock(&shared.state);
            let now = shared.clock.now();
            (state.tick(now), state.next_tick(now))
        };
        for statement in statements {
            for other in shared.settings.authorities.iter().filter(|other| other.peer.id != shared.member.id) {
                sending.spawn(send(Arc::clone(&shared), other.peer.clone(), statement.clone()));
            }
        }
        while sending.try_join_next().is_some() {}
        sleep_until(shared.clock, next).await;
    }
}

/// Sends a statement, over a connection of its own. How often the reference tries is not recorded.
async fn send(shared: Arc<Shared>, to: LinkTarget, statement: OwnedCommand) {
    let Ok(sockets) = to.addresses[0].resolve().await else { return };
    for _ in 0..ATTEMPTS {
        if Connection::ask(sockets[0], &shared.side(), &to, &statement, |_| ()).await.is_ok() {
            return;
        }
        time::sleep(PAUSE).await;
    }
}

impl Shared {
    fn side(&self) -> Side<'_> {
        Side {
            key: &self.member.link_key,
            ad: &self.member.id.0,
            timeout: self.times.handshake,
            randomness: &self.randomness,
        }
    }
}

const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
