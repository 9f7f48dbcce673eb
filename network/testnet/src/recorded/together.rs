//! Playing conversations at the same time.

use std::sync::Arc;
use tokio::{sync::Semaphore, task::JoinSet};

/// Plays all conversations, a few at the same time, and waits for every one.
///
/// # Panics
/// If one of them did not go as recorded, or if this project's own file has fewer than `min` of
/// them. (Another folder of vectors may have any number.)
pub async fn play_together<F>(conversations: impl IntoIterator<Item = F>, min: usize)
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = JoinSet::new();
    for conversation in conversations {
        let places = Arc::clone(&places);
        playing.spawn(async move {
            let _place = places.acquire().await;
            conversation.await;
        });
    }
    let (count, mut failed) = (playing.len(), 0);
    while let Some(ended) = playing.join_next().await {
        failed += usize::from(ended.is_err());
    }
    println!("{count} played, {failed} of them not as recorded");
    assert_eq!(failed, 0, "of {count}");
    let is_own = std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_none();
    assert!(!is_own || count >= min, "{count} of {min}");
}

/// More would keep each other from meeting their timeouts.
const AT_ONCE: usize = 6;
