//! Starting what runs until it is told to stop.

use super::error::NetworkError;
use tokio::runtime::Builder;

/// Runs a task to its end, with as many threads as there are processors.
pub(crate) fn run<T>(task: impl Future<Output = Result<T, NetworkError>>) -> Result<T, NetworkError> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(NetworkError::Runtime)?;
    runtime.block_on(task)
}

/// Is ready when the user or the system wants an end: SIGINT or SIGTERM.
#[expect(clippy::integer_division_remainder_used, reason = "`select!` draws at random whom it polls first")]
pub(crate) async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => core::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    core::future::pending().await
}
