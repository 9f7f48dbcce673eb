//! Finds secrets that dropped values leave in memory.

use std::{fs::File, os::unix::fs::FileExt};

/// The bytes of a value, padding included, read through the kernel so that the compiler cannot assume them.
///
/// # Panics
/// If the kernel does not give access to the process's memory.
#[must_use]
pub fn bytes_of<T>(value: &T) -> Vec<u8> {
    read(core::ptr::from_ref(value).addr(), size_of::<T>())
}

/// `len` bytes of this process's memory at `address`, read through the kernel.
///
/// # Panics
/// If the kernel does not give access, or nothing is mapped at `address`.
#[must_use]
pub fn read(address: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let memory = File::open("/proc/self/mem").expect("own memory");
    memory.read_exact_at(&mut bytes, address as u64).expect("own memory");
    bytes
}

/// The longest run of secret words, eight bytes each, that are unchanged after a value has been dropped in place. Words that
/// occur in `public` are not secret. A run of one may be padding behind a flag: moving a value copies whatever the stack
/// held there.
///
/// # Panics
/// If the value has no secret word.
pub fn survivors<T>(owner: T, public: &[u8]) -> usize {
    let mut place = Box::new(Some(owner));
    let before = bytes_of(&*place);
    **core::hint::black_box(&mut place) = None;
    kept(&before, &bytes_of(&*place), public)
}

/// The longest run of secret words of `before` that are at the same place in `after`; see [`survivors`].
///
/// # Panics
/// If `before` has no secret word.
#[must_use]
pub fn kept(before: &[u8], after: &[u8], public: &[u8]) -> usize {
    let is_secret = |word: &[u8]| {
        // addresses have two zero bytes and lengths have more, so they do not count as secrets
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
        let secret: [u8; 64] = core::array::from_fn(|i| 17 + u8::try_from(i).expect("below 64"));
        assert!(survivors(secret, &[]) >= 7);
        assert!(survivors(secret, &secret[..32]) <= 4);
    }
}
