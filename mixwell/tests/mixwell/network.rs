//! A network of processes: authorities, nodes and clients, each the real tool.
//!
//! Epochs are short and rates high, so that a test takes seconds. Run the longer tests with
//! `cargo test -p mixwell --test mixwell network -- --ignored`.

mod failures;
#[cfg(target_os = "linux")]
mod floods;
mod messages;
mod node_check;

use crate::{
    processes::{Configured, Process},
    run::tool,
};
use core::time::Duration;
use std::{
    collections::HashMap,
    fs,
    process::{Child, Output},
    thread,
    time::Instant,
};

/// A mean delay of 20 ms at each hop, and one client packet every 25 ms.
const PARAMETERS: &str =
    "[Parameters]\n  Mu = 0.05\n  LambdaP = 0.04\n  LambdaL = 0.002\n  LambdaM = 0.001\n  LambdaG = 0.001\n";

/// Limits under which nodes drop no packet for being late.
const PATIENT: &str = "[Debug]\n  UnwrapDelay = 5000\n  SchedulerSlack = 5000\n  SendSlack = 5000\n";

/// The lines that only a mix's configuration has.
const IS_MIX: &str = "IsGatewayNode = false\n  IsServiceNode = false";

/// A network and its processes, which are killed when this is dropped.
pub(crate) struct Network {
    pub(crate) configured: Configured,
    processes: HashMap<String, Process>,
    epoch_seconds: u64,
}

impl Network {
    /// Creates and starts a network with one mix in each layer, and waits until a client can use
    /// it.
    pub(crate) fn start(layers: u8, epoch_seconds: u64) -> Self {
        Self::start_but(&["--layers", &layers.to_string()], epoch_seconds, &[])
    }

    /// Like [`start`](Self::start), with any form, and without some of the nodes.
    fn start_but(form: &[&str], epoch_seconds: u64, missing: &[&str]) -> Self {
        Self::start_with(PARAMETERS, form, epoch_seconds, missing)
    }

    /// Like [`start_but`](Self::start_but), with these rates.
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
            // generous limits, because the machine may be busy with other tests
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

    /// The name of a mix.
    pub(crate) fn mix(&self) -> String {
        self.node_with(IS_MIX)
    }

    /// Adds a process that was started separately.
    pub(crate) fn insert(&mut self, name: &str, process: Process) {
        self.processes.insert(name.to_owned(), process);
    }

    /// The running nodes.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let mut names: Vec<String> = self.processes.keys().filter(|name| !name.starts_with("auth")).cloned().collect();
        names.sort();
        names
    }

    /// The node whose configuration contains this line.
    pub(crate) fn node_with(&self, line: &str) -> String {
        let has = |name: &String| fs::read_to_string(self.configured.config(name)).unwrap().contains(line);
        self.nodes().into_iter().find(has).unwrap()
    }

    fn launch(&mut self, name: &str) {
        self.processes.insert(name.to_owned(), self.configured.start(name));
    }

    /// Kills a process with SIGKILL.
    fn kill(&mut self, name: &str) {
        self.processes.remove(name).unwrap().kill();
    }

    /// Stops a process with SIGTERM; the process has to exit by itself.
    pub(crate) fn terminate(&mut self, name: &str) {
        self.processes.remove(name).unwrap().stop();
    }

    /// One of a node's metrics; 0 while the node cannot be reached.
    pub(crate) fn metric(&self, name: &str, metric: &str) -> u64 {
        self.configured.metrics(name).get(metric).copied().unwrap_or(0)
    }

    /// The sum of all counters with this prefix, over all nodes.
    pub(crate) fn sum(&self, prefix: &str) -> u64 {
        let all = self.nodes();
        let all = all.iter().flat_map(|name| self.configured.metrics(name));
        all.filter(|(name, _)| name.starts_with(prefix)).map(|(_, n)| n).sum()
    }

    /// Whether a node has a consensus that lists it and all its links are up.
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

    /// The last lines of all logs, and the nodes' non-zero metrics.
    pub(crate) fn logs(&self) -> String {
        let counted = self.nodes().into_iter().map(|name| {
            let metrics = self.configured.metrics(&name);
            format!("\n{name}: {:?}", metrics.iter().filter(|(_, n)| **n > 0).collect::<Vec<_>>())
        });
        self.configured.logs() + &counted.collect::<String>()
    }
}

/// The numbers of a ping's messages that came back, were lost and were changed.
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
