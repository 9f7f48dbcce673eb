//! Initiators that do not have the private key that they claim, and silent ones: they cost no other
//! peer anything.

use crate::network::{Node, address_of, connect_as, link_key};
use core::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_net::runtime::raise_files;
use mixwell_node::counters::DropReason;
use mixwell_pki_types::Rates;
use mixwell_sphinx::{RecipientId, SurbId};
use mixwell_testnet::{Impostor, RATES, TestLink, TestNetwork};
use mixwell_wire::Command;
use std::{collections::VecDeque, sync::Arc, thread, time::Instant};
use tokio::{net::TcpStream, time};

/// Repeated claims, each held open for a while, until this is dropped.
struct Attack {
    is_over: Arc<AtomicBool>,
    /// The number of claims that were carried as far as possible.
    claimed: Arc<AtomicU64>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Attack {
    /// Starts claiming to be one peer, at a target that knows this peer.
    fn begin(target: SocketAddr, ad: &[u8], link_key: &[u8]) -> Self {
        let impostor = Impostor::of(ad, link_key);
        let (is_over, claimed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (over, count) = (Arc::clone(&is_over), Arc::clone(&claimed));
        let thread = thread::spawn(move || {
            let mut held = VecDeque::new();
            while !over.load(Relaxed) {
                if let Ok(stream) = impostor.claim(target) {
                    count.fetch_add(1, Relaxed);
                    held.push_back(stream);
                }
                if held.len() > 20 {
                    held.pop_front();
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { is_over, claimed, thread: Some(thread) }
    }

    fn on(network: &TestNetwork, target: &Node, claimed: &Node) -> Self {
        let is_claimed = |node: &Arc<Node>| node.id() == claimed.id();
        let number = network.nodes.iter().position(is_claimed).unwrap();
        Self::begin(address_of(network, target), claimed.id().as_bytes(), network.link_keys[number].public())
    }

    /// Ends the attack and returns the number of claims.
    fn end(mut self) -> u64 {
        self.stop();
        self.claimed.load(Relaxed)
    }

    fn stop(&mut self) {
        self.is_over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Attacks every link between nodes at once, in the name of the link's initiator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_cut_no_link_between_nodes_and_cost_no_packet() {
    let no_decoys = Rates { lambda_m: 0.0, lambda_g: 0.0, ..RATES };
    let network = TestNetwork::start(&[1, 1], no_decoys, |limits| limits).await;
    let [gateway, first, second, service] = [0, 1, 2, 3].map(|index| Arc::clone(&network.nodes[index]));
    let client = network.client();
    assert!(client.send(b"before").await.is_ok());
    let links = [(&first, &gateway), (&first, &service), (&second, &first), (&gateway, &second), (&service, &second)];
    let attacks: Vec<Attack> = links.map(|(target, claimed)| Attack::on(&network, target, claimed)).into();
    let is_over = Arc::new(AtomicBool::new(false));
    let watching = {
        let (nodes, is_over) = (network.nodes.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut most_unproven = 0;
            while !is_over.load(Relaxed) {
                for node in &nodes {
                    let (up, of) = node.links();
                    assert_eq!(up, of, "a link of {} is down", node.name());
                    most_unproven = most_unproven.max(node.connections().unproven.load(Relaxed));
                    // the gateway also has a client
                    let open = node.connections().open.load(Relaxed);
                    assert!((1..=2).contains(&open), "{}: {open} connections count", node.name());
                }
                time::sleep(Duration::from_millis(2)).await;
            }
            most_unproven
        })
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        client.send(b"meanwhile").await.unwrap();
    }
    is_over.store(true, Relaxed);
    let most_unproven = watching.await.unwrap();
    let claimed: Vec<u64> = attacks.into_iter().map(Attack::end).collect();
    assert!(claimed.iter().all(|claims| *claims >= 20), "{claimed:?}");
    assert!(most_unproven > 10, "{most_unproven}");
    for node in &network.nodes {
        assert_eq!(node.counters().all_dropped(), 0, "{}: {:?}", node.name(), node.counters());
    }
}

/// Attacks in the name of a client whose queue id and link key the attacker knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_cut_no_client_off_its_gateway() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let gateway = Arc::clone(&network.nodes[0]);
    let (queue, key) = ([b'a'; 32], link_key(&network));
    let mut client = connect_as(&network, &queue, &key).await;
    // the keep-alive shows that its mailbox is open
    assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp);
    let attack = Attack::begin(address_of(&network, &gateway), &queue, key.public());
    let begun = Instant::now();
    let mut received = 0;
    while begun.elapsed() < Duration::from_secs(2) || attack.claimed.load(Relaxed) < 20 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", attack.claimed);
        gateway.store_reply(RecipientId(queue), SurbId([1; 16]), &[]);
        let sequence = loop {
            match client.reader.receive().await.unwrap() {
                Command::Message { sequence, .. } => break sequence,
                command => assert_eq!(command, Command::NoOp),
            }
        };
        received += 1;
        assert_eq!(sequence, received, "exactly one connection receives the replies");
        client.send(&Command::MessageDelivered { sequence }).await;
        time::sleep(Duration::from_millis(20)).await;
    }
    assert!(attack.end() >= 20);
    assert_eq!(gateway.counters().dropped(DropReason::MailboxFull), 0);
}

/// A client's newer connection takes over once its key is proved, and no sooner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_connection_of_a_client_ends_when_the_newer_one_is_proven() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let gateway = address_of(&network, &network.nodes[0]);
    let (queue, key) = ([b'a'; 32], link_key(&network));
    let mut older = connect_as(&network, &queue, &key).await;
    let mut newer = TestLink::dial_silently(gateway, &key, &queue).await.unwrap();
    // keep-alives continue
    for _ in 0..5 {
        assert_eq!(older.reader.receive().await.unwrap(), Command::NoOp);
    }
    newer.send(&Command::NoOp).await;
    older.assert_closed_after_no_ops().await;
    assert_eq!(newer.reader.receive().await.unwrap(), Command::NoOp);
    // a different link key is a different client, even with the same queue id
    let mut other = connect_as(&network, &queue, &link_key(&network)).await;
    assert_eq!(other.reader.receive().await.unwrap(), Command::NoOp);
    assert_eq!(newer.reader.receive().await.unwrap(), Command::NoOp);
}

/// Silent sockets, from the address that all nodes and clients share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_sockets_keep_nobody_out() {
    _ = raise_files();
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let mut silent = Vec::new();
    for node in &network.nodes {
        let target = address_of(&network, node);
        for _ in 0..600 {
            silent.push(TcpStream::connect(target).await.unwrap());
        }
    }
    let mut network = network;
    network.stop_gateway().await;
    network.start_gateway().await;
    time::timeout(Duration::from_secs(20), network.is_up()).await.unwrap();
    let client = network.client();
    for _ in 0..20 {
        assert!(client.send(b"through all this").await.is_ok());
    }
    let evicted: u64 = network.nodes.iter().map(|node| node.connections().evicted.load(Relaxed)).sum();
    assert!(evicted > 500, "{evicted}");
}
