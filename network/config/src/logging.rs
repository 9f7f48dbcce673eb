//! `[Logging]`: a node's log file and level.

use core::{error::Error, fmt, str::FromStr};
use std::path::PathBuf;

/// The level of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "who matches one has to handle a new one")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures that keep the program from working.
    Error,
    /// Conditions that an operator should act on.
    Warn,
    /// Events of an epoch.
    #[default]
    Info,
    /// Events of connections and messages.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The names that [`from_str`](Self::from_str) accepts.
    pub const NAMES: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

    /// The level with a name in the reference's configurations.
    #[must_use]
    pub fn of_reference(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "ERROR" => Some(Self::Error),
            "WARNING" => Some(Self::Warn),
            "NOTICE" | "INFO" => Some(Self::Info),
            "DEBUG" => Some(Self::Debug),
            _ => None,
        }
    }
}

impl FromStr for LogLevel {
    type Err = UnknownLogLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLogLevel> {
        match name {
            "off" => Ok(Self::Off),
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(UnknownLogLevel),
        }
    }
}

/// A name that is not one of [`LogLevel::NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownLogLevel;

impl fmt::Display for UnknownLogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "want one of {}", LogLevel::NAMES.join(", "))
    }
}

impl Error for UnknownLogLevel {}

/// The log settings of a node's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// The level, if the configuration sets one.
    pub level: Option<LogLevel>,
    /// A file to append to; standard error if not given.
    pub file: Option<PathBuf>,
}
