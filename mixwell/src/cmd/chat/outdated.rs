//! Detects that the configuration has changed since it was read: a network that was set up again
//! has other keys.

use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Weak,
};
use tokio::{task::spawn_blocking, time::sleep};

/// Interval between comparisons.
const INTERVAL: Duration = Duration::from_secs(10);

/// Maximum length of a file that is compared.
const MAX_BYTES: u64 = 1 << 20;

/// Sets a flag while a file's content differs from its initial content; ends when the flag is
/// dropped.
pub(super) async fn watch(path: PathBuf, is_changed: Weak<AtomicBool>) {
    let Some(original) = content(&path).await else { return };
    loop {
        sleep(INTERVAL).await;
        let now = content(&path).await;
        let Some(is_changed) = is_changed.upgrade() else { return };
        is_changed.store(now.is_some_and(|now| now != original), Relaxed);
    }
}

/// A file's content, read on a separate thread. `None` if it can't be read, for example while it is
/// being replaced.
async fn content(path: &Path) -> Option<Vec<u8>> {
    let path = path.to_path_buf();
    let read = move || {
        let metadata = fs::metadata(&path).ok()?;
        (metadata.is_file() && metadata.len() <= MAX_BYTES).then(|| fs::read(&path).ok())?
    };
    spawn_blocking(read).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn a_configuration_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.toml");
        fs::write(&path, "old").unwrap();
        let is_changed = Arc::new(AtomicBool::new(false));
        let watching = tokio::spawn(watch(path.clone(), Arc::downgrade(&is_changed)));
        let seen = async |wanted: bool| {
            for _ in 0..1000 {
                sleep(INTERVAL).await;
                if is_changed.load(Relaxed) == wanted {
                    return true;
                }
            }
            false
        };
        sleep(INTERVAL.saturating_mul(3)).await;
        assert!(!is_changed.load(Relaxed));
        fs::write(&path, "new").unwrap();
        assert!(seen(true).await);
        fs::remove_file(&path).unwrap();
        assert!(seen(false).await, "not reported as changed while the file is being replaced");
        drop(is_changed);
        watching.await.unwrap();
    }
}
