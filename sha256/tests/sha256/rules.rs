//! The back ends that ran, and the absence of allocation.

use allocation_counter::measure;
use mixwell_sha256::{Backend, hkdf_expand_each_by, hmac_each_by};
use mixwell_vectors::backends::report;

#[test]
fn back_ends_that_ran() {
    let ran: Vec<Backend> = Backend::available().collect();
    report("sha256", |name| {
        ran.contains(&match name {
            "sha256-sha2" => Backend::Sha2,
            "sha256-bmi2" => Backend::Bmi2,
            "sha256-avx2" => Backend::Avx2,
            "sha256-avx512x8" => Backend::Avx512x8,
            "sha256-avx512x16" => Backend::Avx512x16,
            _ => panic!("unknown back end {name}"),
        })
    });
}

#[test]
fn nothing_allocates() {
    let keys = [&[7; 32][..]; 17];
    let messages = [[&[1; 500][..]]; 17];
    let (mut tags, mut expanded) = ([[0; 32]; 17], [[[0; 32]; 5]; 17]);
    let counted = measure(|| {
        for backend in Backend::available() {
            assert!(hmac_each_by(Some(backend), &keys, &messages, &mut tags));
            assert!(hkdf_expand_each_by(Some(backend), &keys, b"info", &mut expanded));
        }
    });
    assert_eq!(counted.count_total, 0);
}
