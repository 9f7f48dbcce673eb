//! Commits and reveals: a parsed value has its input's bytes, and a commit accepts only the reveal
//! that it was made from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Commit, KeyHash, Reveal, shared_random_value};

fuzz_target!(|bytes: &[u8]| {
    let (commit, reveal) = bytes.split_at(bytes.len() / 2);
    let commit = Commit::parse(commit);
    if let Ok(commit) = &commit {
        assert!(bytes.starts_with(commit.as_bytes()));
    }
    let Ok(reveal) = Reveal::parse(reveal) else { return };
    assert!(bytes.ends_with(reveal.as_bytes()));
    let own = reveal.commit();
    assert_eq!(own.check(&reveal), Ok(()));
    assert_eq!(own.epoch(), reveal.epoch());
    if let Ok(commit) = commit {
        assert_eq!(commit.check(&reveal).is_ok(), commit.as_bytes() == own.as_bytes());
    }
    // the order of the reveals does not matter
    let other = Reveal::parse(reveal.as_bytes()).expect("just read");
    let epoch = reveal.epoch();
    let mut reveals = [(KeyHash([1; 32]), reveal), (KeyHash([2; 32]), other)];
    let value = shared_random_value(epoch, &mut reveals, None);
    reveals.reverse();
    assert_eq!(value, shared_random_value(epoch, &mut reveals, None));
});
