//! What values leave behind in memory.

use std::{fs::File, os::unix::fs::FileExt};

/// The bytes of a value as the kernel sees them, padding and all, so that the compiler cannot know them.
///
/// # Panics
/// If the system does not tell.
#[must_use]
pub fn bytes_of<T>(value: &T) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<T>()];
    let address = core::ptr::from_ref(value).addr() as u64;
    File::open("/proc/self/mem").and_then(|memory| memory.read_exact_at(&mut bytes, address)).expect("own memory");
    bytes
}

/// How many of a value's secret words of eight bytes are still where they were after it has been dropped in place. Words
/// that stand in `public` may stay.
///
/// # Panics
/// If there is no secret in the value.
pub fn survivors<T>(owner: T, public: &[u8]) -> usize {
    let mut place = Box::new(Some(owner));
    let before = bytes_of(&*place);
    **core::hint::black_box(&mut place) = None;
    kept(&before, &bytes_of(&*place), public)
}

/// How many of the secret words of `before` stand at the same place in `after`. Words that stand in `public` may.
///
/// # Panics
/// If there is no secret in `before`.
#[must_use]
pub fn kept(before: &[u8], after: &[u8], public: &[u8]) -> usize {
    let is_secret = |word: &[u8]| {
        // an address has two bytes of zeros, a length more
        word.iter().filter(|byte| !matches!(byte, 0 | 0xff)).count() > 6 && !public.windows(8).any(|part| part == word)
    };
    assert!(before.chunks_exact(8).any(is_secret), "there was a secret");
    before
        .chunks_exact(8)
        .zip(after.chunks_exact(8))
        .filter(|(before, after)| before == after && is_secret(before))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_array_survives() {
        let secret: [u8; 64] = core::array::from_fn(|i| 17 + u8::try_from(i).expect("it is less than 64"));
        assert!(survivors(secret, &[]) >= 7);
        assert!(survivors(secret, &secret[..32]) <= 4);
    }
}
