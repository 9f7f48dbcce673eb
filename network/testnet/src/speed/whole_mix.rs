//! A mix over loopback.

use crate::{
    single_mix::{Neighbours, SingleMix},
    speed::{Settings, SpeedError, Step, WholeMix},
};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_mixdelay::Limits;
use mixwell_node::{Node, ResourceLimits, counters::DropReason};
use mixwell_sphinx::Scheme;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    time,
};

/// Processor time of a packet in the mix, user and kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessorTime {
    /// All of it, in nanoseconds.
    pub nanos: f64,
    /// The kernel's part, which is mostly that of sockets, in nanoseconds.
    pub kernel_nanos: f64,
}

/// Maximum memory for packets that wait to be sent.
const MAX_BYTES: usize = 256 << 20;

/// Least number of links: a mix has several neighbours.
const MIN_LINKS: usize = 4;

/// Time for links to come up, and for packets beyond the time that they should take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends up to `expected` packets through a mix, after a tenth as many to warm up.
pub(super) fn measure<S: Scheme>(
    settings: &Settings,
    expected: f64,
    progress: &mut dyn FnMut(Step),
) -> Result<WholeMix, SpeedError> {
    let Settings { geometry, threads, .. } = *settings;
    let links = threads.max(MIN_LINKS);
    let total = expected.min((MAX_BYTES / geometry.packet_len()) as f64).max(1000.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and limited above")]
    let each = (total / links as f64).ceil() as usize;
    let warm_up = each.div_ceil(10);

    progress(Step::Wrapping);
    let to_all = |number| number % (links + 1);
    let SingleMix { plan, mix, neighbours } = SingleMix::<S>::new(geometry, links, each + warm_up, to_all, |_| None);
    let all = links * (each + warm_up);

    progress(Step::WholeMix);
    let (workers, of_mix) = Workers::start(threads)?;
    let (_, of_neighbours) = Workers::start(threads)?;
    let (stop, stopped) = watch::channel(false);
    let (_consensuses, directory) = watch::channel(Arc::new(plan.known.clone()));
    let usual = ResourceLimits::for_period(plan.clock.period().duration());
    // packets that are too fast for the neighbours wait, rather than be dropped
    let delays = Limits { unwrap_millis: 60_000, slack_millis: 60_000, ..usual.delays };
    let limits = ResourceLimits {
        buffers: all,
        queue: all,
        write_queue: all,
        replays: 2 * all,
        write_wait: PATIENCE,
        delays,
        ..usual
    };
    let (node, running) = {
        let _inside = of_mix.enter();
        let (config, listener) = mix.parts(plan.clock, directory, limits, plan.randomness.branch());
        let (node, background) = Node::new(config);
        of_mix.spawn(background);
        let running = of_mix.spawn(Arc::clone(&node).run(vec![listener], stopped));
        (node, running)
    };
    let measured = of_neighbours.block_on(run(&node, &neighbours, &workers, (warm_up, each)));
    stop.send_replace(true);
    // it ends within seconds, whatever happened
    let _ = of_mix.block_on(async { time::timeout(PATIENCE, running).await });
    of_mix.shutdown_background();
    measured
}

/// Sends the packets and waits until they have come back.
async fn run(
    node: &Node,
    neighbours: &Neighbours,
    workers: &Workers,
    (warm_up, each): (usize, usize),
) -> Result<WholeMix, SpeedError> {
    let links = neighbours.nodes.len() - 1;
    let (allow, allowed) = watch::channel(0);
    let received = || neighbours.received.iter().map(|received| *received.borrow()).sum::<u64>();
    let _tasks = neighbours.run(&allowed);
    let is_up = async {
        while node.links().0 <= links || node.connections().open.load(Relaxed) < links as u64 {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, is_up).await.map_err(|_| SpeedError::NoLinks)?;
    let pass = async |packets: usize| {
        allow.send_replace(packets);
        let sent = (links * packets) as u64;
        let all = async {
            while received() < sent {
                time::sleep(Duration::from_millis(1)).await;
            }
        };
        time::timeout(PATIENCE, all).await.map_err(|_| {
            let reason = DropReason::ALL.into_iter().find(|reason| node.counters().dropped(*reason) > 0);
            SpeedError::Lost { sent, received: received(), reason }
        })
    };
    pass(warm_up).await?;
    let (batches, processor, begun) = (node.counters().unwraps().0, workers.processor_nanos(), Instant::now());
    pass(warm_up + each).await?;
    let took = begun.elapsed();
    let (packets, batches) = ((links * each) as u64, node.counters().unwraps().0 - batches);
    let processor = workers.processor_nanos().zip(processor).map(|([user, kernel], before)| {
        let [user, kernel] = [user - before[0], kernel - before[1]].map(|nanos| nanos / packets as f64);
        ProcessorTime { nanos: user + kernel, kernel_nanos: kernel }
    });
    Ok(WholeMix { packets, links, took, in_a_batch: packets as f64 / batches.max(1) as f64, processor })
}

/// The worker threads of a runtime, as folders of `/proc`.
struct Workers {
    threads: usize,
    folders: Arc<Mutex<Vec<PathBuf>>>,
}

impl Workers {
    fn start(threads: usize) -> Result<(Self, Runtime), SpeedError> {
        let workers = Self { threads, folders: Arc::default() };
        let folders = Arc::clone(&workers.folders);
        let note = move || {
            if let Ok(thread) = fs::read_link("/proc/thread-self") {
                folders.lock().unwrap().push(Path::new("/proc").join(thread));
            }
        };
        let runtime = Builder::new_multi_thread().worker_threads(threads).on_thread_start(note).enable_all().build()?;
        Ok((workers, runtime))
    }

    /// User and kernel time so far; `None` where there is no `/proc`.
    fn processor_nanos(&self) -> Option<[f64; 2]> {
        let folders = self.folders.lock().unwrap();
        // threads for blocking operations start later, and may end
        let folders = folders.get(..self.threads)?;
        folders.iter().try_fold([0.0; 2], |[all_user, all_kernel], folder| {
            // the total is exact; user and kernel time are counted in ticks, and give its shares
            let total: f64 = fs::read_to_string(folder.join("schedstat")).ok()?.split(' ').next()?.parse().ok()?;
            let stat = fs::read_to_string(folder.join("stat")).ok()?;
            let mut ticks = stat.rsplit(')').next()?.split(' ').skip(12).map(str::parse::<f64>);
            let (user, kernel) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
            let kernel = total * kernel / (user + kernel).max(1.0);
            Some([all_user + total - kernel, all_kernel + kernel])
        })
    }
}
