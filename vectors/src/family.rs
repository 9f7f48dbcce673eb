//! The families of vector files, and the crate that reads each.

use std::path::Path;

/// Files that share a schema: those named `<name>.json` or `<name>_*.json`.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// First part of the file names.
    pub name: &'static str,
    /// Folder of the crate whose tests run every test of every file of the family.
    pub reader: &'static str,
}

/// Every family of vectors that this project reads.
pub const FAMILIES: &[Family] = &[
    Family { name: "aez", reader: "aez" },
    Family { name: "nike", reader: "pq-kem" },
    Family { name: "kem", reader: "pq-kem" },
    Family { name: "sphinx_kdf", reader: "sphinx" },
    Family { name: "geometry", reader: "sphinx" },
    Family { name: "sphinx", reader: "sphinx" },
    Family { name: "upstream", reader: "sphinx" },
    Family { name: "wire_commands", reader: "wire" },
    Family { name: "noise_session", reader: "wire" },
    Family { name: "conversations", reader: "wire" },
    Family { name: "mixdelay", reader: "mixdelay" },
    Family { name: "exponential", reader: "mixdelay" },
    Family { name: "certificate", reader: "pki-types" },
    Family { name: "descriptor", reader: "pki-types" },
    Family { name: "document", reader: "pki-types" },
    Family { name: "shared_random", reader: "pki-types" },
    Family { name: "epoch", reader: "pki-types" },
    Family { name: "authority_round", reader: "network/authority" },
];

impl Family {
    /// The family of a file: the one with the longest matching name.
    #[must_use]
    pub fn of(file: &Path) -> Option<&'static Self> {
        let stem = file.file_stem()?.to_str()?;
        let fits = |family: &&Self| {
            stem.strip_prefix(family.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        FAMILIES.iter().filter(fits).max_by_key(|family| family.name.len())
    }
}
