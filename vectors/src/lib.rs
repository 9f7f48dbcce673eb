//! Loads the cross-implementation test vectors: JSON files of the form
//! `{"about": …, "tests": […]}`.
//!
//! They are read from the folder that the environment variable `MIXWELL_VECTORS` names, or else
//! from this crate's own. `vectors/README.md` describes the schema. This crate is for tests only
//! and is never published.
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

pub mod backends;
pub mod conversation;
#[cfg(feature = "kem")]
mod delegate;
mod family;
mod hex_bytes;
#[cfg(feature = "kem")]
mod impostor;
#[cfg(target_os = "linux")]
pub mod memory;
#[cfg(feature = "kem")]
mod replay_kem;
mod replay_rng;

pub use family::{FAMILIES, Family};
pub use hex_bytes::Hex;
#[cfg(feature = "kem")]
pub use impostor::Impostor;
#[cfg(feature = "kem")]
pub use replay_kem::ReplayKem;
pub use replay_rng::ReplayRng;

use serde::de::DeserializeOwned;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Environment variable that names another folder of vectors.
pub const FOLDER_VARIABLE: &str = "MIXWELL_VECTORS";

/// A test of a file.
#[derive(Debug)]
pub struct Vector<T> {
    /// File and number, for messages: `aez.json test 3`.
    pub name: String,
    /// The test's fields.
    pub test: T,
}

/// The folder from which the vectors are read.
///
/// # Panics
/// If the folder does not exist.
#[must_use]
pub fn folder() -> PathBuf {
    let folder = std::env::var_os(FOLDER_VARIABLE)
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), |named| from_workspace(&named));
    assert!(folder.is_dir(), "no folder of vectors at {}", folder.display());
    folder
}

/// Resolves a relative path against the workspace's folder, as cargo runs each crate's tests in the
/// crate's own folder.
fn from_workspace(named: &std::ffi::OsStr) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named)
}

/// The JSON files of the folder, sorted by path.
///
/// # Panics
/// If the folder cannot be read.
#[must_use]
pub fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

/// Every test of every file of `family`, in order.
///
/// # Panics
/// If a file cannot be read, has an unknown field or has no test; if this project's own folder has
/// no file of the family. (A folder named by `MIXWELL_VECTORS` may lack a family.)
#[must_use]
pub fn load<T: DeserializeOwned>(family: &str) -> Vec<Vector<T>> {
    assert!(FAMILIES.iter().any(|known| known.name == family), "unknown family of vectors: {family}");
    let mut vectors = Vec::new();
    for path in files().iter().filter(|path| Family::of(path).is_some_and(|f| f.name == family)) {
        read_file(path, &mut vectors);
    }
    if vectors.is_empty() {
        assert!(std::env::var_os(FOLDER_VARIABLE).is_some(), "no vectors of {family} in {}", folder().display());
        eprintln!("no vectors of {family} in {}", folder().display());
    }
    vectors
}

fn read_file<T: DeserializeOwned>(path: &Path, vectors: &mut Vec<Vector<T>>) {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let json = fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"));
    let file: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
    let tests = file.get("tests").and_then(serde_json::Value::as_array);
    let tests = tests.unwrap_or_else(|| panic!("{name}: no list `tests`"));
    assert!(!tests.is_empty(), "{name}: no tests");
    for (index, value) in tests.iter().enumerate() {
        let name = format!("{name} test {index}");
        match T::deserialize(value) {
            Ok(test) => vectors.push(Vector { name, test }),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}
