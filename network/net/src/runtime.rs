//! The runtime and signals of long-running programs.

#[cfg(unix)]
use core::task::Poll;
use core::{error::Error, fmt};
use std::io;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    task::JoinError,
};

/// Runs a task to its end, with as many threads as there are processors.
///
/// # Errors
/// The task's own, or [`StartError`].
pub fn run<T, E: From<StartError>>(task: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    start()?.block_on(task)
}

/// Starts the runtime. From then on a write beyond the file size limit fails instead of ending the
/// process, so daemons call this before they touch their data folders.
///
/// # Errors
/// [`StartError`].
pub fn start() -> Result<Runtime, StartError> {
    if let Some(files) = raise_files() {
        tracing::debug!(files, "limit of open files and sockets");
    }
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(StartError)?;
    let inside = runtime.enter();
    survive_file_limit();
    drop(inside);
    Ok(runtime)
}

/// The runtime cannot be started.
#[derive(Debug)]
pub struct StartError(io::Error);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't run: {}", self.0)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// By default SIGXFSZ ends a process that writes beyond its file size limit (`ulimit -f`). With
/// this handler the write fails instead, as on a full disk.
#[cfg(unix)]
fn survive_file_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    // the handler stays installed for the life of the process
    if let Err(error) = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())) {
        tracing::debug!(%error, "could not handle SIGXFSZ");
    }
}

#[cfg(not(unix))]
const fn survive_file_limit() {}

/// Raises the limit of open files and sockets, by default mostly 1024, to the system's maximum for
/// this process. Returns the new limit, if there is one and it is known.
#[cfg(unix)]
#[must_use]
pub fn raise_files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    limit.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Does nothing: there is no limit to raise.
#[cfg(not(unix))]
pub const fn raise_files() -> Option<usize> {
    None
}

/// Waits until a stop signal is true, or its sender is dropped.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Propagates a task's panic to the caller, and so ends the process: a process that has lost one of
/// its tasks is worse than none.
pub fn pass_on<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // cancelled
        Err(_) => None,
    }
}

/// Waits for SIGINT or SIGTERM.
pub async fn stop_signal() {
    StopSignals::new().next().await;
}

/// The SIGINTs and SIGTERMs since this was created; several at once count as one.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    streams: [Option<tokio::signal::unix::Signal>; 2],
}

impl Default for StopSignals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(unix)]
impl StopSignals {
    /// Starts to listen.
    #[must_use]
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { streams: [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()) }
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        core::future::poll_fn(|context| {
            let mut streams = self.streams.iter_mut().flatten();
            // a stream that has ended yields no more signals
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
    /// Starts to listen.
    pub const fn new() -> Self {
        Self {}
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    }
}

/// The SIGHUPs since this was created, which no longer end the process.
#[derive(Debug)]
pub struct HangUps {
    #[cfg(unix)]
    stream: Option<tokio::signal::unix::Signal>,
}

impl Default for HangUps {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(unix)]
impl HangUps {
    /// Starts to listen.
    #[must_use]
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { stream: signal(SignalKind::hangup()).ok() }
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        let heard = match &mut self.stream {
            Some(stream) => stream.recv().await,
            None => None,
        };
        // the stream has ended
        if heard.is_none() {
            core::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
impl HangUps {
    /// This platform has no SIGHUP.
    pub const fn new() -> Self {
        Self {}
    }

    /// Never returns.
    pub async fn next(&mut self) {
        core::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::pass_on;

    #[cfg(unix)]
    #[tokio::test]
    async fn a_hang_up_is_heard_and_ends_nothing() {
        use rustix::process::{Signal, getpid, kill_process};
        let mut hang_ups = super::HangUps::new();
        for _ in 0..2 {
            kill_process(getpid(), Signal::HUP).unwrap();
            let next = tokio::time::timeout(core::time::Duration::from_secs(20), hang_ups.next());
            assert!(next.await.is_ok());
        }
    }

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
