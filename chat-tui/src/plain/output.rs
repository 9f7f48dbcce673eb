//! Standard output, written by a thread.

use core::{fmt::Write as _, time::Duration};
use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    thread::JoinHandle,
};

/// Lines to be written to standard output by a thread, so that a slow reader cannot block the
/// program.
#[derive(Debug)]
pub(crate) struct Output {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Lines that were dropped because the queue was full.
    lost: u64,
}

/// Maximum number of output lines that wait.
const MAX_SHOWN: usize = 4096;

impl Output {
    pub(crate) fn new(mut out: impl io::Write + Send + 'static) -> Self {
        let (lines, receiver): (_, Receiver<String>) = sync_channel(MAX_SHOWN);
        let thread = thread::spawn(move || {
            for line in receiver {
                out.write_all(line.as_bytes())?;
                out.flush()?;
            }
            Ok(())
        });
        Self { lines: Some(lines), thread: Some(thread), lost: 0 }
    }

    pub(crate) fn write(&mut self, mut line: String) {
        let Some(lines) = &self.lines else { return };
        if self.lost > 0 {
            let mut before = String::new();
            let _ = writeln!(before, "! {} lines were dropped, because the output was not read", self.lost);
            line.insert_str(0, &before);
        }
        match lines.try_send(line) {
            Ok(()) => self.lost = 0,
            Err(TrySendError::Full(_)) => self.lost += 1,
            // the thread has ended: `check` tells why
            Err(TrySendError::Disconnected(_)) => {}
        }
    }

    /// Whether output still works.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) { self.close() } else { Ok(()) }
    }

    /// Waits until all lines are written, but not for a reader that does not read.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.lines = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        for _ in 0..100 {
            if thread.is_finished() {
                return thread.join().unwrap_or(Ok(()));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}
