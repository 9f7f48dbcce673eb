//! The text of a configuration, with the lines of its settings.

mod error;
mod note;

pub use error::ConfigurationError;
pub use note::Note;

use super::{own::FILE, reference::Effect};
use core::{fmt, ops::Range};
use mixwell_net::files;
pub(super) use note::NoteLevel;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use toml::de::{DeArray, DeTable, DeValue};

/// A configuration as read.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
    /// Paths of the settings that were not read.
    ignored: Vec<String>,
}

impl Source {
    /// Reads a file into `T`. [`notes`](Self::notes) returns remarks on settings that `T` does not
    /// have.
    pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<(Self, T), ConfigurationError> {
        let bytes = files::read_bounded(path, MAX_BYTES)
            .map_err(|error| ConfigurationError::new(path, None, "can't be read").caused_by(error))?;
        let text = String::from_utf8(bytes)
            .map_err(|error| ConfigurationError::new(path, None, "is not UTF-8").caused_by(error.utf8_error()))?;
        let mut source = Self { path: path.to_path_buf(), text, ignored: Vec::new() };
        let mut ignored = Vec::new();
        let read = source.parse(|path| ignored.push(path.to_owned()))?;
        source.ignored = ignored;
        Ok((source, read))
    }

    fn parse<T: DeserializeOwned>(&self, mut ignored: impl FnMut(&str)) -> Result<T, ConfigurationError> {
        let syntax = |error: toml::de::Error| {
            ConfigurationError::new(&self.path, error.span().map(|span| self.line(span.start)), error.message())
        };
        let deserializer = toml::Deserializer::parse(&self.text).map_err(syntax)?;
        serde_ignored::deserialize(deserializer, |path| ignored(&path.to_string())).map_err(syntax)
    }

    /// Remarks on the settings that were not read; `effect` returns the effect of the reference's
    /// settings here.
    ///
    /// # Errors
    /// If there is a table `[Mixwell]`, which held our own settings in earlier versions.
    pub(super) fn notes(&self, effect: impl Fn(&str) -> Option<Effect>) -> Result<Vec<Note>, ConfigurationError> {
        let mut notes = Vec::new();
        for raw in &self.ignored {
            // parts of the path that serde adds for optional and spanned values
            let names: Vec<&str> = raw.split('.').filter(|name| *name != "?" && !name.starts_with('$')).collect();
            let line = self.line_of(&names);
            let path: Vec<&str> = names.into_iter().filter(|name| name.parse::<usize>().is_err()).collect();
            let path = path.join(".");
            if path == OLD_TABLE {
                let reason =
                    format!("the settings of [{OLD_TABLE}] belong in a file of their own beside this one, {FILE}");
                return Err(ConfigurationError::new(&self.path, line, reason));
            }
            let place = ConfigurationError::new(&self.path, line, &path);
            notes.push(match effect(&path) {
                Some(Effect::Unused(why)) => {
                    Note { level: NoteLevel::Expected, text: format!("{place} is not used: {why}") }
                }
                _ => Note { level: NoteLevel::Doubtful, text: format!("{place} is not a known setting") },
            });
        }
        Ok(notes)
    }

    /// Logs remarks on the settings that were not read, as settings of the reference.
    pub(super) fn log_notes(&self) -> Result<(), ConfigurationError> {
        let notes = self.notes(|_| Some(Effect::Unused("this program does not need it")))?;
        notes.iter().for_each(Note::log);
        Ok(())
    }

    /// A note about a value.
    pub(super) fn doubt(&self, span: Range<usize>, what: impl fmt::Display) -> Note {
        Note { level: NoteLevel::Doubtful, text: self.error(span, what).to_string() }
    }

    /// The line of a setting.
    fn line_of(&self, path: &[&str]) -> Option<usize> {
        let (name, parents) = path.split_last()?;
        let root = DeTable::parse(&self.text).ok()?;
        let mut table = root.get_ref();
        let mut sections: Option<&DeArray<'_>> = None;
        for parent in parents {
            let value = match sections.take() {
                None => table.get(*parent)?,
                Some(all) => all.get(parent.parse::<usize>().ok()?)?,
            };
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                DeValue::Array(inner) => sections = Some(inner),
                _ => return None,
            }
        }
        let (key, _) = table.get_key_value(*name)?;
        Some(self.line(key.span().start))
    }

    /// An error at a value.
    pub(super) fn error(&self, span: Range<usize>, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError::new(&self.path, Some(self.line(span.start)), reason)
    }

    /// An error that is not at an existing value.
    pub(super) fn lacks(&self, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError::new(&self.path, None, reason)
    }

    /// Resolves a path of the configuration against its folder.
    pub(super) fn folder_of(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_path_buf(), |folder| folder.join(path))
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before.matches('\n').count().saturating_add(1)
    }
}

/// Maximum length of a file.
const MAX_BYTES: u64 = 16 << 20;

/// The table of our own settings in earlier versions.
const OLD_TABLE: &str = "Mixwell";
