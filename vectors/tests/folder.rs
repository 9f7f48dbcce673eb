//! Every file in the folder of vectors has a reader.

use mixwell_vectors::{FAMILIES, Family, files, folder};

#[test]
fn every_file_has_a_reader() {
    let files = files();
    assert!(!files.is_empty(), "no vectors in {}", folder().display());
    let unknown: Vec<_> = files.iter().filter(|path| Family::of(path).is_none()).collect();
    assert!(unknown.is_empty(), "no crate reads {unknown:?}");
}

#[test]
fn the_longest_name_decides() {
    let reader = |file: &str| Family::of(file.as_ref()).map(|family| family.name);
    assert_eq!(reader("sphinx_kdf.json"), Some("sphinx_kdf"));
    assert_eq!(reader("sphinx_x25519.json"), Some("sphinx"));
    assert_eq!(reader("sphinxes.json"), None);
}

#[test]
fn every_reader_is_a_crate_of_the_workspace() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for family in FAMILIES {
        assert!(!family.readers.is_empty(), "{family:?}");
        for reader in family.readers {
            assert!(root.join(reader).join("Cargo.toml").is_file(), "{family:?}: {reader}");
        }
    }
}
