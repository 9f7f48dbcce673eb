//! Attackers that open many connections.

use crate::{
    network::{IS_MIX, Network, all_come_back},
    processes::Process,
};
use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use std::{fs, io::Write as _, net::TcpStream, path::Path, thread};

/// Peak memory of a process in kilobytes.
fn peak_kilobytes(process: &Process) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.id().to_string()).join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Silent connections and junk at a mix and a gateway while a client sends.
#[test]
fn floods_lose_no_packet_of_others() {
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
                        // half of the connections are silent, the others send junk, some of it with
                        // the right protocol byte
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
    // the kernel sums its per-processor page counts only now and then, so a reported peak can be
    // lower than an earlier one
    let grown = after.iter().zip(&before).map(|(after, before)| after.saturating_sub(*before)).max().unwrap();
    println!("{calls} connections of attackers; gateway and mix grew by {grown} kB at most, to {after:?} kB");
    assert!(calls > 200 && grown < 16_000, "{calls} calls, {before:?} kB before, {after:?} kB after");
    assert_eq!(network.sum("mixwell_dropped_total"), 0, "{}", network.logs());
}
