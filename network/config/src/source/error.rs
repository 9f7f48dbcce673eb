//! Errors of a configuration.

use core::{error::Error, fmt};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file that can't be read, or a setting that is missing or wrong, with its line. The message
/// does not include the [`source`](Error::source).
#[derive(Debug, Clone)]
pub struct ConfigurationError {
    path: PathBuf,
    /// Counted from 1; `None` if the error is not about a line.
    line: Option<usize>,
    reason: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Error for ConfigurationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl ConfigurationError {
    pub(super) fn new(path: &Path, line: Option<usize>, reason: impl fmt::Display) -> Self {
        Self { path: path.to_path_buf(), line, reason: reason.to_string(), source: None }
    }

    /// Adds the cause to the error.
    pub(crate) fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(error));
        self
    }
}
