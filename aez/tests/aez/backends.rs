//! The choice of the back end.

use mixwell_aez::{Aez, Backend};
use mixwell_vectors::backends::report;

/// Reports which back ends the other tests ran, for people and for CI.
#[test]
fn back_ends_that_ran() {
    let ran: Vec<Backend> = Backend::available().collect();
    report("aez", |name| {
        ran.contains(&match name {
            "portable" => Backend::Portable,
            "aesni" => Backend::AesNi,
            "vaes256" => Backend::Vaes,
            "vaes512" => Backend::Vaes512,
            "armv8" => Backend::Armv8,
            _ => panic!("unknown back end {name}"),
        })
    });
}

#[test]
fn the_best_back_end_comes_first() {
    assert_eq!(Some(Aez::new(&[0; 48]).backend()), Backend::available().next());
    assert_eq!(Backend::available().last(), Some(Backend::Portable));
}
