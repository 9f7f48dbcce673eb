//! Interrupts of the demonstration: Ctrl-C, SIGTERM, or `q` at a terminal. After the first one the
//! demonstration still waits for replies; the second one ends it at once.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use mixwell_net::runtime::StopSignals;
use std::sync::Arc;

/// The number of interrupts so far. While it exists, the terminal does not echo typed keys.
#[derive(Debug)]
pub(super) struct Ending {
    asked: Arc<AtomicU32>,
    #[cfg(unix)]
    keys: Option<keys::Keys>,
}

impl Ending {
    /// Starts to count signals.
    pub(super) fn new() -> Self {
        let asked = Arc::new(AtomicU32::new(0));
        let (count, mut signals) = (Arc::clone(&asked), StopSignals::new());
        tokio::spawn(async move {
            loop {
                signals.next().await;
                count.fetch_add(1, Relaxed);
            }
        });
        Self {
            #[cfg(unix)]
            keys: None,
            asked,
        }
    }

    /// Reads keys too, so that the terminal does not echo them between the lines of the view.
    #[cfg(unix)]
    pub(super) fn take_keys(&mut self) {
        self.keys = keys::Keys::new(Arc::clone(&self.asked));
    }

    /// Does nothing: keys are read only on Unix.
    #[cfg(not(unix))]
    pub(super) const fn take_keys(&mut self) {}

    /// Whether an interrupt has occurred.
    pub(super) fn is_near(&self) -> bool {
        self.asked.load(Relaxed) > 0
    }

    /// Whether a second interrupt has occurred.
    pub(super) fn is_now(&self) -> bool {
        self.asked.load(Relaxed) > 1
    }
}

#[cfg(unix)]
mod keys {
    use core::{
        sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
        time::Duration,
    };
    use rustix::{
        process::getpgrp,
        termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr},
    };
    use std::{
        io::{IsTerminal as _, Read as _, stdin},
        sync::Arc,
        thread,
        thread::JoinHandle,
    };

    /// The terminal without echo and line buffering, until this is dropped. Ctrl-C still raises a
    /// signal.
    #[derive(Debug)]
    pub(super) struct Keys {
        before: Termios,
        over: Arc<AtomicBool>,
        reader: Option<JoinHandle<()>>,
    }

    impl Keys {
        /// `None` if standard input is not a terminal, or another job is in the foreground.
        pub(super) fn new(asked: Arc<AtomicU32>) -> Option<Self> {
            if !stdin().is_terminal() || !is_ours() {
                return None;
            }
            let before = tcgetattr(stdin()).ok()?;
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            // reads time out after a tenth of a second
            quiet.special_codes[SpecialCodeIndex::VMIN] = 0;
            quiet.special_codes[SpecialCodeIndex::VTIME] = 1;
            tcsetattr(stdin(), OptionalActions::Now, &quiet).ok()?;
            let over = Arc::new(AtomicBool::new(false));
            let is_over = Arc::clone(&over);
            let reader = thread::spawn(move || {
                while !is_over.load(Relaxed) {
                    // the system stops a background job that reads from the terminal
                    if !is_ours() {
                        thread::sleep(PAUSE);
                        continue;
                    }
                    let mut key = [0];
                    match stdin().read(&mut key) {
                        Ok(1) if matches!(key, [b'q' | b'Q']) => {
                            asked.fetch_add(1, Relaxed);
                        }
                        Ok(_) => {}
                        // the terminal is gone
                        Err(_) => return,
                    }
                }
            });
            Some(Self { before, over, reader: Some(reader) })
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            self.over.store(true, Relaxed);
            if let Some(reader) = self.reader.take() {
                let _ = reader.join();
            }
            if is_ours() {
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
            }
        }
    }

    /// Whether this job is the terminal's foreground one.
    fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|foreground| foreground == getpgrp())
    }

    const PAUSE: Duration = Duration::from_millis(100);
}
