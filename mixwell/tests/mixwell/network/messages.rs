//! Messages through a working network.

use crate::{
    network::{IS_MIX, Network, all_come_back, counts},
    processes::Configured,
    run::run,
};
use core::time::Duration;
use std::{fs, thread, time::Instant};

#[test]
fn messages_through_processes_and_a_graceful_stop() {
    let mut network = Network::start(1, 10);
    network.terminate("mix1");
    // by default the reference's nodes send no decoys, and this node is configured the same
    network.configured.edit("mix1", |text| text.replace("SendDecoyTraffic = true", "SendDecoyTraffic = false"));
    network.launch("mix1");
    network.wait_until_ready();
    all_come_back(&network, 50);
    let decoys = |name: &str| network.metric(name, "mixwell_packets_total{event=\"decoy_sent\"}");
    let begun = Instant::now();
    // both would send decoys at the same rate
    while decoys("gateway1") < 20 {
        assert!(begun.elapsed() < Duration::from_mins(2), "{}", network.logs());
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(decoys("mix1"), 0);
    // while the mix was down, some of the other nodes' decoys were lost
    let lost = network.sum("mixwell_dropped_total{reason=\"decoy_lost\"}");
    assert_eq!(network.sum("mixwell_dropped_total"), lost, "{}", network.logs());
    for name in [network.node_with(IS_MIX), network.node_with("IsGatewayNode = true")] {
        network.terminate(&name);
    }
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

/// The number of packets that a node has received, and the CPU time that it has used, in
/// nanoseconds.
#[cfg(target_os = "linux")]
fn load(network: &Network, name: &str) -> (u64, u64) {
    let packets = network.metric(name, "mixwell_packets_total{event=\"received\"}");
    let tasks = fs::read_dir(format!("/proc/{}/task", network.processes[name].id())).unwrap();
    let nanos = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap());
    (packets, nanos.map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap()).sum())
}

#[cfg(not(target_os = "linux"))]
fn load(_: &Network, _: &str) -> (u64, u64) {
    (0, 0)
}

/// A mix joins while a client sends: the next epoch's routes use it, and no message is lost.
#[test]
fn no_message_is_lost_when_a_mix_joins() {
    let mut network = Network::start_but(&["--layers", "2", "--mixes", "2"], 8, &["mix3"]);
    let epoch = |network: &Network| network.metric("gateway1", "mixwell_epoch");
    let before = epoch(&network);
    // more than two epochs, at one packet per 25 ms
    let load = network.ping(900);
    network.launch("mix3");
    let output = load.wait_with_output().unwrap();
    assert_eq!(counts(&output), [900, 0, 0], "{}", network.logs());
    assert!(epoch(&network) >= before + 2);
    let dropped = network.sum("mixwell_dropped_total");
    let through = network.metric("mix3", "mixwell_packets_total{event=\"sent\"}");
    assert!(through > 20 && dropped == 0, "{through} through the new mix, {dropped} dropped {}", network.logs());
}

#[test]
fn a_client_without_a_network_reports_the_epoch() {
    let configured = Configured::new(&[]);
    let ran = run(&["ping", "--config", &configured.client_toml()]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("error: no consensus of epoch "), "{}", ran.stderr);
}
