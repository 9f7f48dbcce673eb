//! Checks an untrusted input in one pass: well-formed, definite lengths, no duplicate keys, no
//! trailing bytes.
//!
//! For a map in canonical order the same pass detects duplicate keys. For one in another order,
//! blocks of its keys are sorted on the stack and the rest of the map is looked up in them: at most
//! [`MAX_UNSORTED`] / [`BLOCK`] passes over the map. Nested unsorted maps would multiply that, so
//! all passes together may read at most [`MAX_WALKED`] times the input's bytes.

use super::{
    CborError,
    head::{self, Head, HeadError},
    item::Map,
    key::{self, Key},
};
use core::cmp::Ordering;

/// Maximum nesting depth of containers (lists, maps, tags).
pub const MAX_DEPTH: usize = 16;

/// Maximum number of entries of a map whose keys are not in canonical order.
pub const MAX_UNSORTED: usize = 1024;

/// Maximum number of bytes read again for maps whose keys are not in canonical order, per byte of
/// the input. One such map of [`MAX_UNSORTED`] equal entries takes 8.5.
pub const MAX_WALKED: usize = 32;

/// Number of keys of an unsorted map that are held on the stack at once.
const BLOCK: usize = 64;

/// Checks that `bytes` are exactly one item.
pub(super) fn check(bytes: &[u8]) -> Result<(), CborError> {
    let mut checker = Checker {
        input: bytes,
        rest: bytes,
        levels: [Level::default(); MAX_DEPTH],
        depth: 0,
        walks: bytes.len().saturating_mul(MAX_WALKED),
    };
    checker.item()?;
    while checker.depth > 0 {
        checker.item()?;
    }
    match checker.rest.len() {
        0 => Ok(()),
        extra => Err(CborError::Trailing { at: checker.at(), extra }),
    }
}

struct Checker<'a> {
    input: &'a [u8],
    rest: &'a [u8],
    /// The open containers, outermost first.
    levels: [Level<'a>; MAX_DEPTH],
    depth: usize,
    /// Bytes that may still be read again.
    walks: usize,
}

/// An open container.
#[derive(Clone, Copy, Default)]
struct Level<'a> {
    /// Number of items left.
    left: u64,
    at: usize,
    is_map: bool,
    /// The items, followed by the rest of the input.
    items: &'a [u8],
    /// The rest of the input where the current item began.
    item: &'a [u8],
    key: Option<&'a [u8]>,
    unsorted: bool,
}

impl<'a> Checker<'a> {
    fn at(&self) -> usize {
        self.input.len().saturating_sub(self.rest.len())
    }

    /// Reads the head of the next item, and its content if it is not a container.
    fn item(&mut self) -> Result<(), CborError> {
        let at = self.at();
        if let Some(level) = self.open() {
            level.0.item = level.1;
        }
        let head = Head::take(&mut self.rest).map_err(|error| match error {
            HeadError::Short { need } => CborError::Truncated { at, need: need.into(), have: self.rest.len() },
            HeadError::Indefinite => CborError::Indefinite { at },
            HeadError::Reserved => CborError::Reserved { at },
        })?;
        // Each item takes at least one byte, so a count past the input is refused before any loop.
        let need = head.content().max(head.children());
        let have = self.rest.len();
        if need > have as u64 {
            return Err(CborError::Truncated { at, need, have });
        }
        if matches!(head.major, head::ARRAY | head::MAP | head::TAG) {
            if self.open().is_some_and(|(level, _)| level.at_key()) {
                return Err(CborError::Key { at });
            }
            let level = Level {
                left: head.children(),
                at,
                is_map: head.major == head::MAP,
                items: self.rest,
                ..Level::default()
            };
            *self.levels.get_mut(self.depth).ok_or(CborError::Depth { at })? = level;
            self.depth = self.depth.saturating_add(1);
        } else {
            let content = usize::try_from(need).unwrap_or(usize::MAX);
            let (content, rest) = self.rest.split_at_checked(content).unwrap_or((self.rest, &[]));
            if head.major == head::TEXT && core::str::from_utf8(content).is_err() {
                return Err(CborError::Utf8 { at });
            }
            self.rest = rest;
            self.completed()?;
        }
        self.close()
    }

    /// The innermost open container, and the rest of the input.
    fn open(&mut self) -> Option<(&mut Level<'a>, &'a [u8])> {
        let level = self.levels.get_mut(self.depth.checked_sub(1)?)?;
        Some((level, self.rest))
    }

    /// Closes every container whose last item is complete.
    fn close(&mut self) -> Result<(), CborError> {
        while let Some(&level) = self.depth.checked_sub(1).and_then(|top| self.levels.get(top)) {
            if level.left > 0 {
                break;
            }
            if level.unsorted {
                let complete = level.items.len().saturating_sub(self.rest.len());
                level.check_distinct(self.input, complete, &mut self.walks)?;
            }
            self.depth = self.depth.saturating_sub(1);
            self.completed()?;
        }
        Ok(())
    }

    /// Counts an item of the innermost open container.
    fn completed(&mut self) -> Result<(), CborError> {
        let at = self.at();
        let Some((level, rest)) = self.open() else { return Ok(()) };
        let is_key = level.at_key();
        level.left = level.left.saturating_sub(1);
        if is_key {
            let len = level.item.len().saturating_sub(rest.len());
            let found = level.item.get(..len).unwrap_or_default();
            match level.key.map_or(Ordering::Less, |before| key::compare(before, found)) {
                Ordering::Less => {}
                Ordering::Equal => return Err(CborError::DuplicateKey { at: at.saturating_sub(len) }),
                Ordering::Greater => level.unsorted = true,
            }
            level.key = Some(found);
        }
        Ok(())
    }
}

impl Level<'_> {
    /// Whether the next item is a map's key.
    const fn at_key(&self) -> bool {
        self.is_map && self.left & 1 == 0
    }

    /// Checks that an unsorted map has no duplicate keys. The map is complete, so it can be walked:
    /// its items are the first `len` bytes.
    fn check_distinct(&self, input: &[u8], len: usize, walks: &mut usize) -> Result<(), CborError> {
        let at = self.at;
        let mut head = input.get(at..).unwrap_or_default();
        let entries = Head::take(&mut head).map_or(0, |head| head.argument);
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        if entries > MAX_UNSORTED {
            return Err(CborError::Unsorted { at, entries });
        }
        let items = self.items.get(..len).unwrap_or_default();
        let mut rest = Map::new(entries as u64, items);
        while !rest.is_empty() {
            *walks = walks.checked_sub(rest.encoded_len()).ok_or(CborError::Walked { at })?;
            let mut block = [Key::default(); BLOCK];
            let mut len = 0_usize;
            for (slot, (found, _)) in block.iter_mut().zip(&mut rest) {
                *slot = Key::new(found.encoded());
                len = len.saturating_add(1);
            }
            let block = block.get_mut(..len).unwrap_or_default();
            block.sort_unstable();
            let twice = block.iter().zip(block.iter().skip(1)).any(|(a, b)| a == b)
                || rest.clone().any(|(found, _)| block.binary_search(&Key::new(found.encoded())).is_ok());
            if twice {
                return Err(CborError::DuplicateKey { at });
            }
        }
        Ok(())
    }
}
