//! A mix among neighbours of all kinds.

#[cfg(target_os = "linux")]
use crate::alone::throughput::OWN_THREAD;
#[cfg(target_os = "linux")]
use crate::alone::throughput::processor_nanos;
use crate::alone::{LINKS, Planned, all_up, geometry, plan, runtime, start, start_with, up};
use core::{sync::atomic::Ordering::Relaxed, task::Waker, time::Duration};
use mixwell_net::{
    accept::HandshakeRate,
    authorities::{Authorities, Authority},
    directory::Consensuses,
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_node::{
    AnySphinx, MixKeys,
    counters::{DropReason, PacketEvent},
};
use mixwell_pki_types::{Descriptor, Ed25519, Epoch, build::DocumentBuilder};
use mixwell_testnet::{
    consensus,
    single_mix::{Neighbour, send},
};
use mixwell_wire::Link;
use std::{sync::Arc, thread, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time,
};

/// A node allocates only what it creates once, in the links, the unwrap and the queues.
#[test]
fn a_node_allocates_nothing_for_a_packet() {
    const EACH: usize = 300;
    /// tokio's list of deferred tasks is new in each `block_on`. It grows to four wakers, then to
    /// eight, and so on, up to the number of tasks. Returns the number of allocations and their
    /// total size after each step.
    fn lists(tasks: usize) -> Vec<(u64, u64)> {
        let lists = core::iter::successors(Some(4_usize), |room| Some(2 * room));
        let needed = lists.scan(0, |had, room| (core::mem::replace(had, room) < tasks).then_some(room));
        let grown = needed.scan((0, 0), |(times, bytes), room| {
            (*times, *bytes) = (*times + 1, *bytes + (room * size_of::<Waker>()) as u64);
            Some((*times, *bytes))
        });
        [(0, 0)].into_iter().chain(grown).collect()
    }
    assert_eq!(lists(9).last(), Some(&(3, (28 * size_of::<Waker>()) as u64)));
    let runtime = runtime();
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    let (node, _tasks, mut come) = runtime.block_on(async {
        let (plan, mix, neighbours) = plan(geometry(500), 3 * EACH, |_| LINKS);
        let (node, _) = start(&plan, mix, stopped);
        let tasks = neighbours.run(&told);
        all_up(&node).await;
        (node, tasks, neighbours.received[LINKS].subscribe())
    });
    let mut all_of = |each: usize| {
        begin.send_replace(each);
        let all = come.wait_for(|come| *come >= (LINKS * each) as u64);
        let all = runtime.block_on(async { time::timeout(Duration::from_secs(20), all).await.map(|_| ()) });
        assert!(all.is_ok(), "{:?}", node.counters());
    };
    // allocations are expected up to here: links come up, the runtime learns its tasks
    all_of(EACH);
    all_of(2 * EACH);
    // the allocations of checking that all packets have arrived
    let looked = allocation_counter::measure(|| all_of(2 * EACH));
    let allocated = allocation_counter::measure(|| all_of(3 * EACH));
    assert_eq!(node.counters().of(PacketEvent::Sent), (3 * LINKS * EACH) as u64);
    let lists = lists(runtime.metrics().num_alive_tasks());
    // the list may grow in either run
    let grown = [allocated.count_total, allocated.bytes_total];
    let same = lists.iter().flat_map(|now| lists.iter().map(move |before| (now, before))).any(|(now, before)| {
        let before = [grown[0] + before.0, grown[1] + before.1];
        before == [looked.count_total + now.0, looked.bytes_total + now.1]
    });
    assert!(same, "{grown:?}, of which {looked:?} without packets; {} packets", LINKS * EACH);
}

/// One neighbour sends and reads one byte at a time: packets for it are dropped and counted, and no
/// other neighbour waits for it.
#[test]
fn who_is_slow_costs_nobody_else() {
    const EACH: usize = 200;
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    runtime().block_on(async {
        // every other packet, some megabytes in all, is for the slow neighbour
        let to = |number: usize| if number.is_multiple_of(2) { LINKS } else { 0 };
        let (plan, mix, mut neighbours) = plan(geometry(30_000), EACH, to);
        neighbours.nodes[0].is_slow = true;
        let (node, _) = start(&plan, mix, stopped);
        let _tasks = neighbours.run(&told);
        all_up(&node).await;
        let started = Instant::now();
        begin.send_replace(EACH);
        let mut come = neighbours.received[LINKS].subscribe();
        let others = ((LINKS - 1) * EACH / 2) as u64;
        let all = time::timeout(Duration::from_secs(20), come.wait_for(|come| *come >= others)).await;
        assert!(all.is_ok(), "{:?}", node.counters());
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        // packets for the slow neighbour wait no longer than allowed, in no more buffers than its
        // queue has
        let held = node.sending();
        assert!(held <= node.limits().write_queue && node.buffers_in_use() <= held + 10, "{held}");
        let slow = *neighbours.received[0].borrow();
        assert!(slow < 10, "{slow}");
    });
}

/// Strangers start handshakes, each with a complete and well-formed message: some are answered, at
/// a limited rate, and the neighbours' packets keep flowing, including those of a neighbour that
/// connects during the flood.
#[test]
#[cfg(target_os = "linux")]
fn a_flood_of_handshakes_does_not_take_the_core_from_the_packets() {
    const EACH: usize = 1500;
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    let (over, is_over) = watch::channel(false);
    runtime().block_on(async {
        let (plan, mix, mut neighbours) = plan(geometry(500), EACH, |_| LINKS);
        let (to, late) = (neighbours.mix.2, core::mem::take(&mut neighbours.nodes[0].packets));
        let (node, _) = start(&plan, mix, stopped);
        let mut tasks = neighbours.run(&told);
        up(&node, LINKS - 1).await;
        let flooded = Instant::now();
        let flood = thread::spawn(move || flood(to, &is_over));
        time::sleep(Duration::from_millis(500)).await;
        let (started, busy) = (Instant::now(), processor_nanos(OWN_THREAD.as_ref()));
        // this neighbour connects once, from far away, and does not retry if it is rejected
        let Neighbour { id, key, .. } = &neighbours.nodes[0];
        let own = (*id, key.clone(), Link::node(neighbours.sizes));
        let (mix, mix_key, _) = neighbours.mix.clone();
        tasks.spawn(send((mix, mix_key, far(to).await), own, (late, false), told.clone()));
        for each in 1..=EACH / 100 {
            begin.send_replace(100 * each);
            time::sleep(Duration::from_millis(100)).await;
        }
        let mut come = neighbours.received[LINKS].subscribe();
        let all = time::timeout(Duration::from_secs(10), come.wait_for(|come| *come >= (LINKS * EACH) as u64)).await;
        assert!(all.is_ok(), "{:?}", node.counters());
        let took = started.elapsed();
        // everything but the strangers runs in this thread; other tests may use the cores meanwhile
        let busy = Duration::from_nanos(processor_nanos(OWN_THREAD.as_ref()) - busy);
        over.send_replace(true);
        let (calls, answered) = flood.join().unwrap();
        let [paced, evicted] =
            [&node.connections().paced, &node.connections().evicted].map(|count| count.load(Relaxed));
        println!(
            "{} packets in {took:?}, {busy:?} of a core; of {calls} strangers {paced} had a turn, {answered} an answer",
            LINKS * EACH
        );
        assert_eq!(node.counters().all_dropped(), 0, "{:?}", node.counters());
        assert!(busy < Duration::from_secs(4), "{busy:?}");
        assert!(
            paced <= HandshakeRate::STRANGERS.max_in(flooded.elapsed()) && answered <= paced,
            "{paced} in {:?}",
            flooded.elapsed()
        );
        // the flood exceeded the handshake limit
        assert!(calls > paced && evicted > 0 && answered > 0, "{calls} {evicted} {answered}");
    });
}

/// An address that reaches `to` with a high latency: each handshake message takes a tenth of a
/// second.
#[cfg(target_os = "linux")]
async fn far(to: core::net::SocketAddr) -> core::net::SocketAddr {
    async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut bytes, mut carried) = (vec![0; 1 << 16], 0);
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            if carried < 4000 {
                time::sleep(Duration::from_millis(100)).await;
            }
            carried += read;
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (here, there) = (listener.accept().await.unwrap().0, TcpStream::connect(to).await.unwrap());
        let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
        tokio::join!(carry(from_here, to_there), carry(from_there, to_here));
    });
    address
}

/// Connects from another address as often as possible; returns the number of connections and of
/// answers.
#[cfg(target_os = "linux")]
fn flood(to: core::net::SocketAddr, is_over: &watch::Receiver<bool>) -> (u64, u64) {
    let key = LinkKey::generate(LinkKem::default(), &mut Randomness::from_seed(9).rng()).unwrap();
    // the prologue and a public key
    let message: Arc<[u8]> = [&[3], key.public()].concat().into();
    runtime().block_on(async {
        let mut strangers = JoinSet::new();
        let mut calls = 0;
        let mut answered = 0;
        while !*is_over.borrow() {
            while strangers.len() < 600 {
                calls += 1;
                let message = Arc::clone(&message);
                strangers.spawn(async move {
                    let socket = TcpSocket::new_v4()?;
                    socket.bind(([127, 0, 0, 2], 0).into())?;
                    let mut stream = socket.connect(to).await?;
                    stream.write_all(&message).await?;
                    stream.read_exact(&mut [0; 1000]).await
                });
            }
            // the mix may be busy with the end of the test
            let ended = time::timeout(Duration::from_millis(100), strangers.join_next()).await;
            answered += u64::from(matches!(ended, Ok(Some(Ok(Ok(_))))));
        }
        (calls, answered)
    })
}

/// Strangers that hang up at once use no handshake permits, so others are not delayed.
#[test]
#[cfg(target_os = "linux")]
fn who_hangs_up_takes_no_turn() {
    let (_stop, stopped) = watch::channel(false);
    runtime().block_on(async {
        let (plan, mix, neighbours) = plan(geometry(500), 0, |_| LINKS);
        let (node, _) = start(&plan, mix, stopped);
        for _ in 0..100 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
            drop(socket.connect(neighbours.mix.2).await.unwrap());
        }
        let begun = Instant::now();
        while node.connections().refused.load(Relaxed) < 100 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", node.connections());
            time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(node.connections().paced.load(Relaxed), 0, "{:?}", node.connections());
    });
}

/// A mix that is killed and restarts with its folder.
#[test]
fn a_restart_does_not_let_packets_in_again() {
    const EACH: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let sphinx = AnySphinx::new(geometry(500)).unwrap();
    let keys =
        || Arc::new(MixKeys::in_folder(sphinx.clone(), folder.path().join("mix"), time::Instant::now()).unwrap());
    let (plan, mix, neighbours) = super::plan_with(
        geometry(500),
        EACH,
        |_| LINKS,
        |plan| {
            let keys = keys();
            keys.advance(plan.clock.epoch(), time::Instant::now(), &mut Randomness::from_seed(7).rng()).unwrap();
            Some(keys)
        },
    );
    let again = Planned {
        name: mix.name.clone(),
        kind: mix.kind,
        layer: mix.layer,
        identity: Arc::clone(&mix.identity),
        description: mix.description.clone(),
        id: mix.id,
        link_key: mix.link_key.clone(),
        mix_keys: keys(),
        listener: mix.listener.try_clone().unwrap(),
        faults: None,
    };
    let all = (LINKS * EACH) as u64;
    let mut counted = Vec::new();
    for mix in [mix, again] {
        let (begin, told) = watch::channel(0);
        let (_stop, stopped) = watch::channel(false);
        // dropped with all its tasks, like a killed process
        runtime().block_on(async {
            let (node, _) = start(&plan, mix, stopped);
            let _tasks = neighbours.run(&told);
            all_up(&node).await;
            begin.send_replace(EACH);
            let counters = node.counters();
            let started = Instant::now();
            while counters.of(PacketEvent::Sent) + counters.dropped(DropReason::Replay) < all {
                assert!(started.elapsed() < Duration::from_secs(20), "{counters:?}");
                time::sleep(Duration::from_millis(10)).await;
            }
            counted.push((counters.of(PacketEvent::Sent), counters.dropped(DropReason::Replay)));
        });
    }
    assert_eq!(counted, [(all, 0), (0, all)]);
}

/// A node that only the next epoch's consensus lists may connect, and its packets before the last
/// eighth of the epoch count as early.
#[test]
fn what_a_node_of_the_next_epoch_sends_is_early() {
    const EACH: usize = 10;
    let (begin, told) = watch::channel(0);
    let (_stop, stopped) = watch::channel(false);
    runtime().block_on(async {
        let (mut plan, mix, neighbours) = plan(geometry(500), 2 * EACH, |_| LINKS);
        let all = plan.known.current.take().unwrap();
        let now = {
            let (mut rng, mut document) = (plan.randomness.rng(), DocumentBuilder::from(&all.document().unwrap()));
            let gateways = document.gateways.as_mut().unwrap();
            gateways.retain(|gateway| Descriptor::parse(gateway).unwrap().id().0 != *neighbours.nodes[0].id.as_bytes());
            assert_eq!(gateways.len(), LINKS - 1);
            let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
            let authority = Authority::new("other".to_owned(), signer.public().to_vec(), Vec::new(), Vec::new());
            let authorities = Authorities::new(&Ed25519, LinkKem::default(), vec![authority]);
            consensus(&document, &signer, &authorities, &mut rng)
        };
        (plan.known.current, plan.known.next) = (Some(Arc::new(now)), Some(all));
        // its last eighth has not begun, and later it is over
        let at = |epoch| Arc::new(Consensuses { epoch, ..plan.known.clone() });
        let epoch = plan.clock.epoch();
        let (known, directory) = watch::channel(at(epoch.plus(1)));
        let (node, _) = start_with(&plan, mix, directory, stopped);
        let _tasks = neighbours.run(&told);
        all_up(&node).await;
        let mut come = neighbours.received[LINKS].subscribe();
        let counters = node.counters();
        let mut all_of = async |each: usize, packets: usize| {
            begin.send_replace(each);
            let all = time::timeout(Duration::from_secs(20), come.wait_for(|come| *come >= packets as u64)).await;
            assert!(all.is_ok(), "{counters:?}");
        };
        all_of(EACH, (LINKS - 1) * EACH).await;
        let begun = Instant::now();
        while counters.dropped(DropReason::Early) < EACH as u64 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{counters:?}");
            time::sleep(Duration::from_millis(10)).await;
        }
        known.send_replace(at(Epoch(epoch.0 - 2)));
        while !node.admits(neighbours.nodes[0].id) {
            assert!(begun.elapsed() < Duration::from_secs(20));
            time::sleep(Duration::from_millis(10)).await;
        }
        all_of(2 * EACH, (2 * LINKS - 1) * EACH).await;
        assert_eq!(counters.dropped(DropReason::Early), EACH as u64);
        assert_eq!(counters.all_dropped(), EACH as u64, "{counters:?}");
    });
}
