//! Random messages to the echo service. A reply is good only if it repeats the message.

use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_client::{Client, Reply, Unanswered};
use mixwell_mixdelay::Rate;
use mixwell_net::randomness::Randomness;
use rand_core::Rng as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::{task::JoinSet, time};

/// Messages of clients, and their results.
#[derive(Debug, Default)]
pub struct Traffic {
    senders: JoinSet<()>,
    results: Arc<Mutex<Results>>,
}

/// The results of messages.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Results {
    /// Messages that a client has queued.
    pub asked: usize,
    /// Messages without a reply or a failure yet.
    pub awaited: usize,
    /// Replies with the same bytes.
    pub good: usize,
    /// Replies with other bytes.
    pub wrong: usize,
    /// Messages without a reply.
    pub lost: usize,
    /// Round trips, and the part of each that was requested as delays at the hops.
    pub round_trips: Vec<(Duration, Duration)>,
}

impl Traffic {
    /// Makes each client send messages of at most `max_bytes` at random intervals, at half of the
    /// rate `lambda_p` per millisecond.
    pub fn start(&mut self, clients: &[Arc<Client>], max_bytes: usize, lambda_p: f64, randomness: &Randomness) {
        for client in clients {
            let Ok(rate) = Rate::per_milli(lambda_p / 2.0) else { continue };
            let (client, results) = (Arc::downgrade(client), Arc::clone(&self.results));
            self.senders.spawn(send(client, rate, max_bytes, randomness.rng(), results));
        }
    }

    /// Stops sending messages. Replies still arrive.
    pub fn stop(&mut self) {
        self.senders.abort_all();
    }

    /// The results so far.
    pub fn results(&self) -> MutexGuard<'_, Results> {
        lock(&self.results)
    }
}

async fn send(client: Weak<Client>, rate: Rate, max_bytes: usize, mut rng: ChaCha20Rng, results: Arc<Mutex<Results>>) {
    loop {
        time::sleep(Duration::from_nanos(rate.interval_nanos(&mut rng))).await;
        let message = message(&mut rng, max_bytes);
        let Some(client) = client.upgrade() else { return };
        let Ok(reply) = client.queue(&message).await else { return };
        lock(&results).ask();
        let results = Arc::clone(&results);
        tokio::spawn(async move {
            let reply = reply.await;
            lock(&results).add(&message, reply);
        });
    }
}

impl Results {
    const fn ask(&mut self) {
        self.asked += 1;
        self.awaited += 1;
    }

    fn add(&mut self, message: &[u8], reply: Result<Reply, Unanswered>) {
        self.awaited -= 1;
        let count = match reply {
            Ok(reply) => {
                self.round_trips.push((reply.round_trip, reply.delays));
                let is_same =
                    reply.payload.strip_prefix(message).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
                if is_same { &mut self.good } else { &mut self.wrong }
            }
            Err(_) => &mut self.lost,
        };
        *count += 1;
    }
}

/// Random bytes of a random length from 1 to a maximum.
fn message(rng: &mut ChaCha20Rng, max_bytes: usize) -> Vec<u8> {
    let length = usize::try_from(rng.next_u32()).unwrap_or(0) % max_bytes.max(1);
    let mut bytes = vec![0; length + 1];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn lock(results: &Mutex<Results>) -> MutexGuard<'_, Results> {
    results.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_with_other_bytes_is_wrong() {
        let reply = |payload: &[u8]| {
            Ok(Reply { payload: payload.to_vec(), round_trip: Duration::from_secs(2), delays: Duration::from_secs(1) })
        };
        let mut results = Results::default();
        for (reply, want) in [
            (reply(b"hello\0\0"), (1, 0, 0)),
            (reply(b"hello\0!"), (1, 1, 0)),
            (reply(b"hell"), (1, 2, 0)),
            (Err(Unanswered::Late), (1, 2, 1)),
        ] {
            results.ask();
            results.add(b"hello", reply);
            assert_eq!((results.good, results.wrong, results.lost), want);
        }
        assert_eq!((results.asked, results.awaited, results.round_trips.len()), (4, 0, 3));
    }
}
