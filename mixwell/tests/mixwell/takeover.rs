//! Hostile initiators at every kind of link of a network of processes: claims in the name of each
//! peer of the link, without its private key, and silent sockets, all from the one address that the
//! whole network shares.

use crate::{
    network::{Network, counts},
    processes::Configured,
};
use core::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_pki_types::KeyHash;
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, PublicKey},
    pem,
};
use mixwell_testnet::Impostor;
use mixwell_wire::{
    Ad, Command, Link, LinkKey, Messages, PacketSizes, Timeouts,
    blocking::{Reader, Writer, initiate},
    initiator::Initiator,
};
use rand_core::SeedableRng as _;
use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    net::TcpStream,
    thread,
    time::Instant,
};

/// A node's or authority's public data, from the network's configuration and consensus.
struct Public {
    id: [u8; 32],
    link_key: PublicKey<XWing>,
    address: SocketAddr,
}

impl Public {
    fn of(configured: &Configured, name: &str) -> Self {
        let file = |file: &str| fs::read_to_string(configured.path(name).join(file)).unwrap();
        let identity = file("identity.public.pem");
        let lines: String = identity.lines().filter(|line| !line.starts_with("-----")).collect();
        let address = configured.setting(name, "Addresses = [\"tcp://").parse().unwrap();
        Self {
            id: KeyHash::of(&base64(&lines)).0,
            link_key: pem::decode(file("link.public.pem").as_bytes()).unwrap(),
            address,
        }
    }
}

/// The network's packet lengths, from the client configuration.
fn sizes(configured: &Configured) -> PacketSizes {
    let text = fs::read_to_string(configured.client_toml()).unwrap();
    let length = |name: &str| {
        let (_, after) = text.split_once(&format!("{name} = ")).unwrap();
        after.lines().next().unwrap().trim().parse().unwrap()
    };
    PacketSizes {
        packet: length(" PacketLength"),
        forward_payload: length(" ForwardPayloadLength"),
        user_forward_payload: length("UserForwardPayloadLength"),
    }
}

fn base64(text: &str) -> Vec<u8> {
    use base64ct::Encoding as _;
    base64ct::Base64::decode_vec(text).unwrap()
}

/// The shared state of the attack's threads.
#[derive(Default)]
struct Attack {
    is_over: AtomicBool,
    claims: AtomicU64,
    silent: AtomicU64,
}

impl Attack {
    /// Makes claims at a target in the name of each of these peers in turn, and keeps the last ones
    /// open.
    fn claim(&self, target: SocketAddr, claimed: &[&Public]) {
        let impostors: Vec<_> =
            claimed.iter().map(|public| Impostor::of(&public.id, public.link_key.as_bytes())).collect();
        let mut held = VecDeque::new();
        for impostor in impostors.iter().cycle() {
            if self.is_over.load(Relaxed) {
                return;
            }
            if let Ok(stream) = impostor.claim(target) {
                self.claims.fetch_add(1, Relaxed);
                held.push_back(stream);
            }
            if held.len() > 50 {
                held.pop_front();
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Keeps `number` silent sockets open and reopens those that are closed.
    fn be_silent(&self, target: SocketAddr, number: usize) {
        let mut held = VecDeque::new();
        while !self.is_over.load(Relaxed) {
            match TcpStream::connect_timeout(&target, Duration::from_secs(1)) {
                Ok(stream) => {
                    self.silent.fetch_add(1, Relaxed);
                    held.push_back(stream);
                }
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
            if held.len() > number {
                held.pop_front();
                thread::sleep(Duration::from_millis(2));
            }
        }
    }

    /// Claims to be this client at its gateway.
    fn claim_client(&self, gateway: SocketAddr, queue: &[u8], link_key: &[u8]) {
        let impostor = Impostor::of(queue, link_key);
        while !self.is_over.load(Relaxed) {
            self.claims.fetch_add(u64::from(impostor.claim(gateway).is_ok()), Relaxed);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A client that stays connected throughout; returns the number of keep-alives and replies that
    /// it received.
    fn be_client(&self, gateway: &Public, sizes: PacketSizes, queue: &[u8; 32], key: &LinkKey<XWing>) -> u32 {
        let timeouts = Timeouts { read: Duration::from_secs(15), ..Timeouts::default() };
        let link = Link::client(sizes);
        let mut rng = chacha20::ChaCha20Rng::seed_from_u64(5);
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        let buffer = || vec![0; link.buffer_len().max(Messages::<XWing>::MAX_LEN)];
        let initiator = Initiator::new(key, Ad::client(queue), link);
        let session = initiate(&mut stream, initiator, &mut rng, &mut buffer(), &timeouts, |peer| {
            peer.is(Ad::node(&gateway.id), &gateway.link_key)
        });
        let session = session.unwrap();
        let mut writer = Writer::new(stream.try_clone().unwrap(), session.sender, buffer(), &timeouts);
        let mut reader = Reader::new(stream, session.receiver, buffer(), &timeouts);
        let mut received = 0;
        while !self.is_over.load(Relaxed) {
            writer.send(&Command::GetConsensus2 { epoch: 1 }).unwrap();
            let answer = reader.receive().expect("the gateway keeps the connection");
            assert!(matches!(answer, Command::Consensus2 { .. } | Command::NoOp), "{answer:?}");
            received += 1;
            thread::sleep(Duration::from_millis(500));
        }
        received
    }
}

/// Ends the attack when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Raises the limit of open files: this test opens more than a thousand sockets.
fn raise_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Packets that nodes dropped for reasons that a busy machine explains.
fn dropped_by_load(network: &Network) -> u64 {
    ["unwrap_wait", "expired", "late", "write_wait", "decoy_lost"]
        .map(|reason| network.sum(&format!("mixwell_dropped_total{{reason=\"{reason}\"}}")))
        .into_iter()
        .sum()
}

/// For a minute, attacks gateways, mixes, the service node and authorities in the name of every
/// other one of them and of a client: nothing is lost, links stay up, and each epoch has a
/// consensus of all authorities.
#[test]
#[ignore = "two minutes"]
fn claims_and_silence_cut_no_link_and_stop_no_round() {
    const MINUTE: Duration = Duration::from_mins(1);
    raise_files();
    let network = Network::start(2, 10);
    let configured = &network.configured;
    let all: BTreeMap<String, Public> =
        configured.names().into_iter().map(|name| (name.clone(), Public::of(configured, &name))).collect();
    let (authorities, nodes): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| name.starts_with("auth"));
    assert_eq!((authorities.len(), nodes.len()), (3, 4));
    let gateway = &all[&network.node_with("IsGatewayNode = true")];
    let (queue, sizes) = (b"0123456789abcdef0123456789abcdef", sizes(configured));
    let key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut chacha20::ChaCha20Rng::seed_from_u64(4))).unwrap();
    let dropped_before = network.sum("mixwell_dropped_total");

    let attack = Attack::default();
    let (samples, received) = thread::scope(|scope| {
        let attack = &attack;
        for (name, target) in &all {
            let others: Vec<&Public> = all.iter().filter(|(other, _)| *other != name).map(|(_, other)| other).collect();
            scope.spawn(move || attack.claim(target.address, &others));
            let silent = if name.starts_with("auth") { 1500 } else { 600 };
            scope.spawn(move || attack.be_silent(target.address, silent));
        }
        let (key, client_key) = (&key, key.public().as_bytes());
        scope.spawn(move || attack.claim_client(gateway.address, queue, client_key));
        let client = scope.spawn(move || attack.be_client(gateway, sizes, queue, key));
        // a failing assertion must end the attack too, because the scope waits for its threads
        let end = End(&attack.is_over);
        let begun = Instant::now();
        let mut samples = 0;
        let mut pings = Vec::new();
        while begun.elapsed() < MINUTE {
            pings.push(network.ping(100));
            let authority = ["auth1", "auth2", "auth3"][pings.len() % 3];
            let ran = configured.fetch(&["--wait", "10", "--authority", authority]);
            assert!(ran.stdout.contains("signed by 3"), "{}{}{}", ran.stdout, ran.stderr, network.logs());
            let until = Instant::now() + Duration::from_secs(6);
            while Instant::now() < until {
                for name in network.nodes() {
                    let metrics = configured.metrics(&name);
                    // the node may be too busy to answer
                    if metrics.is_empty() {
                        continue;
                    }
                    assert_eq!(metrics["mixwell_links_up"], metrics["mixwell_links"], "{name}: {}", network.logs());
                    samples += 1;
                }
                thread::sleep(Duration::from_millis(100));
            }
        }
        let messages = u32::try_from(pings.len()).unwrap() * 100;
        let counted = pings.into_iter().map(|ping| counts(&ping.wait_with_output().unwrap()));
        let [back, lost, changed] = counted.reduce(|a, b| core::array::from_fn(|i| a[i] + b[i])).unwrap();
        println!("of {messages} messages {back} came back, {lost} were lost");
        assert!(u64::from(lost) <= dropped_by_load(&network) && changed == 0, "{lost} lost: {}", network.logs());
        drop(end);
        (samples, client.join().unwrap())
    });
    let [claims, silent] = [&attack.claims, &attack.silent].map(|count| count.load(Relaxed));
    println!(
        "{claims} claims, {silent} silent sockets; {samples} times all links were up; the client heard {received} times"
    );
    assert!(
        claims > 2000 && silent > 10_000 && samples > 500 && received > 60,
        "{claims} {silent} {samples} {received}"
    );
    // replies to the cover traffic of finished pings stay in mailboxes for a while
    let late = network.sum("mixwell_dropped_total{reason=\"mailbox_expired\"}");
    let dropped = network.sum("mixwell_dropped_total") - dropped_before;
    assert!(dropped <= late + dropped_by_load(&network), "{dropped} dropped: {}", network.logs());
}
