//! What values leave behind in memory.

use std::{fs::File, os::unix::fs::FileExt};

/// The bytes of a value as the kernel sees them, padding and all, so that the compiler cannot know them.
///
/// # Panics
/// If the system does not tell.
#[must_use]
pub fn bytes_of<T>(value: &T) -> Vec<u8> {
    read(core::ptr::from_ref(value).addr(), size_of::<T>())
}

/// So many bytes of this process's memory, as the kernel sees them.
///
/// # Panics
/// If the system does not tell, or nothing is there.
#[must_use]
pub fn read(address: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let memory = File::open("/proc/self/mem").expect("own memory");
    memory.read_exact_at(&mut bytes, address as u64).expect("own memory");
    bytes
}

/// The longest run of a value's secret words, eight bytes each, that are still where they were after it has been dropped in
/// place. Words that stand in `public` may stay. A run of one may be the gap behind a flag: when a value is moved, that
/// takes along what the stack held.
///
/// # Panics
/// If there is no secret in the value.
pub fn survivors<T>(owner: T, public: &[u8]) -> usize {
    let mut place = Box::new(Some(owner));
    let before = bytes_of(&*place);
    **core::hint::black_box(&mut place) = None;
    kept(&before, &bytes_of(&*place), public)
}

/// The longest run of secret words of `before` that stand at the same place in `after`, as [`survivors`].
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
    let (mut run, mut longest) = (0, 0);
    for (before, after) in before.chunks_exact(8).zip(after.chunks_exact(8)) {
        run = if before == after && is_secret(before) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
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
