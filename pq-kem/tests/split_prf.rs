//! The combiner against its definition, implemented again with another BLAKE2b.
#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use blake2::{
    Blake2b, Blake2bMac, Digest,
    digest::{KeyInit, Mac, consts::U32},
};
use mixwell_pq_kem::{Component, EmptyComponent, split_prf};
use proptest::{collection::vec, prelude::*};

fn by_definition(components: &[(Vec<u8>, Vec<u8>)]) -> [u8; 32] {
    let mut secret = [0; 32];
    for (keying, _) in components {
        let key = Blake2b::<U32>::digest(keying);
        let mut mac = Blake2bMac::<U32>::new_from_slice(&key).unwrap();
        mac.update(b"splitprf-v1");
        mac.update(&u32::try_from(components.len()).unwrap().to_be_bytes());
        for (_, ciphertext) in components {
            mac.update(&u32::try_from(ciphertext.len()).unwrap().to_be_bytes());
            mac.update(ciphertext);
        }
        secret.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, byte)| *to ^= byte);
    }
    secret
}

fn combine(components: &[(Vec<u8>, Vec<u8>)]) -> Result<[u8; 32], EmptyComponent> {
    let list: Vec<_> = components.iter().map(|(secret, ciphertext)| Component { secret, ciphertext }).collect();
    let mut secret = [0xaa; 32];
    split_prf(&list, &mut secret).map(|()| secret)
}

proptest! {
    #[test]
    fn any_list(components in vec((vec(any::<u8>(), 1..80), vec(any::<u8>(), 1..300)), 1..6)) {
        prop_assert_eq!(combine(&components), Ok(by_definition(&components)));
    }

    #[test]
    fn nothing_may_be_empty(
        mut components in vec((vec(any::<u8>(), 1..80), vec(any::<u8>(), 1..80)), 1..6),
        which in any::<prop::sample::Index>(),
        is_secret: bool,
    ) {
        let which = which.index(components.len());
        let (secret, ciphertext) = &mut components[which];
        if is_secret { secret.clear() } else { ciphertext.clear() }
        prop_assert_eq!(combine(&components), Err(EmptyComponent));
    }
}

#[test]
fn of_nothing() {
    assert_eq!(combine(&[]), Err(EmptyComponent));
}
