//! Configuration files of arbitrary bytes: a node's, an authority's, a client's, our own settings
//! beside them, and a geometry. They are read or rejected with a reason, in bounded time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_config::{AuthorityConfiguration, OWN_FILE, ServerConfiguration, geometry, read_client};
use std::{fs, sync::LazyLock};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|input: (&[u8], &[u8])| {
    let (file, own) = input;
    let path = FOLDER.path().join("configuration.toml");
    fs::write(&path, file).expect("a file");
    fs::write(FOLDER.path().join(OWN_FILE), own).expect("a file");
    if let Ok(node) = ServerConfiguration::read(&path, None) {
        assert!(!node.bind_addresses.is_empty() && !node.identifier.is_empty());
    }
    if let Ok(authority) = AuthorityConfiguration::read(&path, None) {
        assert!(authority.min_per_layer > 0 && authority.layers > 0);
    }
    if let Ok(network) = read_client(&path, None) {
        assert!(network.authorities.iter().next().is_some());
    }
    if let Ok(text) = core::str::from_utf8(file)
        && let Ok(Some(section)) = geometry::read(text)
    {
        let _ = mixwell_sphinx::Geometry::from_fields(&section.fields());
    }
});
