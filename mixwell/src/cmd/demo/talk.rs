//! What the clients say: messages that nobody else sends, whose replies must be the same bytes.

use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_client::{Request, Unanswered};
use mixwell_mixdelay::Rate;
use mixwell_net::randomness::Randomness;
use rand_core::Rng as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time,
};

/// Clients that talk until they are told to stop.
pub(super) struct Talk {
    talkers: JoinSet<()>,
}

/// What became of the messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Results {
    /// Handed to clients.
    pub(super) asked: usize,
    /// Without a verdict yet.
    pub(super) awaited: usize,
    /// Answered with the same bytes.
    pub(super) good: usize,
    /// Answered with other bytes.
    pub(super) wrong: usize,
    /// Not answered.
    pub(super) lost: usize,
    /// Round trips, and how much of each the hops were asked to hold the packets.
    pub(super) round_trips: Vec<(Duration, Duration)>,
}

impl Talk {
    /// Has each client send at half the rate at which it may, at random intervals.
    pub(super) fn start(
        clients: &[mpsc::Sender<Request>],
        (most_bytes, lambda_p): (usize, f64),
        randomness: &Randomness,
        results: &Arc<Mutex<Results>>,
    ) -> Self {
        let mut talkers = JoinSet::new();
        for client in clients {
            let (client, results, mut rng) = (client.clone(), Arc::clone(results), randomness.rng());
            let Ok(rate) = Rate::per_milli(lambda_p / 2.0) else { continue };
            talkers.spawn(async move {
                loop {
                    time::sleep(Duration::from_nanos(rate.interval_nanos(&mut rng))).await;
                    let message = message(&mut rng, most_bytes);
                    let (answer, reply) = oneshot::channel();
                    if client.send(Request { payload: message.clone(), answer }).await.is_err() {
                        return;
                    }
                    lock(&results).ask();
                    let results = Arc::clone(&results);
                    tokio::spawn(async move {
                        let reply = reply.await.unwrap_or(Err(Unanswered::Disconnected));
                        lock(&results).take(&message, reply);
                    });
                }
            });
        }
        Self { talkers }
    }

    /// No more messages; replies still come.
    pub(super) fn stop(mut self) {
        self.talkers.abort_all();
    }
}

impl Results {
    const fn ask(&mut self) {
        self.asked += 1;
        self.awaited += 1;
    }

    fn take(&mut self, message: &[u8], reply: Result<mixwell_client::Reply, Unanswered>) {
        self.awaited = self.awaited.saturating_sub(1);
        let count = match reply {
            Ok(reply) => {
                self.round_trips.push((reply.round_trip, reply.delays));
                let same = reply.payload.strip_prefix(message).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
                if same { &mut self.good } else { &mut self.wrong }
            }
            Err(_) => &mut self.lost,
        };
        *count += 1;
    }
}

/// Random bytes, as many as fit or fewer.
fn message(rng: &mut ChaCha20Rng, most_bytes: usize) -> Vec<u8> {
    let length = usize::try_from(rng.next_u32()).unwrap_or(0).checked_rem(most_bytes).unwrap_or(0);
    let mut bytes = vec![0; length + 1];
    rng.fill_bytes(&mut bytes);
    bytes
}

pub(super) fn lock(results: &Mutex<Results>) -> MutexGuard<'_, Results> {
    results.lock().unwrap_or_else(PoisonError::into_inner)
}
