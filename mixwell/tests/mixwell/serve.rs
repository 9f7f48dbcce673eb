//! The demonstration network, including the one that stays up for other programs.

use crate::run::{Ran, run, tool};
use core::time::Duration;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::Instant,
};

/// A `mixwell demo` network that is killed at the end of the test.
struct Demo(Child);

impl Demo {
    /// Starts a network and waits until other programs can use it.
    fn start(folder: &Path) -> Self {
        let mut command =
            tool(&["demo", "--serve", folder.to_str().unwrap(), "--epoch-seconds", "10", "--clients", "1"]);
        let demo = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while !folder.join("client.toml").exists() {
            assert!(begun.elapsed() < Duration::from_mins(3), "the network does not come up");
            sleep(Duration::from_millis(100));
        }
        demo
    }

    /// Interrupts the demo, like Ctrl-C.
    fn interrupt(&mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_mins(1) {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the demo does not stop");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn a_served_network_is_there_for_others_until_it_is_interrupted() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("net");
    let mut served = Demo::start(&folder);
    let config = folder.join("client.toml");
    let config = config.to_str().unwrap();
    let fetched = run(&["fetch", "--config", config]);
    assert_eq!(fetched.status, 0, "{}", fetched.stderr);
    // an interrupted ping prints its result so far
    let mut ping = tool(&["ping", "--config", config, "-n", "1000"]);
    let ping = ping.spawn().unwrap();
    sleep(Duration::from_secs(3));
    assert!(std::process::Command::new("kill").args(["-INT", &ping.id().to_string()]).status().unwrap().success());
    let ping = Ran::from(ping.wait_with_output().unwrap());
    assert_eq!(ping.status, 1);
    assert!(
        ping.stdout.contains(" of 1000 messages came back, 0 lost") && ping.stdout.contains("interrupted"),
        "{}",
        ping.stdout
    );
    // whatever the request, the rendezvous service answers, but with different bytes
    for (capability, status) in [("echo", 0), ("rendezvous", 1)] {
        let ran = run(&["ping", "--config", config, "-n", "10", "--capability", capability]);
        assert_eq!(ran.status, status, "{capability}: {}{}", ran.stdout, ran.stderr);
        let wanted =
            if status == 0 { "10 of 10 messages came back, 0 lost, 0 changed" } else { ", 0 lost, 10 changed" };
        assert!(ran.stdout.contains(wanted), "{capability}: {}", ran.stdout);
    }
    // a folder can hold only one network
    let ran = run(&["demo", "--serve", folder.to_str().unwrap(), "--epoch-seconds", "10"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("client.toml exists"), "{}", ran.stderr);
    // the error comes before anyone has to wait for an epoch
    let ran = run(&["demo", "--serve", "/dev/null/net"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("error: ") && !ran.stderr.contains("next epoch"), "{}", ran.stderr);
    assert_eq!(served.interrupt(), Some(0));
    assert!(!folder.exists(), "the folder is gone");
}

/// Without a terminal it prints plain lines, and an interrupt prints the summary.
#[cfg(unix)]
#[test]
fn a_demo_that_is_interrupted_says_how_it_went() {
    let mut command = tool(&["demo", "--epochs", "100", "--epoch-seconds", "6"]);
    let mut demo = Demo(command.spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut told: Vec<String> = Vec::new();
    for line in lines.by_ref() {
        assert!(!line.contains('\x1b') && line.contains(" s  next epoch in "), "{line}");
        // some messages have come back
        let is_busy = line.contains("signed by") && !line.contains("; 0 sent");
        told.push(line);
        if is_busy {
            break;
        }
    }
    assert!(told.len() > 1, "{told:?}");
    assert_eq!(demo.interrupt(), Some(0), "{told:?}");
    let mut summary = String::new();
    demo.0.stdout.take().unwrap().read_to_string(&mut summary).unwrap();
    assert!(summary.contains("Round trips") && summary.contains("messages came back unchanged"), "{summary}");
    assert!(summary.lines().all(|line| line == line.trim_end()), "{summary:?}");
    let widest = summary.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?} columns\n{summary}");
}

/// Interrupted before the network is up, the demo has no result to print.
#[cfg(unix)]
#[test]
fn a_demo_that_is_interrupted_too_early() {
    let mut demo = Demo(tool(&["demo", "--epoch-seconds", "60"]).spawn().unwrap());
    // the first line shows that the demo is running
    let mut errors = BufReader::new(demo.0.stderr.take().unwrap());
    errors.read_line(&mut String::new()).unwrap();
    sleep(Duration::from_millis(500));
    assert_eq!(demo.interrupt(), Some(1));
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    assert!(said.contains("error: ") && said.contains("before the authorities had agreed"), "{said}");
}
