//! The core crates, which handle secrets and run on the smallest machines, have two lints more than
//! the others.

use crate::repository::root;
use std::fs;

const CORE_CRATES: [&str; 8] = ["aez", "chat", "mixdelay", "pki-types", "pq-kem", "sha256", "sphinx", "wire"];
const LINTS: &str = "#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]";

#[test]
fn core_crates_state_the_bounds_of_every_sum_and_quotient() {
    for name in CORE_CRATES {
        let text = fs::read_to_string(root().join(name).join("src/lib.rs")).expect("a core crate's root");
        assert!(text.lines().any(|line| line == LINTS), "{name}/src/lib.rs lacks {LINTS}");
        assert!(text.lines().any(|line| line == "#![no_std]"), "{name} is no core crate");
    }
}
