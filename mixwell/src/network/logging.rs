//! Logs: lines on standard error, which never hold anything that links packets.

use clap::ValueEnum;
use std::io::{self, IsTerminal as _};
use tracing::level_filters::LevelFilter;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// Sends logs to standard error, from now on. A second call changes nothing.
pub(crate) fn start(level: LogLevel) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(LevelFilter::from(level))
        .with_target(false);
    let _ = subscriber.try_init();
}
