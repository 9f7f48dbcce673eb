//! `mixwell genkeypair`.

use crate::run::{SCHEMES, run, succeed};
use mixwell_pq_kem::{Adapter, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing, kem, nike, pem};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder and the two key files in it.
struct Keys {
    folder: tempfile::TempDir,
    name: String,
    private: PathBuf,
    public: PathBuf,
}

impl Keys {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file);
        let (name, private, public) = (at("alice"), at("alice.private.pem"), at("alice.public.pem"));
        Self { name: name.to_str().unwrap().to_owned(), private, public, folder }
    }

    fn generate(&self, scheme: &str) {
        let printed = succeed(&["genkeypair", "--scheme", scheme, &self.name]);
        let names: Vec<&str> = printed.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, [self.private.to_str().unwrap(), self.public.to_str().unwrap()]);
        assert_eq!(self.files(), ["alice.private.pem", "alice.public.pem"]);
    }

    fn texts(&self) -> (Vec<u8>, Vec<u8>) {
        (fs::read(&self.private).unwrap(), fs::read(&self.public).unwrap())
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(self.folder.path()).unwrap().map(name).collect();
        names.sort();
        names
    }

    /// The error message when a file exists already.
    fn refused(&self) -> String {
        let ran = run(&["genkeypair", "--scheme", "x25519", &self.name]);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
        ran.stderr
    }
}

fn is_nike_pair<N: Nike>(keys: &Keys) {
    let (private, public) = keys.texts();
    let private: nike::PrivateKey<N> = pem::decode(&private).unwrap();
    assert_eq!(pem::decode(&public), Ok(private.public_key()));
}

fn is_kem_pair<K: Kem>(keys: &Keys) {
    let (private, public) = keys.texts();
    let private: kem::PrivateKey<K> = pem::decode(&private).unwrap();
    assert_eq!(pem::decode(&public), Ok(private.public_key().unwrap()));
}

#[test]
fn every_scheme_gives_a_pair() {
    for scheme in SCHEMES {
        let keys = Keys::new();
        keys.generate(scheme);
        match scheme {
            "x25519" => is_nike_pair::<X25519>(&keys),
            "x448" => is_nike_pair::<X448>(&keys),
            "x25519-kem" => is_kem_pair::<Adapter<X25519>>(&keys),
            "x448-kem" => is_kem_pair::<Adapter<X448>>(&keys),
            "mlkem768" => is_kem_pair::<MlKem768>(&keys),
            "xwing" => is_kem_pair::<XWing>(&keys),
            "mlkem768-x25519" => is_kem_pair::<MlKem768X25519>(&keys),
            "mlkem768-x448" => is_kem_pair::<MlKem768X448>(&keys),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn the_types_are_the_schemes_names_in_capitals() {
    for (scheme, name) in [("x25519", "X25519"), ("x448-kem", "X448"), ("mlkem768-x25519", "MLKEM768-X25519")] {
        let keys = Keys::new();
        keys.generate(scheme);
        let (private, public) = keys.texts();
        for (text, kind) in [(private, "PRIVATE"), (public, "PUBLIC")] {
            let text = String::from_utf8(text).unwrap();
            assert!(text.starts_with(&format!("-----BEGIN {name} {kind} KEY-----\n")), "{text}");
            assert!(text.ends_with(&format!("\n-----END {name} {kind} KEY-----\n")), "{text}");
        }
    }
}

#[test]
fn no_two_pairs_are_the_same() {
    let (a, b) = (Keys::new(), Keys::new());
    a.generate("x25519");
    b.generate("x25519");
    assert_ne!(a.texts(), b.texts());
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
#[cfg(unix)]
fn only_the_owner_reads_the_private_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let keys = Keys::new();
    keys.generate("x25519");
    assert_eq!(mode(&keys.private), 0o600);
    // the umask determines this mode, and tests don't change the umask
    let plain = keys.folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode(&keys.public), mode(&plain));
    fs::remove_file(plain).unwrap();

    // a replaced file does not keep its old mode
    fs::set_permissions(&keys.private, fs::Permissions::from_mode(0o644)).unwrap();
    succeed(&["genkeypair", "--force", "--scheme", "x25519", &keys.name]);
    assert_eq!(mode(&keys.private), 0o600);
}

#[test]
fn files_that_exist_are_left_alone() {
    let keys = Keys::new();
    keys.generate("xwing");
    let before = keys.texts();
    assert_eq!(keys.refused(), format!("error: {} exists; --force replaces it\n", keys.private.display()));
    assert!(keys.texts() == before);
    assert_eq!(keys.files(), ["alice.private.pem", "alice.public.pem"]);
}

#[test]
fn one_file_that_exists_is_enough() {
    for there in ["alice.private.pem", "alice.public.pem"] {
        let keys = Keys::new();
        let path = keys.folder.path().join(there);
        fs::write(&path, "mine").unwrap();
        assert_eq!(keys.refused(), format!("error: {} exists; --force replaces it\n", path.display()));
        assert_eq!(keys.files(), [there]);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_nowhere_is_not_followed() {
    let keys = Keys::new();
    let target = keys.folder.path().join("target");
    std::os::unix::fs::symlink(&target, &keys.private).unwrap();
    assert!(keys.refused().contains("exists"));
    assert_eq!(keys.files(), ["alice.private.pem"]);
    succeed(&["genkeypair", "--scheme", "x25519", "--force", &keys.name]);
    assert!(!target.exists());
    is_nike_pair::<X25519>(&keys);
}

#[test]
fn force_replaces_both() {
    let keys = Keys::new();
    keys.generate("xwing");
    succeed(&["genkeypair", "--scheme", "x25519", "--force", &keys.name]);
    is_nike_pair::<X25519>(&keys);
    assert_eq!(keys.files(), ["alice.private.pem", "alice.public.pem"]);
}

#[test]
fn force_that_fails_leaves_the_other_key_as_it_was() {
    for in_the_way in ["alice.private.pem", "alice.public.pem"] {
        let keys = Keys::new();
        keys.generate("x25519");
        let path = keys.folder.path().join(in_the_way);
        let other = if path == keys.private { &keys.public } else { &keys.private };
        let before = fs::read(other).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let ran = run(&["genkeypair", "--scheme", "x25519", "--force", &keys.name]);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.starts_with(&format!("error: can't write {}: ", path.display())), "{}", ran.stderr);
        assert!(fs::read(other).unwrap() == before);
        assert_eq!(keys.files(), ["alice.private.pem", "alice.public.pem"]);
    }
}

#[test]
fn a_folder_that_is_not_there() {
    let keys = Keys::new();
    let name = keys.folder.path().join("none/alice");
    let ran = run(&["genkeypair", "--scheme", "x25519", name.to_str().unwrap()]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with(&format!("error: can't write {}.private.pem: ", name.display())), "{}", ran.stderr);
    assert!(keys.files().is_empty());
}

#[test]
fn a_name_without_a_folder_means_this_one() {
    let keys = Keys::new();
    let status = crate::run::tool(&["genkeypair", "--scheme", "x25519", "alice"])
        .current_dir(keys.folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    is_nike_pair::<X25519>(&keys);
}
