//! How many handshakes of strangers are done a second, whoever they are and however many: each costs cryptography before the
//! caller has shown anything.

use core::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// Gives turns one after the other, some at once and then at a steady pace, in the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the next turn is due; up to a burst in the past.
    next: Mutex<Instant>,
}

/// A turn each so long: 250 a second, a twentieth of a core with X-Wing.
const EACH: Duration = Duration::from_millis(4);

/// So many at once after a quiet time.
const BURST: u32 = 64;

impl Pace {
    pub(super) fn new() -> Self {
        Self { next: Mutex::new(burst_before(Instant::now())) }
    }

    /// Waits for a turn. Who gives up waiting takes none.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        let turn = burst_before(Instant::now()).max(*next);
        *next = turn.checked_add(EACH).unwrap_or(turn);
    }
}

fn burst_before(now: Instant) -> Instant {
    // the last of them is due now
    now.checked_sub(EACH.saturating_mul(BURST.saturating_sub(1))).unwrap_or(now)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::Arc;
    use tokio::task::{JoinSet, yield_now};

    /// The most turns that there are in some time.
    pub(crate) fn most_turns(time: Duration) -> u64 {
        let steady = time.as_millis().div_ceil(EACH.as_millis());
        u64::from(BURST).saturating_add(u64::try_from(steady).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_a_pace() {
        let pace = Arc::new(Pace::new());
        let begun = Instant::now();
        for turns in 1..=BURST + 50 {
            pace.turn().await;
            assert!(u64::from(turns) <= most_turns(begun.elapsed()), "{turns} in {:?}", begun.elapsed());
        }
        // many who wait and give up take none
        let (mut waiting, asked) = (JoinSet::new(), Arc::new(AtomicU32::new(0)));
        for _ in 0..1000 {
            let (pace, asked) = (Arc::clone(&pace), Arc::clone(&asked));
            waiting.spawn(async move {
                asked.fetch_add(1, Relaxed);
                pace.turn().await;
            });
        }
        while asked.load(Relaxed) < 1000 {
            yield_now().await;
        }
        waiting.shutdown().await;
        let begun = Instant::now();
        for _ in 0..50 {
            pace.turn().await;
        }
        assert!(begun.elapsed() <= EACH.saturating_mul(51), "{:?}", begun.elapsed());
    }
}
