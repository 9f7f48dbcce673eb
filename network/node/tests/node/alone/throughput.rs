//! Throughput of one mix on one core.

use crate::alone::{LINKS, Neighbours, Planned, all_up, geometry, plan, runtime, start};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_net::keys::{LinkKem, LinkKey};
use mixwell_node::{
    KeyRing,
    counters::{DropReason, PacketEvent},
    unwrap::{BATCH, Unwrap as _, Unwrapped},
};
use mixwell_sphinx::Geometry;
use mixwell_testnet::Plan;
use mixwell_wire::{Ad, Command, Link, PacketSizes, Timeouts, tokio::await_proof};
use rand_core::SeedableRng as _;
use std::{path::Path, sync::Arc, thread, time::Instant};
use tokio::{io::AsyncReadExt as _, sync::watch};

/// Measures packets per second through one mix on one core, where the time goes, and allocations.
#[test]
#[ignore = "a measurement"]
fn throughput() {
    let each: usize = std::env::var("PACKETS").map_or(20_000, |number| number.parse().unwrap());
    let warm = each / 10;
    let measured = (LINKS * (each - warm)) as u64;
    let geometry = geometry(2000);
    let (plan, mix, neighbours) = plan(geometry, each, |_| LINKS);
    let floor = unwrap_nanos(&plan, &mix, &neighbours);
    let (begin, told) = watch::channel(0);
    let (phase, mut phases) = watch::channel(0);
    let (stop, stopped) = watch::channel(false);
    let mut come = neighbours.received[LINKS].subscribe();
    // the mix has its own thread, named for profilers
    let (tell, told_of) = std::sync::mpsc::channel();
    let thread = thread::Builder::new().name("the mix".to_owned());
    let thread = thread.spawn(move || {
        let runtime = runtime();
        let (node, running) = runtime.block_on(async { start(&plan, mix, stopped) });
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        tell.send((node, Path::new("/proc").join(thread))).unwrap();
        // packets flow in both phases; allocations are counted in the second
        runtime.block_on(async { phases.wait_for(|phase| *phase == 1).await.map(|_| ()) }).unwrap();
        let over = phases.wait_for(|phase| *phase == 2);
        let allocated = allocation_counter::measure(|| runtime.block_on(async { over.await.map(|_| ()) }).unwrap());
        runtime.block_on(running).unwrap();
        allocated.count_total
    });
    let thread = thread.unwrap();
    let (node, thread_files) = told_of.recv().unwrap();
    // user and kernel time, in nanoseconds
    let processor = || -> [u64; 2] {
        let stat = std::fs::read_to_string(thread_files.join("stat")).unwrap();
        let ticks = stat.rsplit(')').next().unwrap().split(' ').skip(12).take(2).map(|n| n.parse::<u64>().unwrap());
        let [user, kernel] = <[u64; 2]>::try_from(ticks.collect::<Vec<_>>()).unwrap();
        let all = processor_nanos(&thread_files);
        let kernel = all * kernel / (user + kernel).max(1);
        [all - kernel, kernel]
    };
    let (took, user, kernel, batches) = runtime().block_on(async {
        let _tasks = neighbours.run(&told);
        all_up(&node).await;
        begin.send_replace(warm);
        let all = come.wait_for(|come| *come >= (LINKS * warm) as u64);
        assert!(tokio::time::timeout(Duration::from_mins(2), all).await.is_ok(), "{:?}", node.counters());
        phase.send_replace(1);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (before, batches) = (processor(), node.counters().unwraps().0);
        let started = Instant::now();
        begin.send_replace(each);
        let all = come.wait_for(|come| *come >= (LINKS * each) as u64);
        let _ = tokio::time::timeout(Duration::from_mins(2), all).await;
        let took = started.elapsed();
        let (after, more) = (processor(), node.counters().unwraps().0);
        phase.send_replace(2);
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.send_replace(true);
        (took, after[0] - before[0], after[1] - before[1], more - batches)
    });
    let allocated = thread.join().unwrap();
    let out = node.counters().of(PacketEvent::Sent) - (LINKS * warm) as u64;
    let lost: Vec<_> = DropReason::ALL.into_iter().filter(|loss| node.counters().dropped(*loss) > 0).collect();
    let each = |nanos: u64| nanos as f64 / 1000.0 / measured as f64;
    let (all, kernel) = (each(user + kernel), each(kernel));
    let [unwrap, link] = [floor, link_nanos(geometry)].map(|nanos| nanos as f64 / 1000.0);
    println!(
        "{:.0} packets a second through a mix on one core, {LINKS} links in, {} out",
        out as f64 / took.as_secs_f64(),
        LINKS + 1
    );
    println!("{out} of {measured} left it, {lost:?} dropped; {:.1} in a batch", measured as f64 / batches as f64);
    println!("processor time a packet, in µs: {all:.1}, {:.2} × its floor, which is", all / (unwrap + link));
    println!("  {unwrap:5.1} unwrap of the same packets, replay filter");
    println!("  {link:5.1} ciphers of the links, both ways");
    println!(
        "and what is left, {:.1} for queue, runtime, copies and {kernel:.1} for the kernel's sockets",
        all - unwrap - link - kernel
    );
    println!("{allocated} allocations in the mix's thread for {out} packets");
    assert!(lost.is_empty() && out == measured);
    assert!(allocated <= MAX_ALLOCATIONS, "{allocated} allocations");
}

/// The replay filter doubles, and tokio's list of deferred tasks grows to its size in each
/// `block_on`; no allocation is per packet.
const MAX_ALLOCATIONS: u64 = 20;

/// Time to unwrap the packets of this run and check them for replays, with nothing else to do, in
/// nanoseconds per packet.
fn unwrap_nanos(plan: &Plan, mix: &Planned, neighbours: &Neighbours) -> u64 {
    let ring = KeyRing::new(Arc::clone(&mix.mix_keys), 1 << 20);
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    ring.set_epoch(plan.clock.epoch(), &mut rng);
    let mut packets: Vec<Vec<u8>> = neighbours.nodes.iter().flat_map(|node| node.packets.iter().cloned()).collect();
    let before = processor_nanos(Path::new(OWN_THREAD));
    for batch in packets.chunks_mut(BATCH) {
        let mut batch = batch.iter_mut();
        let done = ring.unwrap_each(core::array::from_fn(|_| batch.next().map(|packet| &mut packet[..])));
        assert!(done.iter().flatten().all(|done| matches!(done, Ok(Unwrapped::Forward { .. }))));
    }
    (processor_nanos(Path::new(OWN_THREAD)) - before) / packets.len() as u64
}

/// A thread's CPU time, which other load on the machine does not affect.
pub(super) fn processor_nanos(thread_files: &Path) -> u64 {
    let schedstat = std::fs::read_to_string(thread_files.join("schedstat")).unwrap();
    schedstat.split(' ').next().unwrap().parse().unwrap()
}

pub(super) const OWN_THREAD: &str = "/proc/thread-self";

/// Time to decrypt a packet that arrives over a link and encrypt it for the next link.
fn link_nanos(geometry: Geometry) -> u64 {
    const TIMES: u32 = 30_000;
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
            keys[0].initiate(&mut here, own, one, buffer, &timeouts, |_| true),
            keys[1].respond(&mut there, own.0, other, other_buffer, &timeouts, |_| Some(link)),
        );
        let mut proven = await_proof(&mut there, b.unwrap(), &timeouts).await.unwrap();
        let mut no_op = vec![0; proven.receiver.pending_len().unwrap()];
        there.read_exact(&mut no_op).await.unwrap();
        proven.receiver.pending().unwrap().open(&mut no_op).unwrap();
        [a.unwrap().session, proven]
    });
    let (packet, mut frame) = (vec![7; geometry.packet_len()], vec![0; link.buffer_len()]);
    let before = processor_nanos(Path::new(OWN_THREAD));
    for _ in 0..TIMES {
        sender.sender.seal(&Command::SendPacket(&packet), &mut frame).unwrap();
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        receiver.receiver.open_length(header).unwrap().open(body).unwrap();
    }
    (processor_nanos(Path::new(OWN_THREAD)) - before) / u64::from(TIMES)
}
