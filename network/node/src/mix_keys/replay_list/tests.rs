//! Replay lists: written tags are read back, and damage is detected.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

const KEY: KeyHash = KeyHash([9; 32]);

fn tags(from: u8, count: u8) -> Vec<ReplayTag> {
    (from..).take(count.into()).map(|byte| ReplayTag([byte; 32])).collect()
}

fn open(path: &Path) -> Result<(ReplayList, Vec<ReplayTag>), ListError> {
    let mut read = Vec::new();
    ReplayList::open(path, KEY, |tag| read.push(tag)).map(|list| (list, read))
}

/// A list of 23 tags, 20 of which were flushed.
fn list() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    ReplayList::create(&path, KEY).unwrap();
    let (mut list, read) = open(&path).unwrap();
    assert!(read.is_empty() && list.unflushed().is_none());
    for from in [0, 8] {
        list.append(&tags(from, 8)).unwrap();
    }
    list.append(&tags(16, 4)).unwrap();
    let flush = list.unflushed().unwrap();
    flush.wait().unwrap();
    // more tags arrive in the meantime
    list.append(&tags(20, 2)).unwrap();
    list.set_flushed(&flush).unwrap();
    assert!(list.unflushed().is_some());
    list.append(&tags(22, 1)).unwrap();
    (folder, path)
}

#[test]
fn what_was_appended_is_read() {
    let (_folder, path) = list();
    let (mut again, read) = open(&path).unwrap();
    assert_eq!(read, tags(0, 23));
    again.append(&tags(23, 64)).unwrap();
    assert!(again.append(&tags(100, 65)).is_err());
    assert_eq!(open(&path).unwrap().1, tags(0, 87));
}

#[test]
fn a_list_that_is_missing_cut_or_of_another_key_is_noticed() {
    let (folder, path) = list();
    let whole = fs::read(&path).unwrap();
    let record = |tags: usize| 8 + 32 * tags;
    let flushed = HEADER_LEN + 2 * record(8) + record(4);
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        // a cut between records that a power failure may lose looks like an earlier state
        let is_earlier = len == flushed || len == flushed + record(2);
        assert_eq!(open(&path).is_ok(), is_earlier, "{len}");
    }
    fs::write(&path, &whole).unwrap();
    let other = ReplayList::open(&path, KeyHash([8; 32]), |_| {});
    assert!(matches!(other, Err(ListError::Damaged)));
    assert!(matches!(open(&folder.path().join("none")), Err(ListError::Missing)));
    assert!(matches!(open(folder.path()), Err(ListError::Damaged)));
}

#[test]
fn every_flipped_bit_and_noise_are_noticed() {
    let (_folder, path) = list();
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        assert!(open(&path).is_err(), "bit {bit}");
    }
    let zeros = [&whole[..], &[0; 100]].concat();
    let noise: Vec<u8> = (0..5000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for bytes in [zeros, noise, whole[HEADER_LEN..].to_vec()] {
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(open(&path), Err(ListError::Damaged)));
    }
    // a duplicated record, and a record missing in between
    let (record, rest) = whole[HEADER_LEN..].split_at(8 + 32 * 8);
    for bytes in [[&whole[..HEADER_LEN], record, record, rest].concat(), [&whole[..HEADER_LEN], rest].concat()] {
        fs::write(&path, &bytes).unwrap();
        assert!(open(&path).is_err());
    }
}
