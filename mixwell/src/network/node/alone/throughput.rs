//! How much goes through one mix on one core.

use super::{LINKS, all_up, geometry, plan, runtime, start};
use crate::network::{
    counters::{Flow, Loss},
    keys::{LinkKem, LinkKey},
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_sphinx::Geometry;
use mixwell_wire::{Ad, Command, Link, PacketSizes, Timeouts};
use rand_core::SeedableRng as _;
use std::{thread, time::Instant};
use tokio::sync::watch;

/// Packets a second through one mix on one core, and where the time goes.
#[test]
#[ignore = "a measurement"]
fn throughput() {
    let each: usize = std::env::var("PACKETS").map_or(10_000, |number| number.parse().unwrap());
    let all = (LINKS * each) as u64;
    let geometry = geometry(2000);
    let (plan, mix, neighbours) = plan(geometry, each, |_| LINKS);
    let (begin, told) = watch::channel(0);
    let (stop, stopped) = watch::channel(false);
    let mut come = neighbours.come[LINKS].subscribe();
    // the mix has a thread of its own
    let (tell, told_of) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        runtime().block_on(async {
            let (node, running) = start(&plan, mix, stopped);
            let thread = std::fs::read_link("/proc/thread-self").unwrap();
            tell.send((node, std::path::Path::new("/proc").join(thread))).unwrap();
            running.await.unwrap();
        });
    });
    let (node, thread_files) = told_of.recv().unwrap();
    // user's and kernel's share, in nanoseconds
    let processor = || -> [u64; 2] {
        let stat = std::fs::read_to_string(thread_files.join("stat")).unwrap();
        let ticks = stat.rsplit(')').next().unwrap().split(' ').skip(12).take(2).map(|n| n.parse::<u64>().unwrap());
        let [user, kernel] = <[u64; 2]>::try_from(ticks.collect::<Vec<_>>()).unwrap();
        let schedstat = std::fs::read_to_string(thread_files.join("schedstat")).unwrap();
        let all: u64 = schedstat.split(' ').next().unwrap().parse().unwrap();
        let kernel = all * kernel / (user + kernel).max(1);
        [all - kernel, kernel]
    };
    let (took, user, kernel, batches, unwrap) = runtime().block_on(async {
        let _tasks = neighbours.play(&told);
        all_up(&node).await;
        let (before, (batches, unwrap)) = (processor(), node.mix.counters().unwraps());
        let started = Instant::now();
        begin.send_replace(each);
        let _ = tokio::time::timeout(Duration::from_mins(2), come.wait_for(|come| *come >= all)).await;
        let took = started.elapsed();
        let (after, (more_batches, more_unwrap)) = (processor(), node.mix.counters().unwraps());
        stop.send_replace(true);
        (took, after[0] - before[0], after[1] - before[1], more_batches - batches, more_unwrap.saturating_sub(unwrap))
    });
    thread.join().unwrap();
    let out = node.mix.counters().flow(Flow::Sent);
    let lost: Vec<_> = Loss::ALL.into_iter().filter(|loss| node.mix.counters().dropped(*loss) > 0).collect();
    let each = |nanos: u64| nanos as f64 / 1000.0 / all as f64;
    let (unwrap, link) = (each(u64::try_from(unwrap.as_nanos()).unwrap()), link_nanos(geometry) as f64 / 1000.0);
    println!(
        "{:.0} packets a second through a mix on one core, {LINKS} links in, {} out",
        out as f64 / took.as_secs_f64(),
        LINKS + 1
    );
    println!("{} of {all} left it, {lost:?} dropped; {:.1} in a batch", out, all as f64 / batches as f64);
    println!("processor time a packet, in µs: {:.1}, of which", each(user + kernel));
    println!("  {unwrap:5.1} unwrap, replay filter");
    println!("  {link:5.1} ciphers of the links, both ways (measured alone)");
    println!("  {:5.1} the kernel: sockets", each(kernel));
    println!("  {:5.1} queue, runtime, copies", each(user) - unwrap - link);
    assert!(lost.is_empty() && out == all);
}

/// What it takes to decrypt a packet that comes over a link and to encrypt it for the next one.
fn link_nanos(geometry: Geometry) -> u64 {
    const TIMES: u32 = 10_000;
    let link = Link::node(PacketSizes::from(&geometry));
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let keys = [(); 2].map(|()| LinkKey::generate(LinkKem::default(), &mut rng).unwrap());
    let (mut here, mut there) = tokio::io::duplex(1 << 16);
    let timeouts = Timeouts::default();
    let [mut sender, mut receiver] = runtime().block_on(async {
        let mut rngs = [1, 2].map(ChaCha20Rng::seed_from_u64);
        let [one, other] = &mut rngs;
        let mut buffers = [(); 2].map(|()| vec![0; keys[0].buffer_len(&link)]);
        let [buffer, other_buffer] = &mut buffers;
        let own = (Ad::node(&[1; 32]), link);
        let (a, b) = tokio::join!(
            keys[0].initiate(&mut here, own, one, buffer, &timeouts, |_, _| true),
            keys[1].respond(&mut there, own.0, other, other_buffer, &timeouts, |_, _| Some(link)),
        );
        [a.unwrap(), b.unwrap()]
    });
    let (packet, mut frame) = (vec![7; geometry.packet_len()], vec![0; link.buffer_len()]);
    let started = Instant::now();
    for _ in 0..TIMES {
        sender.sender.seal(&Command::SendPacket(&packet), &mut frame).unwrap();
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        receiver.receiver.open_length(header).unwrap().open(body).unwrap();
    }
    u64::try_from(started.elapsed().as_nanos()).unwrap() / u64::from(TIMES)
}
