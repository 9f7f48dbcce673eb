//! Processes whose clock is wrong or jumps, by means of Debian's package `faketime`, which has to
//! be installed.

use crate::{
    network::{Network, all_come_back},
    processes::{Configured, Process},
    run::{Ran, tool},
};
use core::time::Duration;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Instant,
};

/// The library to preload.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    libraries.into_iter().find(|path| path.exists()).expect("install the package faketime")
}

/// A wall clock that the test sets, while the monotonic clock runs on.
struct Clock(PathBuf);

impl Clock {
    fn new(path: PathBuf, ahead: i64) -> Self {
        let clock = Self(path);
        clock.set(ahead);
        clock
    }

    /// Sets the clock to `ahead` seconds ahead of the true time.
    fn set(&self, ahead: i64) {
        let draft = self.0.with_extension("draft");
        fs::write(&draft, format!("{ahead:+}s\n")).unwrap();
        fs::rename(draft, &self.0).unwrap();
    }

    fn give(&self, command: &mut Command) {
        command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", &self.0);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}

fn log(net: &Configured, name: &str) -> String {
    fs::read_to_string(net.path(name).join("log")).unwrap_or_default()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(2), "{what}");
        sleep(Duration::from_millis(100));
    }
}

fn keys(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut keys: Vec<_> = files.filter(|name| name.ends_with(".private.pem")).collect();
    keys.sort();
    keys
}

/// The clock is an hour ahead for three seconds: no key is lost, and the mix, the only one of its
/// layer, forwards packets as before.
#[test]
#[ignore = "needs faketime"]
fn a_clock_that_jumps_an_hour_for_three_seconds_costs_no_key() {
    let mut network = Network::start(1, 20);
    let mix = network.mix();
    network.terminate(&mix);
    let clock = Clock::new(network.configured().path("clock"), 0);
    let process = network.configured().start_but(&mix, |command| clock.give(command));
    network.insert(&mix, process);
    network.wait_until_ready();
    let folder = network.configured().path(&mix).join("mix");
    let before = keys(&folder);
    let epoch = network.metric(&mix, "mixwell_epoch");
    clock.set(3600);
    until("it believes its clock", || network.metric(&mix, "mixwell_epoch") > epoch + 100);
    sleep(Duration::from_secs(3));
    clock.set(0);
    until("it believes its clock again", || network.metric(&mix, "mixwell_epoch") < epoch + 100);
    let after = keys(&folder);
    // except a key whose time is over by now
    assert!(before.iter().skip(1).all(|key| after.contains(key)), "{before:?} {after:?}");
    network.wait_until_ready();
    // sleeping tasks check the clock once a second
    sleep(Duration::from_secs(2));
    // now, and in the epochs whose keys it had published
    for _ in 0..4 {
        all_come_back(&network, 100);
        let epoch = network.metric(&mix, "mixwell_epoch");
        until("another epoch", || network.metric(&mix, "mixwell_epoch") > epoch);
        sleep(Duration::from_secs(1));
    }
    let log = log(network.configured(), &mix);
    assert!(!log.lines().any(|line| line.contains(" WARN ") && line.contains("Conflict")), "{log}");
}

/// The number of seconds by which a text says that the clock is off, and the word after it.
fn offset(text: &str) -> Option<(u64, String)> {
    let (_, rest) = text.split_once("this machine's clock is ")?;
    let (seconds, rest) = rest.split_once(" s ")?;
    Some((seconds.parse().ok()?, rest.split(' ').next()?.to_owned()))
}

fn is_an_hour(text: &str, direction: &str) -> bool {
    offset(text).is_some_and(|(seconds, word)| seconds.abs_diff(3600) <= 2 && word == direction)
}

/// Each program whose clock is off by an hour is told by how much: a client at once, an authority,
/// a node, and a chat, which does not report that it is connected.
#[test]
#[ignore = "needs faketime"]
fn whoever_has_a_wrong_clock_is_told_by_how_much() {
    let net = Configured::new(&["--layers", "1", "--epoch-seconds", "20"]);
    let mut processes: HashMap<String, Process> =
        net.names().into_iter().map(|name| (name.clone(), net.start(&name))).collect();
    assert_eq!(net.fetch(&["--wait", "120"]).status, 0, "{}", net.logs());
    let client = net.client_toml();
    let ahead = Clock::new(net.path("ahead"), 3600);
    let behind = Clock::new(net.path("behind"), -3600);
    for command in ["fetch", "ping"] {
        for (clock, direction) in [(&ahead, "ahead"), (&behind, "behind")] {
            let mut tool = tool(&[command, "--config", &client]);
            clock.give(&mut tool);
            let ran = Ran::from(tool.output().unwrap());
            assert!(ran.status == 1 && is_an_hour(&ran.stderr, direction), "{command} {}", ran.stderr);
        }
    }

    let mut chat = tool(&["chat", net.path("alice").to_str().unwrap(), "--config", &client, "--plain"]);
    ahead.give(&mut chat);
    let file = net.path("said");
    let said = || fs::read_to_string(&file).unwrap();
    let chat = chat.stdin(Stdio::piped()).stdout(fs::File::create(&file).unwrap()).stderr(Stdio::null());
    let chat = Process::from(chat.spawn().unwrap());
    until("who chats is told", || is_an_hour(&said(), "ahead"));
    sleep(Duration::from_secs(5));
    drop(chat);
    assert!(!said().contains("* connected"), "{}", said());

    for name in ["mix1", "auth3"] {
        processes.remove(name).unwrap().stop();
        processes.insert(name.to_owned(), net.start_but(name, |command| behind.give(command)));
        until(&format!("{name} is told"), || {
            log(&net, name).lines().any(|line| line.contains("WARN") && is_an_hour(line, "behind"))
        });
    }
}
