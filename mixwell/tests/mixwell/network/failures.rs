//! Processes that stop, crash, hang, or have a full disk.

use crate::network::{IS_MIX, Network, PARAMETERS, all_come_back, counts};
use core::time::Duration;
use std::{fs, thread, time::Instant};

/// SIGTERM to a mix, the only one of its layer, while a thousand messages pass through it and it
/// holds some of them.
#[test]
#[ignore = "two minutes"]
fn a_mix_that_stops_forwards_the_packets_that_it_holds() {
    // a mean of 200 ms at each hop, so that the mix holds packets
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
    // two seconds to drain, plus some time for the process to exit
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
    assert_eq!((dropped, stopped), (0, 0), "the mix sent every packet that it held: {account}");

    network.launch(&mix);
    let [back, lost, changed] = counts(&load.wait_with_output().unwrap());
    println!("{back} of 1000 came back");
    assert_eq!((back + lost, changed), (1000, 0));
    assert!(back > 500, "{back} of 1000");
    network.wait_until_ready();
    all_come_back(&network, 50);
}

#[test]
#[ignore = "some minutes"]
fn a_killed_process_recovers() {
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

/// An authority and a mix hang: they keep their sockets open and send nothing.
#[test]
#[ignore = "a minute or two"]
fn hanging_processes_are_left_out_and_catch_up() {
    let network = Network::start_but(&["--layers", "1", "--mixes", "2"], 8, &[]);
    let (authority, mix) = (&network.processes["auth1"], &network.processes["mix1"]);
    let epoch = network.metric("gateway1", "mixwell_epoch");
    authority.signal("-STOP");
    mix.signal("-STOP");
    // the other authorities agree without the hanging one
    let wanted = (epoch + 3).to_string();
    let ran = network.configured.fetch(&["--wait", "40", "--epoch", &wanted, "--authority", "auth2"]);
    assert!(ran.stdout.contains("signed by 2"), "{} {} {}", ran.stdout, ran.stderr, network.logs());
    let begun = Instant::now();
    while network.metric("gateway1", "mixwell_epoch") < epoch + 3 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(1500));
    // no route uses the mix that hangs
    all_come_back(&network, 40);
    authority.signal("-CONT");
    mix.signal("-CONT");
    network.wait_until_ready();
    all_come_back(&network, 40);
}

/// The disk of a mix, the only one of its layer, is full from its start and through three epochs:
/// it forwards packets, logs errors, and leaves nothing on the disk that would let a restart accept
/// replays.
#[test]
#[cfg(unix)]
fn a_full_disk_stops_no_mix_and_allows_no_replay() {
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
    // none of the keys with which it opened packets is left on the disk, and it has created none
    // there
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
    // its keys of this epoch and the next one were only in memory; from the epoch after them on,
    // everything is as before
    network.launch(&mix);
    network.wait_until_ready();
    let restarted = epoch(&network);
    while epoch(&network) < restarted + 2 {
        thread::sleep(Duration::from_millis(200));
    }
    network.wait_until_ready();
    all_come_back(&network, 50);
    assert!(keys().len() >= 4);
}
