//! Remarks on a usable configuration.

/// A remark for the operator about a configuration that is otherwise usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub(crate) level: NoteLevel,
    /// With file and line.
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoteLevel {
    /// The setting is documented as unused.
    Expected,
    /// The setting may be a mistake.
    Doubtful,
}

impl Note {
    /// Logs the remark.
    pub fn log(&self) {
        match self.level {
            NoteLevel::Expected => tracing::info!("{}", self.text),
            NoteLevel::Doubtful => tracing::warn!("{}", self.text),
        }
    }
}
