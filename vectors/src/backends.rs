//! The back ends that a machine's tests ran.

use std::{
    env,
    fs::OpenOptions,
    io::{Write as _, stderr},
};

/// The variable that names back ends whose tests must run, separated by commas. A crate's tests
/// fail if one of its own is among them and did not run.
pub const REQUIRED_VARIABLE: &str = "MIXWELL_REQUIRE_BACKENDS";

/// The file that CI's summary lists as skipped.
const SKIPPED_VARIABLE: &str = "CI_SKIPPED";

/// Every name that [`REQUIRED_VARIABLE`] may have, with the crate that has the back end.
pub const BACKENDS: &[(&str, &str)] = &[
    ("aez", "portable"),
    ("aez", "aesni"),
    ("aez", "vaes256"),
    ("aez", "vaes512"),
    ("aez", "armv8"),
    ("pq-kem", "x25519-portable"),
    ("pq-kem", "x25519-adx"),
    ("pq-kem", "x25519-avx2"),
    ("pq-kem", "x25519-avx512f"),
    ("pq-kem", "x25519-ifma"),
    ("sha256", "sha256-sha2"),
    ("sha256", "sha256-bmi2"),
    ("sha256", "sha256-avx2"),
    ("sha256", "sha256-avx512x8"),
    ("sha256", "sha256-avx512x16"),
];

/// Prints which of a crate's back ends ran and which were skipped, even if the tests' output is
/// captured, and adds the skipped ones to CI's list.
///
/// # Panics
/// If a back end that is required did not run, if an unknown one is required, or if the crate has
/// others than [`BACKENDS`] lists for it.
pub fn report(krate: &str, ran: impl Fn(&str) -> bool) {
    let required = env::var(REQUIRED_VARIABLE).unwrap_or_default();
    let required: Vec<&str> = required.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    for name in &required {
        assert!(
            BACKENDS.iter().any(|(_, known)| known == name),
            "{REQUIRED_VARIABLE} names an unknown back end: {name}"
        );
    }
    let own = BACKENDS.iter().filter(|(owner, _)| *owner == krate).map(|(_, name)| *name);
    let (ran, skipped): (Vec<_>, Vec<_>) = own.partition(|name| ran(name));
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let line = format!("{krate}: back ends that ran: {}; skipped: {}\n", list(&ran), list(&skipped));
    // not `eprint!`, which a test captures
    stderr().write_all(line.as_bytes()).expect("standard error is open");
    if let Some(path) = env::var_os(SKIPPED_VARIABLE).filter(|_| !skipped.is_empty()) {
        let line = format!("{krate}: back ends that this machine lacks: {}\n", list(&skipped));
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("CI's list can be written");
    }
    let missing: Vec<&str> = required.into_iter().filter(|name| skipped.contains(name)).collect();
    assert!(missing.is_empty(), "{krate}: back ends that must run and did not: {}", missing.join(", "));
}
