//! Keys that are dropped leave nothing in memory.
#![cfg(target_os = "linux")]

use mixwell_chat::{Code, VaultKey};
use mixwell_vectors::memory::survivors;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

#[test]
fn a_vault_key_and_a_pairing_code_are_wiped() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert_eq!(survivors(VaultKey::generate(&mut rng), &[]), 0);
    assert_eq!(survivors(Code::generate(&mut rng), &[]), 0);
    // the check sees what is not wiped
    assert!(survivors(*VaultKey::generate(&mut rng).as_bytes(), &[]) >= 3);
}
