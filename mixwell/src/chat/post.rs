//! Where the next request lies ready, so that no tick waits for the disk.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Room for one request.
#[derive(Debug)]
pub(crate) struct Post {
    ready: Mutex<Option<Vec<u8>>>,
    taken: mpsc::UnboundedSender<u64>,
}

impl Post {
    /// The room, and the numbers of the ticks at which what lay there was taken.
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<u64>) {
        let (taken, numbers) = mpsc::unbounded_channel();
        (Arc::new(Self { ready: Mutex::new(None), taken }), numbers)
    }

    /// Puts the next request there.
    pub(crate) fn put(&self, request: Vec<u8>) {
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
    }

    /// A tick: takes the request. Nothing if none is ready: random bytes are sent then, which look the same.
    pub(crate) fn take(&self, number: u64) -> Vec<u8> {
        let request = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        if request.is_some() {
            // who quits listens no more
            let _ = self.taken.send(number);
        }
        request.unwrap_or_default()
    }
}
