//! A running client.

use super::{
    lock,
    member::link_key,
    session::{Connection, Side},
    sleep_until,
};
use crate::reference::{client::Client, command::Action, times::Times};
use core::time::Duration;
use mixwell_net::{clock::Clock, codec::packet_codec, connect::LinkTarget, network::Network, randomness::Randomness};
use mixwell_wire::{Link, PacketSizes};
use std::sync::{Arc, Mutex};
use tokio::{sync::watch, task::JoinSet, time};

/// A running client of one gateway. It ends when this is dropped.
pub struct RunningClient {
    client: Arc<Mutex<Client>>,
    state: watch::Receiver<ClientState>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Clone, Default)]
struct ClientState {
    connections: u64,
    replies: Vec<Vec<u8>>,
}

impl RunningClient {
    /// Starts a client that knows its gateway by its configuration.
    pub fn start(network: &Network, gateway: LinkTarget, times: Times, randomness: &Randomness) -> Self {
        let clock = Clock::new(network.period);
        let codec = packet_codec(network.geometry).unwrap();
        let authorities = Arc::clone(&network.authorities);
        let client = Client::new(clock, times, authorities, codec, gateway.id, randomness.rng());
        let client = Arc::new(Mutex::new(client));
        let (tell, state) = watch::channel(ClientState::default());
        let link = Link::client(PacketSizes::from(&network.geometry));
        let mut tasks = JoinSet::new();
        let running =
            Running { client: Arc::clone(&client), clock, times, gateway, link, randomness: randomness.branch(), tell };
        tasks.spawn(running.run());
        Self { client, state, _tasks: tasks }
    }

    /// Sends a message to the echo service.
    pub fn send(&self, message: &[u8]) {
        lock(&self.client).queue_message(message.to_vec());
    }

    /// Waits until this many replies have come, and returns all of them.
    pub async fn replies(&self, count: usize, patience: Duration) -> Vec<Vec<u8>> {
        let mut state = self.state.clone();
        let _ = time::timeout(patience, state.wait_for(|state| state.replies.len() >= count)).await;
        state.borrow().replies.clone()
    }

    /// Number of connections to the gateway.
    pub fn connections(&self) -> u64 {
        self.state.borrow().connections
    }

    /// Whether the client has the consensus of this epoch.
    pub fn has_consensus(&self) -> bool {
        lock(&self.client).known().current.is_some()
    }
}

struct Running {
    client: Arc<Mutex<Client>>,
    clock: Clock,
    times: Times,
    gateway: LinkTarget,
    link: Link,
    randomness: Randomness,
    tell: watch::Sender<ClientState>,
}

impl Running {
    async fn run(self) {
        loop {
            // fresh for each connection
            let key = link_key(&self.randomness);
            let ad = lock(&self.client).begin();
            let side = Side { key: &key, ad: &ad, timeout: self.times.handshake, randomness: &self.randomness };
            let socket = self.gateway.addresses.first().unwrap().resolve().await.unwrap();
            if let Ok(connection) = Connection::dial(socket[0], &side, self.link, &self.gateway).await {
                self.tell.send_modify(|state| state.connections += 1);
                self.serve(connection).await;
            }
            time::sleep(self.times.client_pause).await;
        }
    }

    async fn serve(&self, mut connection: Connection) {
        let mut actions = lock(&self.client).connected(self.clock.now());
        loop {
            for action in actions {
                match action {
                    Action::Send(command) => {
                        if connection.send(&command).await.is_err() {
                            return;
                        }
                    }
                    _ => return,
                }
            }
            let next = lock(&self.client).next_poll(self.clock.now());
            actions = tokio::select! {
                command = connection.reader.receive() => match command {
                    Ok(command) => {
                        let mut client = lock(&self.client);
                        let actions = client.handle(self.clock.now(), &command);
                        let replies = client.take_replies();
                        self.tell.send_modify(|state| state.replies.extend(replies));
                        actions
                    }
                    Err(_) => return,
                },
                () = sleep_until(self.clock, next) => Vec::new(),
            };
            actions.extend(lock(&self.client).poll(self.clock.now()));
        }
    }
}
