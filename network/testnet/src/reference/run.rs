//! Tasks that run the state machines on sockets: one listener and one dialler for each role, and
//! nothing that decides anything.

mod authority;
mod client;
mod member;
mod node;
mod node_directory;
mod node_links;
mod session;

pub use authority::RunningAuthority;
pub use client::RunningClient;
pub use member::Member;
pub use node::{NodeBuilder, NodeStats, RunningNode};

use core::time::Duration;
use mixwell_net::clock::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sleeps until a time since 1970.
async fn sleep_until(clock: Clock, at: Duration) {
    tokio::time::sleep(at.saturating_sub(clock.now())).await;
}

/// Locks a mutex, whatever became of the test's other threads.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
