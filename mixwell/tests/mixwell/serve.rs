//! The demonstration network that stays up for others.

use crate::run::{run, tool};
use core::time::Duration;
use std::{
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::Instant,
};

/// A network of `mixwell demo --serve`, which does not outlive the test.
struct Served(Child);

impl Served {
    /// Starts one, and waits until others can use it.
    fn start(folder: &Path) -> Self {
        let mut command =
            tool(&["demo", "--serve", folder.to_str().unwrap(), "--epoch-seconds", "10", "--clients", "1"]);
        let served = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while !folder.join("client.toml").exists() {
            assert!(begun.elapsed() < Duration::from_mins(3), "the network does not come up");
            sleep(Duration::from_millis(100));
        }
        served
    }

    /// As Ctrl-C does.
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
        panic!("it does not stop");
    }
}

impl Drop for Served {
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
    let mut served = Served::start(&folder);
    let config = folder.join("client.toml");
    let config = config.to_str().unwrap();
    let fetched = run(&["fetch", "--config", config]);
    assert_eq!(fetched.status, 0, "{}", fetched.stderr);
    // whatever it is sent, the rendezvous service answers, but not with the same bytes
    for (capability, status) in [("echo", 0), ("rendezvous", 1)] {
        let ran = run(&["ping", "--config", config, "-n", "10", "--capability", capability]);
        assert_eq!(ran.status, status, "{capability}: {}{}", ran.stdout, ran.stderr);
        let wanted =
            if status == 0 { "10 of 10 messages came back, 0 lost, 0 changed" } else { ", 0 lost, 10 changed" };
        assert!(ran.stdout.contains(wanted), "{capability}: {}", ran.stdout);
    }
    // two networks in one folder would be mistaken for each other
    let ran = run(&["demo", "--serve", folder.to_str().unwrap(), "--epoch-seconds", "10"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("client.toml exists"), "{}", ran.stderr);
    assert_eq!(served.interrupt(), Some(0));
    assert!(!folder.exists(), "the folder is gone");
}
