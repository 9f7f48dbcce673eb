//! A pool of packet buffers, allocated once.

use core::{
    fmt,
    ops::{Deref, DerefMut},
};
use std::sync::{Arc, Mutex, PoisonError};

/// A fixed number of buffers of one length. Only [`Pool::new`] allocates.
pub(crate) struct Pool {
    free: Mutex<Vec<Box<[u8]>>>,
    size: usize,
}

/// A buffer, returned to its pool on drop.
pub(crate) struct Packet {
    bytes: Box<[u8]>,
    pool: Arc<Pool>,
}

impl Pool {
    /// `size` buffers of `packet_len` bytes.
    pub(crate) fn new(size: usize, packet_len: usize) -> Arc<Self> {
        let free = (0..size).map(|_| vec![0; packet_len].into_boxed_slice()).collect();
        Arc::new(Self { free: Mutex::new(free), size })
    }

    /// Takes a buffer with arbitrary contents; `None` if all are in use.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Packet> {
        let bytes = self.lock().pop()?;
        Some(Packet { bytes, pool: Arc::clone(self) })
    }

    /// Number of buffers in use.
    pub(crate) fn lent(&self) -> usize {
        self.size.saturating_sub(self.lock().len())
    }

    /// Number of buffers.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        // never full: the pool allocated this buffer
        self.pool.lock().push(core::mem::take(&mut self.bytes));
    }
}

impl Deref for Packet {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Packet {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

// without the contents
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packet(..)")
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} of {})", self.lent(), self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;

    #[test]
    fn a_pool_lends_what_it_has_and_gets_it_back() {
        let pool = Pool::new(2, 100);
        let (a, b) = (pool.take().unwrap(), pool.take().unwrap());
        assert_eq!((a.len(), pool.lent()), (100, 2));
        assert!(pool.take().is_none());
        drop(a);
        assert_eq!(pool.lent(), 1);
        assert!(pool.take().is_some());
        drop(b);
        assert_eq!(pool.lent(), 0);
    }
}
