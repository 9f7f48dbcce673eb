//! A network of processes: authorities, nodes and clients, each the real tool, and what they do when some are killed.
//!
//! Short epochs and high rates, so that a test takes seconds. Those that take more are run with
//! `cargo test -p mixwell --test mixwell network -- --ignored`.

use crate::{
    processes::{Configured, Process},
    run::{run, tool},
};
use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    net::TcpStream,
    path::Path,
    process::{Child, Output},
    thread,
    time::Instant,
};

/// 20 ms at each hop, and a client's packet every 25 ms.
const PARAMETERS: &str =
    "[Parameters]\n  Mu = 0.05\n  LambdaP = 0.04\n  LambdaL = 0.002\n  LambdaM = 0.001\n  LambdaG = 0.001\n";

/// Nodes that drop no packet for being late.
const PATIENT: &str = "[Debug]\n  UnwrapDelay = 5000\n  SchedulerSlack = 5000\n  SendSlack = 5000\n";

/// What every mix says of itself.
const IS_MIX: &str = "IsGatewayNode = false\n  IsServiceNode = false";

/// A network and its processes, which end with it.
pub(crate) struct Network {
    pub(crate) configured: Configured,
    processes: HashMap<String, Process>,
    epoch_seconds: u64,
}

impl Network {
    /// Makes and starts a network of layers of one mix each, and waits until a client can use it.
    pub(crate) fn start(layers: u8, epoch_seconds: u64) -> Self {
        Self::start_but(&["--layers", &layers.to_string()], epoch_seconds, &[])
    }

    /// The same of any form, with some nodes missing.
    fn start_but(form: &[&str], epoch_seconds: u64, missing: &[&str]) -> Self {
        Self::start_with(PARAMETERS, form, epoch_seconds, missing)
    }

    /// The same with rates of its own.
    fn start_with(parameters: &str, form: &[&str], epoch_seconds: u64, missing: &[&str]) -> Self {
        let epoch = epoch_seconds.to_string();
        let configured = Configured::new(&[form, &["--epoch-seconds", &epoch, "--payload", "500"]].concat());
        let mut network = Self { configured, processes: HashMap::new(), epoch_seconds };
        for name in network.configured.names() {
            if name.starts_with("auth") {
                network.configured.edit(&name, |text| {
                    let (before, after) = text.split_once("[Parameters]").unwrap();
                    let (_, after) = after.split_once("[[").unwrap();
                    format!("{before}{parameters}\n[[{after}")
                });
            }
            // the machine may be busy with other tests
            if !name.starts_with("auth") {
                network.configured.edit(&name, |text| text.replace("[Debug]\n", PATIENT));
            }
            if !missing.contains(&&*name) {
                network.launch(&name);
            }
        }
        network.wait_until_ready();
        network
    }

    pub(crate) fn configured(&self) -> &Configured {
        &self.configured
    }

    /// A mix.
    pub(crate) fn mix(&self) -> String {
        self.node_with(IS_MIX)
    }

    /// Takes a process that was started otherwise.
    pub(crate) fn insert(&mut self, name: &str, process: Process) {
        self.processes.insert(name.to_owned(), process);
    }

    /// The nodes that run.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let mut names: Vec<String> = self.processes.keys().filter(|name| !name.starts_with("auth")).cloned().collect();
        names.sort();
        names
    }

    /// The node whose configuration has this line.
    pub(crate) fn node_with(&self, line: &str) -> String {
        let has = |name: &String| fs::read_to_string(self.configured.config(name)).unwrap().contains(line);
        self.nodes().into_iter().find(has).unwrap()
    }

    fn launch(&mut self, name: &str) {
        self.processes.insert(name.to_owned(), self.configured.start(name));
    }

    /// kill -9.
    fn kill(&mut self, name: &str) {
        self.processes.remove(name).unwrap().kill();
    }

    /// SIGTERM, after which it has to end by itself.
    pub(crate) fn terminate(&mut self, name: &str) {
        self.processes.remove(name).unwrap().stop();
    }

    /// One of a node's metrics; 0 while it can't be reached.
    pub(crate) fn metric(&self, name: &str, metric: &str) -> u64 {
        self.configured.metrics(name).get(metric).copied().unwrap_or(0)
    }

    /// The sum of a kind of counter, over all nodes.
    pub(crate) fn sum(&self, prefix: &str) -> u64 {
        let all = self.nodes();
        let all = all.iter().flat_map(|name| self.configured.metrics(name));
        all.filter(|(name, _)| name.starts_with(prefix)).map(|(_, n)| n).sum()
    }

    /// Whether a node has a consensus that lists it, and all its links.
    fn is_up(&self, name: &str) -> bool {
        let metrics = self.configured.metrics(name);
        let get = |name: &str| metrics.get(name).copied().unwrap_or(0);
        get("mixwell_consensus") == 1 && get("mixwell_links") > 0 && get("mixwell_links_up") == get("mixwell_links")
    }

    pub(crate) fn wait_until_ready(&self) {
        let (begun, patience) = (Instant::now(), Duration::from_secs(self.epoch_seconds * 12));
        while !self.nodes().iter().all(|name| self.is_up(name)) {
            assert!(begun.elapsed() < patience, "the network does not come up: {}", self.logs());
            thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn ping(&self, count: u32) -> Child {
        tool(&["ping", "--config", &self.configured.client_toml(), "-n", &count.to_string()]).spawn().unwrap()
    }

    /// The ends of all logs, and what the nodes have counted.
    pub(crate) fn logs(&self) -> String {
        let counted = self.nodes().into_iter().map(|name| {
            let metrics = self.configured.metrics(&name);
            format!("\n{name}: {:?}", metrics.iter().filter(|(_, n)| **n > 0).collect::<Vec<_>>())
        });
        self.configured.logs() + &counted.collect::<String>()
    }
}

/// How many messages a ping got back, lost, and got changed.
pub(crate) fn counts(output: &Output) -> [u32; 3] {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.contains("messages came back"));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<u32> = line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    [numbers[0], numbers[2], numbers[3]]
}

pub(crate) fn all_come_back(network: &Network, count: u32) {
    let output = network.ping(count).wait_with_output().unwrap();
    assert_eq!(counts(&output), [count, 0, 0], "{}", network.logs());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn messages_through_processes_and_a_graceful_stop() {
    let mut network = Network::start(1, 10);
    network.terminate("mix1");
    // by default the reference's nodes send no decoys, and neither does this one
    network.configured.edit("mix1", |text| text.replace("SendDecoyTraffic = true", "SendDecoyTraffic = false"));
    network.launch("mix1");
    network.wait_until_ready();
    all_come_back(&network, 50);
    let decoys = |name: &str| network.metric(name, "mixwell_packets_total{flow=\"decoy_sent\"}");
    let begun = Instant::now();
    // at the same rate
    while decoys("gateway1") < 20 {
        assert!(begun.elapsed() < Duration::from_mins(2), "{}", network.logs());
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(decoys("mix1"), 0);
    // while it was away some of the others' decoys were lost
    let lost = network.sum("mixwell_dropped_total{reason=\"decoy_lost\"}");
    assert_eq!(network.sum("mixwell_dropped_total"), lost, "{}", network.logs());
    for name in [network.node_with(IS_MIX), network.node_with("IsGatewayNode = true")] {
        network.terminate(&name);
    }
}

/// SIGTERM to a mix, the only one of its layer, while a thousand messages go through it and it holds some.
#[test]
#[ignore = "two minutes"]
fn a_mix_that_is_told_to_stop_hands_on_what_it_holds() {
    // a fifth of a second at each hop, so that there are packets to hold
    let slow = PARAMETERS.replace("Mu = 0.05", "Mu = 0.005");
    let mut network = Network::start_with(&slow, &["--layers", "1"], 10, &[]);
    let mix = network.node_with(IS_MIX);
    let load = network.ping(1000);
    thread::sleep(Duration::from_secs(5));
    let held = network.metric(&mix, "mixwell_queue_length");
    assert!(held > 3, "{held} held");
    let begun = Instant::now();
    network.terminate(&mix);
    let took = begun.elapsed();
    // two seconds to drain, and some for the process to end
    assert!(took < Duration::from_secs(3), "{took:?}");
    let log = fs::read_to_string(network.configured.path(&mix).join("log")).unwrap();
    let account = log.lines().rfind(|line| line.contains("stopped=")).unwrap_or_else(|| panic!("{log}"));
    let of = |name: &str| -> u64 {
        let (_, rest) = account.split_once(&format!("{name}=")).unwrap();
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let [received, sent, ended, dropped, stopped] = ["received", "sent", "ended", "dropped", "stopped"].map(of);
    println!("{held} held; stopped in {took:?}; {account}");
    assert_eq!(received, sent + ended + dropped, "{account}");
    assert_eq!((dropped, stopped), (0, 0), "all that it held has left: {account}");

    network.launch(&mix);
    let [back, lost, changed] = counts(&load.wait_with_output().unwrap());
    println!("{back} of 1000 came back");
    assert_eq!((back + lost, changed), (1000, 0));
    assert!(back > 500, "{back} of 1000");
    network.wait_until_ready();
    all_come_back(&network, 50);
}

#[test]
#[ignore = "a minute"]
fn a_thousand_messages_and_none_is_lost() {
    let network = Network::start(3, 10);
    let mix = network.node_with(IS_MIX);
    let before = load(&network, &mix);
    all_come_back(&network, 1000);
    assert_eq!(network.sum("mixwell_dropped_total"), 0, "{}", network.logs());
    let (packets, nanos) = load(&network, &mix);
    let (packets, nanos) = (packets - before.0, nanos - before.1);
    let each = nanos / packets.max(1);
    println!(
        "a mix: {packets} packets, {} µs of processor time each: {} a second on one core",
        each / 1000,
        1_000_000_000 / each.max(1)
    );
}

/// How many packets a node has received, and the processor time that it has used, in nanoseconds.
#[cfg(target_os = "linux")]
fn load(network: &Network, name: &str) -> (u64, u64) {
    let packets = network.metric(name, "mixwell_packets_total{flow=\"received\"}");
    let tasks = fs::read_dir(format!("/proc/{}/task", network.processes[name].id())).unwrap();
    let nanos = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap());
    (packets, nanos.map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap()).sum())
}

#[cfg(not(target_os = "linux"))]
fn load(_: &Network, _: &str) -> (u64, u64) {
    (0, 0)
}

#[test]
#[ignore = "some minutes"]
fn whoever_is_killed_comes_back() {
    let mut network = Network::start(2, 10);
    let gateway = network.node_with("IsGatewayNode = true");
    let service = network.node_with("IsServiceNode = true");
    let mix = network.node_with(IS_MIX);
    for victim in [mix, service, gateway, "auth1".to_owned()] {
        let load = network.ping(400);
        thread::sleep(Duration::from_secs(2));
        network.kill(&victim);
        thread::sleep(Duration::from_secs(1));
        network.launch(&victim);
        let output = load.wait_with_output().unwrap();
        let [back, lost, changed] = counts(&output);
        assert_eq!((back + lost, changed), (400, 0), "{victim}");
        assert!(back > 200, "{victim}: {back} of 400");
        println!("{victim} killed and started again: {back} of 400 came back");
        network.wait_until_ready();
        all_come_back(&network, 50);
    }
}

/// The most memory that a process has used, in kilobytes.
#[cfg(target_os = "linux")]
fn peak_kilobytes(process: &Process) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.id().to_string()).join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Silence, junk and floods at a mix and a gateway, while a client goes on.
#[test]
#[cfg(target_os = "linux")]
fn floods_leave_the_others_alone() {
    let network = Network::start(1, 10);
    let gateway = network.node_with("IsGatewayNode = true");
    let mix = network.node_with(IS_MIX);
    let address = |name: &str| network.configured.setting(name, "  Addresses = [\"tcp://");
    let before: Vec<u64> = [&gateway, &mix].map(|name| peak_kilobytes(&network.processes[name])).into();
    let done = AtomicBool::new(false);
    let calls = thread::scope(|scope| {
        let attackers: Vec<_> = [address(&gateway), address(&mix)]
            .into_iter()
            .map(|address| {
                let done = &done;
                scope.spawn(move || {
                    let mut held = std::collections::VecDeque::new();
                    let mut calls = 0_u64;
                    while !done.load(Relaxed) {
                        let Ok(mut stream) = TcpStream::connect(&address) else { continue };
                        calls += 1;
                        // every other one says nothing, the others talk junk, some of it in the right protocol
                        if calls.is_multiple_of(2) {
                            let junk = vec![if calls.is_multiple_of(4) { 3 } else { 0x47 }; 1217];
                            let _ = stream.write_all(&junk);
                        }
                        held.push_back(stream);
                        if held.len() > 400 {
                            held.pop_front();
                        }
                        thread::sleep(Duration::from_millis(2));
                    }
                    calls
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(1));
        all_come_back(&network, 50);
        done.store(true, Relaxed);
        attackers.into_iter().map(|attacker| attacker.join().unwrap()).sum::<u64>()
    });
    let after: Vec<u64> = [&gateway, &mix].map(|name| peak_kilobytes(&network.processes[name])).into();
    let grown = after.iter().zip(&before).map(|(after, before)| after - before).max().unwrap();
    println!("{calls} connections of attackers; gateway and mix grew by {grown} kB at most, to {after:?} kB");
    assert!(calls > 200 && grown < 16_000, "{calls} calls, {before:?} kB before, {after:?} kB after");
    assert_eq!(network.sum("mixwell_dropped_total"), 0, "{}", network.logs());
}

#[test]
fn a_client_without_a_network() {
    let configured = Configured::new(&[]);
    let ran = run(&["ping", "--config", &configured.client_toml()]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("error: no consensus of epoch "), "{}", ran.stderr);
}

/// A mix joins while a client sends: from one epoch to the next the routes are others, and nothing is lost.
#[test]
fn an_epoch_turns_with_another_topology() {
    let mut network = Network::start_but(&["--layers", "2", "--mixes", "2"], 8, &["mix3"]);
    let epoch = |network: &Network| network.metric("gateway1", "mixwell_epoch");
    let before = epoch(&network);
    // two epochs and more, at a packet each 25 ms
    let load = network.ping(900);
    network.launch("mix3");
    let output = load.wait_with_output().unwrap();
    assert_eq!(counts(&output), [900, 0, 0], "{}", network.logs());
    assert!(epoch(&network) >= before + 2);
    let dropped = network.sum("mixwell_dropped_total");
    let through = network.metric("mix3", "mixwell_packets_total{flow=\"sent\"}");
    assert!(through > 20 && dropped == 0, "{through} through the new mix, {dropped} dropped {}", network.logs());
}

/// An authority and a mix that hang: they hold their sockets, and say nothing.
#[test]
#[ignore = "a minute or two"]
fn who_hangs_is_left_behind_and_caught_up_with() {
    let network = Network::start_but(&["--layers", "1", "--mixes", "2"], 8, &[]);
    let (authority, mix) = (&network.processes["auth1"], &network.processes["mix1"]);
    let epoch = network.metric("gateway1", "mixwell_epoch");
    authority.signal("-STOP");
    mix.signal("-STOP");
    // the others agree without both
    let wanted = (epoch + 3).to_string();
    let ran = network.configured.fetch(&["--wait", "40", "--epoch", &wanted, "--authority", "auth2"]);
    assert!(ran.stdout.contains("signed by 2"), "{} {} {}", ran.stdout, ran.stderr, network.logs());
    let begun = Instant::now();
    while network.metric("gateway1", "mixwell_epoch") < epoch + 3 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(1500));
    // no route leads to the mix that hangs
    all_come_back(&network, 40);
    authority.signal("-CONT");
    mix.signal("-CONT");
    network.wait_until_ready();
    all_come_back(&network, 40);
}

/// The disk of a mix, the only one of its layer, is full from its start and through three epochs: it carries packets on,
/// says so, and leaves nothing on the disk that would let a restart open them again.
#[test]
#[cfg(unix)]
fn a_full_disk_ends_no_node_and_lets_no_packet_in_again() {
    let mut network = Network::start(1, 8);
    let mix = network.node_with(IS_MIX);
    let epoch = |network: &Network| network.metric(&mix, "mixwell_epoch");
    network.terminate(&mix);
    let folder = network.configured.path(&mix).join("mix");
    let keys = || {
        let files = fs::read_dir(&folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".private.pem")).collect::<Vec<_>>()
    };
    assert!(keys().len() >= 4);
    let (process, log) = network.configured.start_without_disk(&mix);
    network.processes.insert(mix.clone(), process);
    network.wait_until_ready();
    let first = epoch(&network);
    while epoch(&network) < first + 3 {
        all_come_back(&network, 50);
    }
    // of all keys that it opened packets with none is left there, and it has made none there
    let left: Vec<u64> = keys()
        .iter()
        .map(|name| name.trim_start_matches("mix-").trim_end_matches(".private.pem").parse().unwrap())
        .collect();
    assert!(left.iter().all(|key| *key < first || *key > first + 3), "{left:?} {first}");
    network.terminate(&mix);
    let log = log.join().unwrap();
    for told in ["could not write a replay list; removed its mix key from the disk", "could not store a mix key"] {
        assert!(log.lines().any(|line| line.contains("ERROR") && line.contains(told)), "{told}: {log}");
    }
    // with room again it is as before, from the next epoch on
    network.launch(&mix);
    let again = epoch(&network);
    network.wait_until_ready();
    while epoch(&network) < again.max(first + 3) + 2 {
        thread::sleep(Duration::from_millis(200));
    }
    network.wait_until_ready();
    all_come_back(&network, 50);
    assert!(keys().len() >= 4);
}
