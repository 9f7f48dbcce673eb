//! The list of schemes and the README's table.
#![cfg(all(feature = "xwing", feature = "mlkem768-x25519", feature = "mlkem768-x448"))]
#![allow(missing_docs, reason = "a test")]

use mixwell_pq_kem::{KEMS, NIKES, Scheme};

#[test]
fn the_readme_tells_the_sizes() {
    let rows = |kind: &'static str| {
        let rows = include_str!("../README.md").lines().filter(move |line| line.starts_with("| `"));
        rows.filter(move |line| line.contains(kind)).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
    };
    for (kind, schemes) in [("| NIKE |", NIKES), ("| KEM |", KEMS)] {
        assert_eq!(rows(kind).count(), schemes.len());
        for (row, scheme) in rows(kind).zip(schemes) {
            let text = |len: Option<usize>| len.map_or(String::new(), |len| len.to_string());
            let want = [
                format!("`{}`", scheme.name),
                text(Some(scheme.public_len)),
                text(Some(scheme.private_len)),
                text(scheme.ciphertext_len),
                text(Some(scheme.secret_len)),
                text(scheme.seed_len),
            ];
            let got: Vec<_> = row.iter().enumerate().filter(|(i, _)| [1, 3, 4, 5, 6, 7].contains(i)).collect();
            assert_eq!(got.iter().map(|(_, cell)| **cell).collect::<Vec<_>>(), want);
        }
    }
}

#[test]
fn names_are_found_in_any_case() {
    assert_eq!(Scheme::kem("xwing").map(|scheme| scheme.name), Some("XWING"));
    assert_eq!(Scheme::kem("MlKem768-X25519").map(|scheme| scheme.name), Some("MLKEM768-X25519"));
    assert_eq!(Scheme::nike("X448").map(|scheme| scheme.ciphertext_len), Some(None));
    assert_eq!(Scheme::kem("x448").map(|scheme| scheme.ciphertext_len), Some(Some(56)));
    assert_eq!(Scheme::nike("XWING"), None);
    assert_eq!(Scheme::kem("kyber"), None);
}
