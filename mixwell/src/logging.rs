//! Logs: lines on standard error or in a file. They never contain anything that links packets.

use crate::network_error::NetworkError;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mixwell_config::{LogLevel, LogSettings};
use mixwell_net::files::KeyFileError;
use std::{
    fs::File,
    io,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Parser for log levels on the command line.
pub(crate) fn level_parser() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::NAMES).try_map(|name| name.parse::<LogLevel>())
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Starts logging to standard error. A second call has no effect.
pub(crate) fn start(level: LogLevel) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(filter(level))
        .with_target(false);
    let _ = subscriber.try_init();
}

/// Starts logging to the destination in a daemon's configuration; `level` takes precedence over the
/// configured one.
pub(crate) fn start_daemon(settings: &LogSettings, level: Option<LogLevel>) -> Result<LogHandle, NetworkError> {
    let level = level.or(settings.level).unwrap_or_default();
    let Some(path) = &settings.file else {
        start(level);
        return Ok(LogHandle(None));
    };
    let file = LogFile { path: path.clone(), file: Arc::new(RwLock::new(open(path)?)) };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(file.clone())
        .with_ansi(false)
        .with_max_level(filter(level))
        .with_target(false)
        // a full disk must not end the daemon, and there is nowhere else to report it
        .log_internal_errors(false);
    let _ = subscriber.try_init();
    Ok(LogHandle(Some(file)))
}

/// A handle that reopens a log.
#[derive(Debug, Clone)]
pub(crate) struct LogHandle(Option<LogFile>);

impl LogHandle {
    /// Reopens the log file, which may have been renamed. Returns false if there is no log file.
    pub(crate) fn reopen(&self) -> Result<bool, NetworkError> {
        let Some(log) = &self.0 else { return Ok(false) };
        let file = open(&log.path)?;
        *log.file.write().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(true)
    }
}

/// A file that lines are appended to.
#[derive(Debug, Clone)]
struct LogFile {
    path: PathBuf,
    file: Arc<RwLock<File>>,
}

impl io::Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.file.read().unwrap_or_else(PoisonError::into_inner)).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn open(path: &Path) -> Result<File, NetworkError> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| KeyFileError::Write(path.to_path_buf(), error).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write as _};

    #[test]
    fn a_log_file_that_was_renamed_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile { path: path.clone(), file: Arc::new(RwLock::new(open(&path).unwrap())) };
        let handle = LogHandle(Some(log.clone()));
        log.write_all(b"one\n").unwrap();
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        log.write_all(b"two\n").unwrap();
        assert!(handle.reopen().unwrap());
        log.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("log.1")).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert!(!LogHandle(None).reopen().unwrap());
    }

    #[test]
    fn levels_of_the_reference() {
        for (name, level) in [("NOTICE", LogLevel::Info), ("warning", LogLevel::Warn), ("DEBUG", LogLevel::Debug)] {
            assert_eq!(LogLevel::of_reference(name), Some(level));
        }
        assert_eq!(LogLevel::of_reference("LOUD"), None);
    }
}
