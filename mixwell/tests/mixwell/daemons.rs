//! Authorities and nodes as daemons: data folders, disks, signals, and paths that are not regular
//! files.

use crate::{
    processes::{Configured, Process},
    run::{run, tool},
};
use core::time::Duration;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Instant,
};

/// Waits until `is_so` holds; fails with `what` after two minutes.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(2), "{what}");
        sleep(Duration::from_millis(50));
    }
}

fn log(net: &Configured, name: &str) -> String {
    fs::read_to_string(net.path(name).join("log")).unwrap_or_default()
}

#[test]
fn a_second_process_in_a_data_folder_is_refused_with_the_first_ones_id() {
    let net = Configured::new(&["--authorities", "1"]);
    for name in ["auth1", "mix1"] {
        let first = net.start(name);
        until("it listens", || log(&net, name).contains("listening"));
        let command = if name == "auth1" { "authority" } else { "node" };
        let config = net.config(name);
        let ran = run(&[command, "--config", config.to_str().unwrap()]);
        let id = first.id();
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains(&format!("is in use by process {id}; stop it first")), "{}", ran.stderr);
        // its public keys can still be printed
        assert_eq!(run(&[command, "--config", config.to_str().unwrap(), "--generate-only"]).status, 0);
        // the lock ends with the process, however the process ends
        first.kill();
        let again = net.start(name);
        until("it listens again", || log(&net, name).matches("listening").count() >= 2);
        again.stop();
    }
    let (folder, config) = (net.path("alice"), net.client_toml());
    let arguments = ["chat", folder.to_str().unwrap(), "--config", &config, "--plain"];
    let mut command = tool(&arguments);
    let first = Process::from(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    until("it has its folder", || folder.join("profile").exists());
    let ran = run(&arguments);
    assert!(ran.status == 1 && ran.stderr.contains(&format!("process {}", first.id())), "{}", ran.stderr);
}

#[test]
fn a_data_folder_without_keys_makes_no_new_identity_unless_asked_to() {
    let net = Configured::new(&["--authorities", "1"]);
    for (name, command) in [("auth1", "authority"), ("mix1", "node")] {
        let config = net.config(name);
        let config = config.to_str().unwrap();
        // as if the node's disk were not mounted
        net.edit(name, |text| text.replace("DataDir = \".\"", "DataDir = \"unmounted\""));
        let ran = run(&[command, "--config", config]);
        assert!(ran.status == 1 && ran.stderr.contains("unmounted has no identity and link key"), "{}", ran.stderr);
        assert!(!net.path(name).join("unmounted").exists());
        // one of the two keys is not enough either
        fs::create_dir(net.path(name).join("unmounted")).unwrap();
        for file in ["identity.private.pem", "identity.public.pem"] {
            fs::copy(net.path(name).join(file), net.path(name).join("unmounted").join(file)).unwrap();
        }
        assert_eq!(run(&[command, "--config", config]).status, 1);
        assert!(!net.path(name).join("unmounted/link.private.pem").exists());
    }
    fs::remove_dir_all(net.path("mix1/unmounted")).unwrap();
    let mut node = tool(&["node", "--config", net.config("mix1").to_str().unwrap(), "--generate-keys"]);
    let file = fs::File::create(net.path("mix1/log")).unwrap();
    let node = Process::from(node.stdout(Stdio::null()).stderr(file).spawn().unwrap());
    until("it listens", || log(&net, "mix1").contains("listening"));
    let public = fs::read_to_string(net.path("mix1/unmounted/identity.public.pem")).unwrap();
    let log = log(&net, "mix1");
    assert!(log.contains("WARN") && log.contains("generated new keys") && log.contains(public.trim_end()), "{log}");
    node.stop();
}

#[test]
fn a_hang_up_ends_no_daemon() {
    let net = Configured::new(&["--authorities", "1", "--epoch-seconds", "8"]);
    let daemons: Vec<_> = ["auth1", "mix1"].into_iter().map(|name| (name, net.start(name))).collect();
    for (name, daemon) in daemons {
        until("it listens", || log(&net, name).contains("listening"));
        for count in 1..=2 {
            daemon.signal("-HUP");
            until("it heard", || log(&net, name).matches("SIGHUP").count() >= count);
        }
        daemon.stop();
    }
}

/// Paths that a user may name by mistake, or that an attacker may put in the place of a file.
#[test]
fn endless_and_blocking_files_are_refused() {
    let net = Configured::new(&["--authorities", "1"]);
    let fifo = net.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let client = net.client_toml();
    let packet = net.path("packet");
    fs::write(&packet, [0; 3082]).unwrap();
    let packet = packet.to_str().unwrap();
    for (path, kind) in [(Path::new("/dev/zero"), "device"), (fifo.as_path(), "FIFO"), (&net.path("mix1"), "folder")] {
        let path = path.to_str().unwrap();
        for arguments in [
            &["node", "--config", path][..],
            &["authority", "--config", path],
            &["fetch", "--config", path],
            &["ping", "--config", path],
            &["chat", net.path("bob").to_str().unwrap(), "--config", path],
            &["geometry", "--check", path],
            &["document", path],
            &["document", "--authority", path, &client],
            &["packets", "--file", path],
            &["packet", path, "--config", &client, "--key", &client],
            &["packet", packet, "--config", path, "--key", &client],
            &["packet", packet, "--config", &client, "--key", path],
        ] {
            let begun = Instant::now();
            let ran = run(arguments);
            assert_eq!(ran.status, 1, "{arguments:?}: {}", ran.stderr);
            assert!(ran.stderr.contains(&format!("it is a {kind}")), "{arguments:?}: {}", ran.stderr);
            assert!(begun.elapsed() < Duration::from_secs(20), "{arguments:?}");
        }
    }
    // a FIFO in the place of a data folder's key file does not block either
    fs::remove_file(net.path("mix1/identity.private.pem")).unwrap();
    fs::rename(&fifo, net.path("mix1/identity.private.pem")).unwrap();
    let ran = run(&["node", "--config", net.config("mix1").to_str().unwrap()]);
    assert!(ran.status == 1 && ran.stderr.contains("it is a FIFO"), "{}", ran.stderr);
}

/// A node that its authority lists under a different name.
#[test]
fn a_descriptor_that_is_forbidden_is_explained_on_both_sides() {
    let net = Configured::new(&["--authorities", "1", "--epoch-seconds", "8", "--mixes", "2"]);
    net.edit("auth1", |text| text.replace("Identifier = \"mix1\"", "Identifier = \"other\""));
    // and a node that it does not list at all
    net.edit("auth1", |text| {
        let (before, after) = text.split_once("[[Mixes]]\n  Identifier = \"mix2\"").unwrap();
        let (_, after) = after.split_once("'''\n\n").unwrap();
        format!("{before}{after}")
    });
    let _authority = net.start("auth1");
    let nodes = ["mix1", "mix2"].map(|name| net.start(name));
    until("both are told", || {
        ["mix1", "mix2"].iter().all(|name| log(&net, name).contains("descriptor refused"))
            && log(&net, "auth1").matches("refused").count() >= 2
    });
    for name in ["mix1", "mix2"] {
        let log = log(&net, name);
        let line = log.lines().find(|line| line.contains("descriptor refused")).unwrap();
        assert!(line.contains("WARN") && line.contains(&format!("[[Mixes]] with Identifier = \"{name}\"")), "{line}");
    }
    let log = log(&net, "auth1");
    assert!(log.contains("refused a descriptor of a mix named \"mix1\""), "{log}");
    assert!(log.contains("refused the descriptor of a mix that the configuration does not list"), "{log}");
    nodes.into_iter().for_each(Process::stop);
}
