//! An authority's incoming connections, over sockets.

use crate::{
    Keeper, State,
    journal::Saved,
    message::Peer,
    server,
    server::{Server, ServerLimits},
    tests::net::Net,
};
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{
    accept::AcceptLimits,
    clock::Clock,
    keys::{LinkKem, LinkKey, PeerClaim},
    randomness::Randomness,
    runtime::raise_files,
};
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_testnet::{Impostor, TestLink};
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus, Link, PacketSizes, PkiSizes, Statement, VoteStatus};
use std::{sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    time,
};

/// One of three authorities, listening, and the keys of all three.
struct Listening {
    net: Net,
    address: SocketAddr,
    epoch: Epoch,
    server: Arc<Server>,
}

const NO_STATEMENT: Statement<'static> = Statement { epoch: 1, public_key: &[1; 32], payload: &[1, 2, 3] };

impl Listening {
    async fn start(limits: ServerLimits) -> Self {
        let net = Net::new(3);
        let clock = Clock::new(net.policy.period);
        let randomness = Randomness::from_seed(8);
        let (identity, policy) = (Arc::clone(&net.identities[0]), net.policy.clone());
        let state = State::new(identity, policy.clone(), clock.now(), randomness.rng(), Saved::default());
        let server = Server::new(clock, policy, Arc::new(Mutex::new(Keeper::new(state, None))), limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (link, id) = (net.link().clone(), net.id(0));
        tokio::spawn(server::listen(Arc::clone(&server), link, id, vec![listener], randomness));
        Self { net, address, epoch: clock.epoch(), server }
    }

    fn link() -> Link {
        Link::authority_client(PkiSizes { public_key: 32, document: 100_000 })
    }

    /// Connects with this name and link key.
    async fn dial(&self, key: &LinkKey, ad: &[u8]) -> TestLink {
        TestLink::dial(self.address, key, ad, Self::link()).await.unwrap()
    }

    async fn client(&self) -> TestLink {
        self.dial(&stranger(), &[]).await
    }

    async fn node(&self) -> TestLink {
        self.dial(&stranger(), &self.net.nodes[2].id().0).await
    }

    async fn authority(&self) -> TestLink {
        self.dial(self.net.link(), &self.net.id(1).0).await
    }

    /// Checks that each kind of peer gets a prompt answer.
    async fn assert_works(&self) {
        let begun = Instant::now();
        let mut authority = self.authority().await;
        let public_key = self.net.identities[1].public();
        authority.send(&Command::Vote(Statement { epoch: self.epoch.0, public_key, payload: &[1, 2, 3] })).await;
        let answer = authority.reader.receive().await.unwrap();
        assert!(matches!(answer, Command::VoteStatus(_)), "{answer:?}");
        let mut node = self.node().await;
        node.send(&Command::PostDescriptor { epoch: self.epoch.0, payload: &[1, 2, 3] }).await;
        let answer = node.reader.receive().await.unwrap();
        assert_eq!(answer, Command::PostDescriptorStatus(DescriptorStatus::Invalid));
        let mut client = self.client().await;
        // an epoch that does not begin during the test
        client.send(&Command::GetConsensus { epoch: self.epoch.0 + 50, padded: false }).await;
        let answer = client.reader.receive().await.unwrap();
        assert_eq!(answer, Command::Consensus { code: ConsensusStatus::NotFound, payload: &[] });
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

fn stranger() -> LinkKey {
    LinkKey::generate(LinkKem::default(), &mut Randomness::from_seed(77).rng()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_one_answer() {
    let listening = Listening::start(ServerLimits::default()).await;
    let query = Command::GetConsensus { epoch: listening.epoch.0 + 50, padded: false };
    for mut peer in [listening.client().await, listening.node().await, listening.authority().await] {
        peer.send(&query).await;
        // the connection may be closed before the second query is written
        let _ = peer.writer.send(&query).await;
        let answer = peer.reader.receive().await.unwrap();
        assert_eq!(answer, Command::Consensus { code: ConsensusStatus::NotFound, payload: &[] });
        peer.assert_closed_unanswered().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_other_roles_end_the_connection_unanswered() {
    let listening = Listening::start(ServerLimits::default()).await;
    let post = Command::PostDescriptor { epoch: 1, payload: &[1, 2, 3] };
    let get_vote = Command::GetVote { epoch: 1, public_key: &[1; 32] };
    for command in [Command::NoOp, Command::Disconnect, post, get_vote, Command::Vote(NO_STATEMENT)] {
        let mut client = listening.client().await;
        client.send(&command).await;
        client.assert_closed_unanswered().await;
    }
    for command in
        [Command::NoOp, Command::Disconnect, get_vote, Command::Vote(NO_STATEMENT), Command::Sig(NO_STATEMENT)]
    {
        let mut node = listening.node().await;
        node.send(&command).await;
        node.assert_closed_unanswered().await;
    }
    for command in [Command::NoOp, Command::Disconnect, post] {
        let mut authority = listening.authority().await;
        authority.send(&command).await;
        authority.assert_closed_unanswered().await;
    }
    // a mixnet session begins with a no_op, which an authority does not accept either
    let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
    let mut gateways_client = TestLink::dial(listening.address, &stranger(), &[], Link::client(sizes)).await.unwrap();
    gateways_client.assert_closed_unanswered().await;
    listening.assert_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_has_its_own_link_key_and_anyone_else_any() {
    let listening = Listening::start(ServerLimits::default()).await;
    let id = listening.net.id(1);
    assert!(TestLink::dial(listening.address, &stranger(), &id.0, Listening::link()).await.is_err());
    for ad in [&[][..], &[1; 16], &[1; 33], &[1; 255]] {
        let mut client = listening.dial(&stranger(), ad).await;
        client.send(&Command::GetConsensus { epoch: 1, padded: false }).await;
        let answer = client.reader.receive().await.unwrap();
        assert_eq!(answer, Command::Consensus { code: ConsensusStatus::Gone, payload: &[] });
    }
    // an authority's vote is handled as a vote, whatever it contains
    let mut authority = listening.authority().await;
    authority.send(&Command::Vote(NO_STATEMENT)).await;
    let answer = authority.reader.receive().await.unwrap();
    assert!(matches!(answer, Command::VoteStatus(status) if status != VoteStatus::Ok), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_not_waited_for() {
    let accept = AcceptLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default().accept };
    let limits = ServerLimits { accept, command_timeout: Duration::from_millis(600) };
    assert_eq!(ServerLimits::default().accept.handshake_timeout, Duration::from_secs(3));
    assert_eq!(ServerLimits::default().command_timeout, Duration::from_secs(30));
    let listening = Listening::start(limits).await;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(listening.address).await.unwrap();
    let closed = time::timeout(Duration::from_secs(20), silent.read(&mut [0])).await;
    assert!(!matches!(closed.unwrap(), Ok(1..)));
    assert!(begun.elapsed() >= limits.accept.handshake_timeout);
    for mut peer in [listening.client().await, listening.node().await, listening.authority().await] {
        let begun = Instant::now();
        time::timeout(Duration::from_secs(20), peer.assert_closed_unanswered()).await.unwrap();
        // the timeout counts from the handshake, which was before this wait began
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

/// All connections come from the one address that authorities, nodes and clients share; some of the
/// handshakes claim an authority's key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_silence_nor_claims_keep_anybody_out() {
    _ = raise_files();
    let listening = Listening::start(ServerLimits::default()).await;
    let mut silent = Vec::new();
    let claims = (listening.address, Impostor::of(&listening.net.id(1).0, listening.net.link().public()));
    let claiming = std::thread::spawn(move || {
        let (address, impostor) = claims;
        (0..300).filter_map(|_| impostor.claim(address).ok()).collect::<Vec<_>>()
    });
    for _ in 0..5 {
        for _ in 0..300 {
            silent.push(TcpStream::connect(listening.address).await.unwrap());
        }
        listening.assert_works().await;
    }
    let claims = claiming.join().unwrap();
    assert!(claims.len() > 250, "{}", claims.len());
    listening.assert_works().await;
    // strangers that authenticate with their own keys and then stay connected are evicted one by
    // one
    let mut idle = Vec::new();
    for _ in 0..300 {
        let (mut stream, mut session) =
            TestLink::dial_raw(listening.address, &stranger(), &[], Listening::link()).await.unwrap();
        let mut frame = [0; 100];
        let query = Command::GetConsensus { epoch: 1, padded: false };
        let (_, begun) = session.sender.seal(&query, &mut frame).unwrap().split_last().unwrap();
        stream.write_all(begun).await.unwrap();
        idle.push(stream);
    }
    listening.assert_works().await;
}

/// A claim of an authority's key is granted the memory for a handshake, not that for an authority's
/// longest vote.
#[test]
fn a_claim_takes_little_memory() {
    const CLAIMS: usize = 50;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listening = runtime.block_on(Listening::start(ServerLimits::default()));
    let impostor = Impostor::of(&listening.net.id(1).0, listening.net.link().public());
    let address = listening.address;
    let claiming =
        std::thread::spawn(move || (0..CLAIMS).map(|_| impostor.claim(address).unwrap()).collect::<Vec<_>>());
    let allocated = allocation_counter::measure(|| {
        runtime.block_on(async {
            while !claiming.is_finished() {
                time::sleep(Duration::from_millis(10)).await;
            }
        });
    });
    let claims = claiming.join().unwrap();
    assert_eq!(claims.len(), CLAIMS);
    assert!(allocated.bytes_max < (CLAIMS as u64) * (64 << 10), "{allocated:?}");
}

#[test]
fn connections_and_answers_are_as_many_as_documented() {
    let AcceptLimits { handshakes, unproven, strangers, .. } = ServerLimits::default().accept;
    assert_eq!([handshakes.max, unproven.max, strangers.max], [512, 512, 1024]);
    assert_eq!([handshakes.max_per_address, unproven.max_per_address, strangers.max_per_address], [256; 3]);
    assert_eq!(2 * (server::ANSWER_KIB << 10), 128 << 20);
}

#[test]
fn how_long_commands_may_be() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listening = runtime.block_on(Listening::start(ServerLimits::default()));
    let authority = listening.net.link().public();
    let max = |ad: &[u8]| {
        let peer = listening.server.peer_of(&PeerClaim { ad, link_key: authority }).unwrap();
        (peer, listening.server.link_for(peer).buffer_len())
    };
    let (id, node) = (listening.net.id(1), KeyHash([1; 32]));
    let (client, longest) = max(&[]);
    assert!(client == Peer::Client && (4096..8192).contains(&longest), "a padded query passes");
    let (peer, longest) = max(&node.0);
    assert!(peer == Peer::Node(node) && longest <= 128 << 10);
    let (peer, longest) = max(&id.0);
    assert!(peer == Peer::Authority(id) && longest > 8 << 20);
}
