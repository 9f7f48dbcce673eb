//! A network of processes: authorities, nodes and clients, each the real tool, and what they do when some are killed.
//!
//! Short epochs and high rates, so that a test takes seconds. Those that take more are run with
//! `cargo test -p mixwell --test mixwell network -- --ignored`.

use crate::run::{run, succeed, tool};
use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use std::{
    collections::HashMap,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    thread,
    time::Instant,
};

/// 20 ms at each hop, and a client's packet every 25 ms.
const PARAMETERS: &str =
    "[Parameters]\n  Mu = 0.05\n  LambdaP = 0.04\n  LambdaL = 0.002\n  LambdaM = 0.001\n  LambdaG = 0.001\n";

/// A network in a folder, and its processes, which end with it.
struct Network {
    folder: tempfile::TempDir,
    processes: HashMap<String, Child>,
}

impl Network {
    /// Makes and starts a network of layers of one mix each, and waits until a client can use it.
    fn start(layers: u8, epoch_seconds: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("net");
        let (layers, epoch, port) = (layers.to_string(), epoch_seconds.to_string(), free_ports().to_string());
        let arguments =
            ["--layers", &layers, "--mixes", "1", "--epoch-seconds", &epoch, "--port", &port, "--payload", "500"];
        let mut all = vec!["genconfig", net.to_str().unwrap()];
        all.extend(arguments);
        succeed(&all);
        let mut network = Self { folder, processes: HashMap::new() };
        for name in network.names() {
            let path = network.path(&name, "authority.toml");
            if path.exists() {
                let text = fs::read_to_string(&path).unwrap();
                let (before, after) = text.split_once("[Parameters]").unwrap();
                let (_, after) = after.split_once("[[").unwrap();
                fs::write(&path, format!("{before}{PARAMETERS}\n[[{after}")).unwrap();
            }
        }
        for name in network.names() {
            network.launch(&name);
        }
        network.wait_until_ready(Duration::from_secs(epoch_seconds * 12));
        network
    }

    fn path(&self, name: &str, file: &str) -> PathBuf {
        self.folder.path().join("net").join(name).join(file)
    }

    fn client_toml(&self) -> String {
        self.folder.path().join("net/client.toml").to_str().unwrap().to_owned()
    }

    /// The folders of authorities and nodes.
    fn names(&self) -> Vec<String> {
        let folders = fs::read_dir(self.folder.path().join("net")).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> = folders
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn nodes(&self) -> Vec<String> {
        self.names().into_iter().filter(|name| self.path(name, "katzenpost.toml").exists()).collect()
    }

    /// The node whose configuration has this line.
    fn node_with(&self, line: &str) -> String {
        let has = |name: &String| fs::read_to_string(self.path(name, "katzenpost.toml")).unwrap().contains(line);
        self.nodes().into_iter().find(has).unwrap()
    }

    fn launch(&mut self, name: &str) {
        let (command, file) = if self.path(name, "authority.toml").exists() {
            ("authority", "authority.toml")
        } else {
            ("node", "katzenpost.toml")
        };
        let log = fs::File::options().create(true).append(true).open(self.path(name, "log")).unwrap();
        let config = self.path(name, file);
        let child = tool(&[command, "--log", "debug", "--config", config.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.processes.insert(name.to_owned(), child);
    }

    /// kill -9.
    fn kill(&mut self, name: &str) {
        let mut child = self.processes.remove(name).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, after which it has to end by itself.
    fn terminate(&mut self, name: &str) -> Option<i32> {
        let mut child = self.processes.remove(name).unwrap();
        std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(15) {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{name} does not stop");
    }

    /// A node's metrics; empty while it can't be reached.
    fn metrics(&self, name: &str) -> HashMap<String, u64> {
        let text = fs::read_to_string(self.path(name, "katzenpost.toml")).unwrap();
        let address = text.split_once("MetricsAddress = \"").unwrap().1.split_once('"').unwrap().0.to_owned();
        let Ok(mut stream) = TcpStream::connect(address) else { return HashMap::new() };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = String::new();
        if stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").is_err() || stream.read_to_string(&mut answer).is_err() {
            return HashMap::new();
        }
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let lines = body.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, n)| (name.to_owned(), n.parse().unwrap())).collect()
    }

    /// The sum of a kind of counter, over all nodes.
    fn sum(&self, prefix: &str) -> u64 {
        self.nodes()
            .iter()
            .flat_map(|name| self.metrics(name))
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(_, n)| n)
            .sum()
    }

    /// Whether a node has a consensus and all its links.
    fn is_up(&self, name: &str) -> bool {
        let metrics = self.metrics(name);
        let get = |name: &str| metrics.get(name).copied().unwrap_or(0);
        get("mixwell_consensus") == 1 && get("mixwell_links") > 0 && get("mixwell_links_up") == get("mixwell_links")
    }

    fn wait_until_ready(&self, patience: Duration) {
        let begun = Instant::now();
        while !self.nodes().iter().all(|name| self.is_up(name)) {
            assert!(begun.elapsed() < patience, "the network does not come up: {}", self.logs());
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn ping(&self, count: u32) -> Child {
        tool(&["ping", "--config", &self.client_toml(), "-n", &count.to_string()]).spawn().unwrap()
    }

    /// The ends of all logs.
    fn logs(&self) -> String {
        let end = |name: &String| {
            let metrics = if self.path(name, "katzenpost.toml").exists() { self.metrics(name) } else { HashMap::new() };
            let log = fs::read_to_string(self.path(name, "log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(12).collect();
            format!(
                "\n== {name} {:?}\n{}",
                metrics.iter().filter(|(_, n)| **n > 0).collect::<Vec<_>>(),
                lines.into_iter().rev().collect::<Vec<_>>().join("\n")
            )
        };
        self.names().iter().map(end).collect()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.processes.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The first of a hundred ports that nobody listens on, most likely.
fn free_ports() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !127;
        if port > 1024
            && port < 65_000
            && (port..port + 100).step_by(7).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        {
            return port;
        }
    }
}

/// How many messages a ping got back, lost, and got changed.
fn counts(output: &Output) -> [u32; 3] {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.contains("messages came back"));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<u32> = line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    [numbers[0], numbers[2], numbers[3]]
}

fn all_come_back(network: &Network, count: u32) {
    let output = network.ping(count).wait_with_output().unwrap();
    assert_eq!(counts(&output), [count, 0, 0], "{}", network.logs());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn messages_through_processes_and_a_graceful_stop() {
    let mut network = Network::start(1, 10);
    all_come_back(&network, 50);
    assert_eq!(network.sum("mixwell_dropped_total"), 0, "{}", network.logs());
    let mix = network.node_with("IsGatewayNode = false\n  IsServiceNode = false");
    assert_eq!(network.terminate(&mix), Some(0));
}

#[test]
#[ignore = "a minute"]
fn a_thousand_messages_and_none_is_lost() {
    let network = Network::start(3, 10);
    let mix = network.node_with("IsGatewayNode = false\n  IsServiceNode = false");
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
    let packets = network.metrics(name)["mixwell_packets_total{flow=\"received\"}"];
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
    let mix = network.node_with("IsGatewayNode = false\n  IsServiceNode = false");
    let authority = network.names().into_iter().find(|name| network.path(name, "authority.toml").exists()).unwrap();
    for victim in [mix, service, gateway, authority] {
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
        network.wait_until_ready(Duration::from_secs(40));
        all_come_back(&network, 50);
    }
}

/// The most memory that a process has used, in kilobytes.
#[cfg(target_os = "linux")]
fn peak_kilobytes(child: &Child) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(child.id().to_string()).join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Silence, junk and floods at a mix and a gateway, while a client goes on.
#[test]
#[cfg(target_os = "linux")]
fn floods_leave_the_others_alone() {
    let network = Network::start(1, 10);
    let gateway = network.node_with("IsGatewayNode = true");
    let mix = network.node_with("IsGatewayNode = false\n  IsServiceNode = false");
    let address = |name: &str| {
        let text = fs::read_to_string(network.path(name, "katzenpost.toml")).unwrap();
        let line = text.lines().find(|line| line.contains("  Addresses = [\"tcp://127")).unwrap().to_owned();
        line.split_once("tcp://").unwrap().1.split_once('"').unwrap().0.to_owned()
    };
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
    let network_folder = tempfile::tempdir().unwrap();
    let net = network_folder.path().join("net");
    succeed(&["genconfig", net.to_str().unwrap(), "--port", &free_ports().to_string()]);
    let client = net.join("client.toml");
    let ran = run(&["ping", "--config", client.to_str().unwrap()]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("error: no consensus: "), "{}", ran.stderr);
}
