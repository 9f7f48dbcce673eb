//! Starting what runs until it is told to stop.

use super::error::NetworkError;
#[cfg(unix)]
use core::task::Poll;
use tokio::{runtime::Builder, task::JoinError};

/// Runs a task to its end, with as many threads as there are processors.
pub(crate) fn run<T>(task: impl Future<Output = Result<T, NetworkError>>) -> Result<T, NetworkError> {
    if let Some(files) = raise_files() {
        tracing::debug!(files, "the most files and sockets at a time");
    }
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(NetworkError::Runtime)?;
    runtime.block_on(task)
}

/// As many files and sockets as the system lets this process have, which by default are fewer: mostly 1024. Gives how many, if
/// there is a limit and it is known.
#[cfg(unix)]
pub(crate) fn raise_files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    limit.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// There is no limit that this could raise.
#[cfg(not(unix))]
pub(crate) const fn raise_files() -> Option<usize> {
    None
}

/// A task that panicked takes with it whoever waits for it, and so the process: one that lives on without a part of its work
/// is worse than none.
pub(crate) fn pass_on<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // cancelled
        Err(_) => None,
    }
}

/// Is ready when the user or the system wants an end: SIGINT or SIGTERM.
pub(crate) async fn stop_signal() {
    StopSignals::new().next().await;
}

/// Each SIGINT and SIGTERM from when this was made; of several that come at once, one.
#[derive(Debug)]
pub(crate) struct StopSignals {
    #[cfg(unix)]
    streams: [Option<tokio::signal::unix::Signal>; 2],
}

#[cfg(unix)]
impl StopSignals {
    /// Listens.
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { streams: [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()) }
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        core::future::poll_fn(|context| {
            let mut streams = self.streams.iter_mut().flatten();
            // no signal comes any more from one that has ended
            if streams.any(|stream| matches!(stream.poll_recv(context), Poll::Ready(Some(())))) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(not(unix))]
impl StopSignals {
    /// Listens.
    pub(crate) const fn new() -> Self {
        Self {}
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pass_on;

    #[cfg(unix)]
    #[tokio::test]
    async fn a_signal_that_comes_while_nobody_waits_counts() {
        use core::time::Duration;
        use rustix::process::{Signal, getpid, kill_process};
        let mut signals = super::StopSignals::new();
        for signal in [Signal::INT, Signal::TERM, Signal::INT] {
            kill_process(getpid(), signal).unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(tokio::time::timeout(Duration::from_secs(5), signals.next()).await.is_ok(), "{signal:?}");
        }
        assert!(tokio::time::timeout(Duration::from_millis(100), signals.next()).await.is_err(), "three came");
    }

    #[tokio::test]
    #[should_panic(expected = "a part of its work")]
    async fn a_panic_goes_on() {
        let _: Option<()> = pass_on(tokio::spawn(async { panic!("a part of its work") }).await);
    }

    #[tokio::test]
    async fn nothing_else_does() {
        assert_eq!(pass_on(tokio::spawn(async { 1 }).await), Some(1));
        let task = tokio::spawn(core::future::pending::<()>());
        task.abort();
        assert_eq!(pass_on(task.await), None);
    }
}
