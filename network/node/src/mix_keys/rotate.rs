//! The task that generates mix keys before their epochs and erases those that are no longer used.

use crate::mix_keys::{MixKeys, Now};
use core::convert::Infallible;
use mixwell_net::{
    clock::{Clock, ProvenTime},
    directory::Directory,
    files::KeyFileError,
    randomness::Randomness,
    runtime::pass_on,
};
use std::sync::Arc;
use tokio::{task::spawn_blocking, time::Instant};

/// Generates and erases keys when an epoch begins or a consensus proves the time, and retries every
/// sixteenth of an epoch. Returns only if a key can't be generated.
pub(crate) async fn rotate(
    keys: Arc<MixKeys>,
    clock: Clock,
    mut directory: Directory,
    randomness: Randomness,
) -> Result<Infallible, KeyFileError> {
    let mut proven = ProvenTime::new(clock);
    let mut changes = keys.changes();
    let mut has_directory = true;
    loop {
        let known = directory.borrow_and_update().clone();
        let instant = Instant::now();
        for consensus in known.all() {
            proven.learn(consensus.epoch(), instant);
        }
        let epoch = clock.epoch();
        let now = Now { clock: epoch, proven: proven.epoch(instant), instant };
        work(Arc::clone(&keys), now, clock, &randomness).await?;
        changes.mark_unchanged();
        let until = clock.now().saturating_add(clock.sixteenth());
        tokio::select! {
            biased;
            () = clock.sleep_within(epoch, until) => {}
            told = directory.changed(), if has_directory => has_directory = told.is_ok(),
            // a key was set aside; the sender is in `keys`
            _ = changes.changed() => {}
        }
    }
}

/// Generates and erases the keys that are due, and logs failures.
async fn work(keys: Arc<MixKeys>, now: Now, clock: Clock, randomness: &Randomness) -> Result<(), KeyFileError> {
    let mut rng = randomness.rng();
    let period = clock.period().duration();
    // flushing files may take long
    let done = spawn_blocking(move || (keys.advance(now.clock, now.instant, &mut rng), keys.retire(now, period))).await;
    let Some((advanced, retired)) = pass_on(done) else { return Ok(()) };
    if let Err(error) = retired {
        tracing::error!(%error, "could not erase a mix key that is no longer used; trying again");
    }
    match advanced {
        Err(error @ KeyFileError::Write(..)) => {
            tracing::error!(
                %error,
                "could not store a mix key: a restart would lose it, and the packets made for it; make room on the disk; \
                 trying again"
            );
            Ok(())
        }
        other => other,
    }
}
