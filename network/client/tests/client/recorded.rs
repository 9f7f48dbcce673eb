//! Our client at the recorded gateways of the reference (`conversations.json`).
//!
//! Our client differs from the recorded ones on purpose:
//! - After its handshake it proves itself by a `no_op` at once.
//! - It asks for the next epoch's consensus at a random time after the authorities have published
//!   it, so that the time doesn't tell clients apart. The recorded ones ask at 11/16 of the epoch.
//! - What it does at which time is its own: what is compared is the order of each exchange. A
//!   consensus is asked for before packets leave, and one at a time; each message is acknowledged
//!   before anything else is pushed.

use core::time::Duration;
use mixwell_client::{Client, Options};
use mixwell_net::{
    address::Address, clock::Clock, connect::LinkTarget, directory::Consensuses, keys::PeerClaim, network::Network,
};
use mixwell_node::gzip;
use mixwell_pki_types::{Chunk, Epoch, KeyHash, Period, Rates};
use mixwell_testnet::{
    Plan,
    recorded::{
        Ending, Heard, PACE, Part, Played, Player, RecordedNetwork, Refusal, command_id, conversations, play_together,
    },
};
use mixwell_vectors::conversation::{Conversation, Said, Side};
use mixwell_wire::{Command, ConsensusStatus, Link};
use std::collections::{BTreeMap, VecDeque};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{self, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_speaks_to_recorded_gateways_as_the_reference_does() {
    play_together(conversations(Part::Client).into_iter().map(play), 2).await;
}

/// Clients at authorities ask as nodes do, by the same code: `cargo test -p mixwell-node recorded`
/// plays that.
#[test]
fn clients_at_authorities_are_named() {
    for Played { name, talk } in conversations(Part::DirectoryClient) {
        println!("{name} not played: nodes of ours ask so: {}", talk.about);
    }
}

/// Rates of the recordings, at the pace of the play.
const RATES: Rates = Rates { mu: 0.1, lambda_p: 0.04, lambda_l: 0.02, lambda_m: 0.0, lambda_g: 0.0, lambda_r: 0.0 };

async fn play(Played { name, talk }: Played) {
    let (name, talk) = (&name[..], &talk);
    let network = RecordedNetwork::of(talk);
    let clock = Clock::new(Period::new(network.period.duration() / PACE).unwrap());
    let plan = Plan::with_links((clock, network.kem), network.geometry, (1, &[1, 1, 1]), RATES);
    let gateway = &plan.nodes[0];
    let listener = TcpListener::from_std(gateway.listener.try_clone().unwrap()).unwrap();
    let configuration = Network {
        kem: network.kem,
        geometry: network.geometry,
        authorities: plan.authorities.clone(),
        gateways: vec![LinkTarget {
            name: gateway.name.clone(),
            id: KeyHash(*gateway.id.as_bytes()),
            link_key: gateway.link_key.public().to_vec(),
            addresses: vec![Address::of(gateway.listener.local_addr().unwrap())],
            other_transports: Vec::new(),
        }],
        period: clock.period(),
    };
    // at the recorded time of an epoch
    let begin = clock.period().duration().mul_f64(network.phase(talk));
    let now = clock.time();
    let wait = begin.checked_sub(now.elapsed).unwrap_or_else(|| now.left + begin);
    time::sleep(wait).await;
    let client = Client::start(configuration, Options::default(), Consensuses::default(), &plan.randomness).unwrap();
    let link = Link::gateway(network.sizes());
    let accept = async || {
        let stream = connection(name, &listener).await;
        // a queue id: 32 hexadecimal digits
        let is_client = |claim: &PeerClaim<'_>| claim.ad.len() == 32 && claim.ad.iter().all(u8::is_ascii_hexdigit);
        let accepted = Player::accept(stream, &gateway.link_key, gateway.id.as_bytes(), link, is_client).await;
        accepted.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    match Ending::of(talk) {
        Ending::Refused(Refusal::NotReady) => {
            drop(connection(name, &listener).await);
            accept().await;
        }
        Ending::Refused(refusal) => panic!("{name}: our client is not refused for {refusal:?}"),
        ending => {
            let mut gateway = Gateway::new(name, talk, &plan, clock, link);
            let mut player = accept().await;
            gateway.serve(&mut player).await;
            if ending == Ending::ClosedBy(Side::Responder) {
                drop(player);
                accept().await;
            } else {
                client.stop().await.unwrap();
                gateway.ends_without_a_word(&mut player).await;
            }
        }
    }
}

async fn connection(name: &str, listener: &TcpListener) -> TcpStream {
    let accepted = time::timeout(PATIENCE, listener.accept()).await;
    accepted.unwrap_or_else(|_| panic!("{name}: our client does not connect")).unwrap().0
}

/// The recorded gateway.
struct Gateway<'a> {
    name: &'a str,
    talk: &'a Conversation,
    plan: &'a Plan,
    clock: Clock,
    link: Link,
    /// The epochs whose consensus the recorded gateway had, counted from the first that was asked
    /// for.
    available: Vec<u64>,
    /// The first epoch that our client has asked for.
    first: Option<Epoch>,
    certificates: BTreeMap<Epoch, Vec<u8>>,
    /// Epochs that our client has asked for, counted likewise.
    asked: Vec<u64>,
    packets: usize,
    /// The sequence number of a message that is not acknowledged.
    pushed: Option<u32>,
    acknowledged: u32,
}

impl<'a> Gateway<'a> {
    fn new(name: &'a str, talk: &'a Conversation, plan: &'a Plan, clock: Clock, link: Link) -> Self {
        let mut gateway = Self {
            name,
            talk,
            plan,
            clock,
            link,
            available: Vec::new(),
            first: None,
            certificates: BTreeMap::new(),
            asked: Vec::new(),
            packets: 0,
            pushed: None,
            acknowledged: 0,
        };
        let (mut first, mut asked) = (None, 0);
        for said in &talk.commands {
            let (id, front) = (command_id(said.front()), said.front());
            if id == Some(GET_CONSENSUS2) {
                let epoch = u64::from_be_bytes(*front[6..].first_chunk().unwrap());
                asked = epoch - *first.get_or_insert(epoch);
            } else if id == Some(CONSENSUS2) && front.get(6) == Some(&0) && !gateway.available.contains(&asked) {
                gateway.available.push(asked);
            }
        }
        gateway
    }

    /// Serves our client until the recorded end: pushes at the recorded times, and answers by what
    /// the recorded gateway had.
    async fn serve(&mut self, player: &mut Player) {
        let begun = Instant::now();
        let at = |ms: f64| begun + Duration::from_secs_f64(ms / 1000.0 / f64::from(PACE));
        let is_own =
            |said: &&Said| said.from == Side::Responder && matches!(command_id(said.front()), Some(NO_OP | MESSAGE));
        // the first no_op ends the handshake
        let mut pushes: VecDeque<&Said> = self.talk.commands.iter().filter(is_own).skip(1).collect();
        let end = at(self.talk.ended_ms.unwrap_or_default());
        while Instant::now() < end || self.pushed.is_some() {
            let next = pushes.front().filter(|_| self.pushed.is_none()).map_or(end, |said| at(said.ms));
            let patience =
                if self.pushed.is_some() { PATIENCE } else { next.saturating_duration_since(Instant::now()) };
            match player.hear(patience).await {
                Heard::Command(text) => self.answer(player, &text).await,
                Heard::Closed => panic!("{}: our client closed the connection", self.name),
                Heard::Nothing => {
                    assert!(self.pushed.is_none(), "{}: a message is not acknowledged", self.name);
                    if let Some(said) = pushes.pop_front().filter(|said| at(said.ms) <= Instant::now()) {
                        self.push(player, said).await;
                    }
                }
            }
        }
        let recorded = |id| self.talk.commands.iter().any(|said| command_id(said.front()) == Some(id));
        assert!(!recorded(GET_CONSENSUS2) || self.asked.first() == Some(&0), "{}: {:?}", self.name, self.asked);
        assert!(!recorded(SEND_PACKET) || self.packets > 0, "{}: no packet", self.name);
        assert!(!recorded(MESSAGE) || self.acknowledged > 0, "{}: no message was pushed", self.name);
        let asks_later =
            self.talk.ended_ms > Some(self.clock.period().duration().as_secs_f64() * 2000.0 * f64::from(PACE));
        assert!(!asks_later || self.asked.contains(&1), "{}: {:?}", self.name, self.asked);
    }

    async fn answer(&mut self, player: &mut Player, text: &[u8]) {
        match command_id(text) {
            Some(NO_OP) => {}
            Some(SEND_PACKET) => {
                assert!(!self.certificates.is_empty(), "{}: a packet without a consensus", self.name);
                let recorded = self.talk.commands.iter().find(|said| command_id(said.front()) == Some(SEND_PACKET));
                assert!(recorded.is_none_or(|said| said.length() == text.len()), "{}: {} bytes", self.name, text.len());
                self.packets += 1;
            }
            Some(MESSAGE_DELIVERED) => {
                let sequence = u32::from_be_bytes(*text[6..].first_chunk().unwrap());
                assert_eq!(Some(sequence), self.pushed.take(), "{}", self.name);
                self.acknowledged = sequence;
            }
            Some(GET_CONSENSUS2) => {
                let epoch = Epoch(u64::from_be_bytes(*text[6..].first_chunk().unwrap()));
                self.give_consensus(player, epoch).await;
            }
            other => panic!("{}: command {other:?} of our client", self.name),
        }
    }

    async fn give_consensus(&mut self, player: &mut Player, epoch: Epoch) {
        let now = self.clock.epoch();
        let first = *self.first.get_or_insert(epoch);
        assert!(!self.asked.is_empty() || epoch.0.abs_diff(now.0) <= 1, "{}: {epoch} first, in {now}", self.name);
        let ahead = epoch.0.checked_sub(first.0).expect("epochs in order");
        self.asked.push(ahead);
        if !self.available.contains(&ahead) {
            let code = if epoch < now { ConsensusStatus::Gone } else { ConsensusStatus::NotFound };
            return self.say(player, &Command::Consensus2 { code, chunk: 0, total: 1, payload: &[] }).await;
        }
        let plan = self.plan;
        let certificate = self.certificates.entry(epoch).or_insert_with(|| {
            for node in &plan.nodes {
                node.mix_keys.advance(epoch, Instant::now(), &mut plan.randomness.rng()).unwrap();
            }
            plan.consensus(epoch).certificate().to_vec()
        });
        let compressed = gzip(certificate);
        for Chunk { number, total, bytes } in Chunk::cut(&compressed, self.link.down_len()) {
            let code = ConsensusStatus::Ok;
            self.say(player, &Command::Consensus2 { code, chunk: number, total, payload: bytes }).await;
        }
    }

    /// Sends a recorded message or `no_op`. Messages are numbered without those that are left out
    /// of the recording.
    async fn push(&mut self, player: &mut Player, said: &Said) {
        let mut text = said.front().to_vec();
        text.resize(said.length(), 0);
        if command_id(&text) == Some(MESSAGE) {
            // what follows the bytes that were recorded is padding, or the payload's
            let sequence = self.acknowledged + 1;
            text[6..10].copy_from_slice(&sequence.to_be_bytes());
            self.pushed = Some(sequence);
        }
        player.say(&text).await.unwrap();
    }

    async fn say(&self, player: &mut Player, command: &Command<'_>) {
        let mut text = vec![0; self.link.buffer_len()];
        let length = command.encode(&self.link, &mut text).unwrap();
        player.say(&text[..length]).await.unwrap();
    }

    /// Waits until our client has closed the connection, without a disconnect command.
    async fn ends_without_a_word(&mut self, player: &mut Player) {
        loop {
            match player.hear(PATIENCE).await {
                Heard::Closed => return,
                Heard::Command(text) => self.answer(player, &text).await,
                Heard::Nothing => panic!("{}: our client does not close the connection", self.name),
            }
        }
    }
}

const NO_OP: u8 = 0;
const SEND_PACKET: u8 = 2;
const MESSAGE_DELIVERED: u8 = 5;
const MESSAGE: u8 = 17;
const CONSENSUS2: u8 = 31;
const GET_CONSENSUS2: u8 = 32;

/// Time for what our client has to do, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
