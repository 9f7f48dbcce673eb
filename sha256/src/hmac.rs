//! HMAC (RFC 2104) of W messages at once, each under its own key.
#![expect(clippy::indexing_slicing, reason = "under W, and within a block")]

use crate::{backend::Engine, state::State};
use core::array::from_fn;
use zeroize::Zeroize;

/// A block of each message. Wiped on drop.
struct Blocks<const W: usize>([[u8; 64]; W]);

impl<const W: usize> Drop for Blocks<W> {
    #[inline]
    fn drop(&mut self) {
        // A slice is wiped many bytes at a time, an array byte by byte.
        self.0.as_flattened_mut().zeroize();
    }
}

impl<const W: usize> Blocks<W> {
    const fn zeros() -> Self {
        Self([[0; 64]; W])
    }

    fn each(&self) -> [&[[u8; 64]]; W] {
        from_fn(|lane| core::slice::from_ref(&self.0[lane]))
    }
}

/// The states of the inner and outer hash after their first block, the padded key. Wiped on drop.
pub(crate) struct Keyed<const W: usize> {
    inner: State<W>,
    outer: State<W>,
}

impl<const W: usize> Keyed<W> {
    /// Keys of more than 64 bytes are hashed first, as the RFC requires.
    pub(crate) fn new(engine: impl Engine<W>, keys: [&[u8]; W]) -> Self {
        let mut block = Blocks::zeros();
        for (block, key) in block.0.iter_mut().zip(keys) {
            match block.get_mut(..key.len()) {
                Some(place) => place.copy_from_slice(key),
                None => hash_key(key, block),
            }
            for byte in block {
                *byte ^= 0x36;
            }
        }
        let mut keyed = Self { inner: State::initial(), outer: State::initial() };
        engine.compress(&mut keyed.inner, block.each());
        for byte in block.0.as_flattened_mut() {
            *byte ^= 0x36 ^ 0x5c;
        }
        engine.compress(&mut keyed.outer, block.each());
        keyed
    }

    /// The MACs of messages that all have the same length and are given in parts.
    pub(crate) fn mac<const P: usize>(&self, engine: impl Engine<W>, parts: [[&[u8]; W]; P]) -> Tags<W> {
        let mut message = Message::after(&self.inner);
        for part in parts {
            message.update(engine, part);
        }
        let inner = message.finish(engine);
        let mut outer = Message::after(&self.outer);
        outer.update(engine, from_fn(|lane| &inner.0[lane][..]));
        outer.finish(engine)
    }
}

/// Rarely used: no key of this project is that long.
#[inline(never)]
fn hash_key(key: &[u8], block: &mut [u8; 64]) {
    use sha2::Digest as _;
    let mut digest = sha2::Sha256::digest(key);
    block[..32].copy_from_slice(&digest);
    digest.as_mut_slice().zeroize();
}

/// A hash of each message. Wiped on drop.
pub(crate) struct Tags<const W: usize>(pub(crate) [[u8; 32]; W]);

impl<const W: usize> Drop for Tags<W> {
    #[inline]
    fn drop(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

/// Hash computations in progress. Wiped on drop.
struct Message<const W: usize> {
    state: State<W>,
    /// The last, incomplete block of each message.
    block: Blocks<W>,
    filled: usize,
    len: u64,
}

impl<const W: usize> Message<W> {
    /// Starts from the state after the key's block.
    fn after(state: &State<W>) -> Self {
        Self { state: state.clone(), block: Blocks::zeros(), filled: 0, len: 64 }
    }

    /// Adds the next part of each message; all parts have the same length.
    fn update(&mut self, engine: impl Engine<W>, mut parts: [&[u8]; W]) {
        let len = parts[0].len();
        debug_assert!(parts.iter().all(|part| part.len() == len), "all have the same length");
        self.len = self.len.wrapping_add(len as u64);
        if self.filled > 0 {
            let count = len.min(64_usize.saturating_sub(self.filled));
            self.fill(count, &mut parts);
            if self.filled < 64 {
                return;
            }
            engine.compress(&mut self.state, self.block.each());
            self.filled = 0;
        }
        let mut rest = parts;
        let blocks = parts.map(|part| part.as_chunks::<64>().0);
        engine.compress(&mut self.state, blocks);
        for (rest, part) in rest.iter_mut().zip(parts) {
            *rest = part.as_chunks::<64>().1;
        }
        self.fill(rest[0].len(), &mut rest);
    }

    /// Moves `count` bytes of each part into the block.
    fn fill(&mut self, count: usize, parts: &mut [&[u8]; W]) {
        let end = self.filled.saturating_add(count);
        for (block, part) in self.block.0.iter_mut().zip(parts) {
            let (now, rest) = part.split_at(count);
            block[self.filled..end].copy_from_slice(now);
            *part = rest;
        }
        self.filled = end;
    }

    fn finish(mut self, engine: impl Engine<W>) -> Tags<W> {
        for block in &mut self.block.0 {
            block[self.filled] = 0x80;
            block[self.filled..][1..].fill(0);
        }
        if self.filled >= 56 {
            engine.compress(&mut self.state, self.block.each());
            self.block.0.as_flattened_mut().fill(0);
        }
        let bits = self.len.wrapping_mul(8).to_be_bytes();
        for block in &mut self.block.0 {
            block[56..].copy_from_slice(&bits);
        }
        engine.compress(&mut self.state, self.block.each());
        let mut tags = Tags([[0; 32]; W]);
        for (n, words) in self.state.0.iter().enumerate() {
            for (tag, word) in tags.0.iter_mut().zip(words) {
                if let Some(place) = tag.as_chunks_mut().0.get_mut(n) {
                    *place = word.to_be_bytes();
                }
            }
        }
        tags
    }
}
