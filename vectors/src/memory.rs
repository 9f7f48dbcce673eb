//! Finds secrets that dropped values leave in memory.

use std::{fs::File, os::unix::fs::FileExt};

/// The bytes of a value, padding included, read through the kernel so that the compiler cannot
/// assume them.
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

/// The longest run of secret words, eight bytes each, that are unchanged after a value has been
/// dropped in place. Words that occur in `public` are not secret. A run of one may be padding
/// behind a flag: moving a value copies whatever the stack held there.
///
/// # Panics
/// If the value has no secret word.
pub fn survivors<T>(owner: T, public: &[u8]) -> usize {
    let mut place = Box::new(Some(owner));
    let before = bytes_of(&*place);
    **core::hint::black_box(&mut place) = None;
    kept(&before, &bytes_of(&*place), public)
}

/// The longest run of secret words of `before` that are at the same place in `after`; see
/// [`survivors`].
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

/// A secret that is looked for in memory without being in it.
pub struct Watched(Vec<u8>);

impl Watched {
    /// Watches for a secret of 16 bytes or more.
    ///
    /// # Panics
    /// If the secret is shorter.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        assert!(secret.len() >= PART_LEN, "long enough to be found by chance nowhere");
        Self(secret.iter().map(|byte| byte ^ MASK).collect())
    }

    /// Number of places on the heap, freed memory included, that hold 16 bytes of the secret from
    /// any multiple of 16 on. The calling thread's stack is not searched.
    ///
    /// # Panics
    /// If the kernel does not give access to the process's memory.
    #[must_use]
    pub fn on_heap(&self) -> usize {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("own mappings");
        let on_stack = 0_u8;
        let stack = core::ptr::from_ref(&on_stack).addr();
        let memory = File::open("/proc/self/mem").expect("own memory");
        let mut bytes = vec![0; 1 << 20];
        let mut found = 0;
        for (start, end) in maps.lines().filter_map(heap_range).filter(|(start, end)| !(*start..*end).contains(&stack))
        {
            let mut at = start;
            while at < end {
                let whole = bytes.len();
                let (chunk, _) = bytes.split_at_mut(whole.min(end - at));
                // memory that another thread has just freed may no longer be mapped
                if memory.read_exact_at(chunk, at as u64).is_ok() {
                    found += self.count_in(chunk);
                }
                // so that this buffer, which is on the heap too, has no copy
                chunk.fill(0);
                at += if chunk.len() < whole { chunk.len() } else { whole - (PART_LEN - 1) };
            }
        }
        found
    }

    fn count_in(&self, bytes: &[u8]) -> usize {
        let is_part = |window: &[u8], part: &[u8]| window.iter().zip(part).all(|(byte, masked)| byte ^ MASK == *masked);
        self.0
            .chunks_exact(PART_LEN)
            .map(|part| bytes.windows(PART_LEN).filter(|window| is_part(window, part)).count())
            .sum()
    }
}

impl core::fmt::Debug for Watched {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Watched(..)")
    }
}

/// First and last address of a mapping that a line of `/proc/self/maps` describes, if it is memory
/// that can be written and has no file behind it.
fn heap_range(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let is_writable = fields.next()?.starts_with("rw");
    let name = fields.nth(3).unwrap_or("[heap]");
    let address = |hex| usize::from_str_radix(hex, 16).ok();
    (is_writable && name == "[heap]").then_some((address(start)?, address(end)?))
}

/// An allocator writes its pointers into the first 16 bytes of a freed block; the rest stays.
const PART_LEN: usize = 16;

const MASK: u8 = 0xa5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_memory_is_searched() {
        let secret = |place: usize| u8::try_from(place * 37 % 251).expect("below 251");
        let block: Vec<u8> = (0..64).map(secret).collect();
        let watched = Watched::new(&block[32..]);
        drop(core::hint::black_box(block));
        assert!(watched.on_heap() >= 2);
        assert_eq!(Watched::new(b"no memory but the program's own").on_heap(), 0);
    }

    #[test]
    fn a_plain_array_survives() {
        let secret: [u8; 64] = core::array::from_fn(|i| 17 + u8::try_from(i).expect("below 64"));
        assert!(survivors(secret, &[]) >= 7);
        assert!(survivors(secret, &secret[..32]) <= 4);
    }
}
