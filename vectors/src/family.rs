//! The families of vector files, and the crates that read each.

use std::path::Path;

/// Files that share a schema: those named `<name>.json` or `<name>_*.json`.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// First part of the file names.
    pub name: &'static str,
    /// Folders of the crates whose tests run every test of every file of the family.
    pub readers: &'static [&'static str],
}

/// Every family of vectors that this project reads.
pub const FAMILIES: &[Family] = &[
    Family { name: "aez", readers: &["aez"] },
    Family { name: "nike", readers: &["pq-kem"] },
    Family { name: "kem", readers: &["pq-kem"] },
    Family { name: "sphinx_kdf", readers: &["sphinx"] },
    Family { name: "geometry", readers: &["sphinx"] },
    Family { name: "sphinx", readers: &["sphinx"] },
    Family { name: "upstream", readers: &["sphinx"] },
    Family { name: "wire_commands", readers: &["wire"] },
    Family { name: "noise_session", readers: &["wire"] },
    Family {
        name: "conversations",
        readers: &["wire", "network/testnet", "network/node", "network/client", "network/authority"],
    },
    Family { name: "mixdelay", readers: &["mixdelay"] },
    Family { name: "exponential", readers: &["mixdelay"] },
    Family { name: "certificate", readers: &["pki-types"] },
    Family { name: "descriptor", readers: &["pki-types"] },
    Family { name: "document", readers: &["pki-types"] },
    Family { name: "shared_random", readers: &["pki-types"] },
    Family { name: "epoch", readers: &["pki-types"] },
    Family { name: "authority_round", readers: &["network/authority"] },
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
