//! The slot for the next request. A tick takes it without waiting for the disk.

use std::sync::{Arc, Mutex, PoisonError};

/// Room for one request.
pub(crate) struct Outbox {
    slot: Mutex<Option<Vec<u8>>>,
    on_taken: Box<dyn Fn(u64) + Send + Sync>,
}

impl Outbox {
    /// An empty slot. `on_taken` is called with the number of a tick that took a request, before
    /// the request is sent.
    pub(crate) fn new(on_taken: impl Fn(u64) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { slot: Mutex::new(None), on_taken: Box::new(on_taken) })
    }

    /// Puts the next request in place.
    pub(crate) fn put(&self, request: Vec<u8>) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
    }

    /// Takes the request for a tick. Empty if there is none: the sender then uses random bytes,
    /// which look the same.
    pub(crate) fn take(&self, number: u64) -> Vec<u8> {
        let request = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if request.is_some() {
            (self.on_taken)(number);
        }
        request.unwrap_or_default()
    }
}
