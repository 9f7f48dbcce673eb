//! The history file.

use crate::{Error, tests::*};
use mixwell_chat::Cost;
use std::fs;

const COST: Cost = Cost { kib: 64, passes: 1 };

fn open(path: &Path, passphrase: &str) -> Result<HistoryFile, Error> {
    HistoryFile::open(path, passphrase, COST, false, &entropy())
}

#[test]
fn texts_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let mut service = Service::default();
    let [alice, mut bob] = paired(folder.path(), &mut service);
    drop(alice);
    let mut alice = Side::open(&folder.path().join("alice"), Some(open(&path, "right").unwrap()));
    alice.line("a secret\nof two lines");
    bob.line("another");
    until([&mut alice, &mut bob], &mut service, |[alice, _]| alice.was_told("<bob> another"));
    alice.line("/find SECRET");
    assert!(alice.told().last().unwrap().contains("<you to bob> a secret"), "{:?}", alice.told());
    let export = folder.path().join("export.txt");
    alice.line(&format!("/export {}", export.display()));
    let text = fs::read_to_string(&export).unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(lines, ["<alice> a secret", "of two lines", "<bob> another"]);
    drop(alice);
    assert!(!fs::read(&path).unwrap().windows(6).any(|window| window == b"secret"));
    assert!(open(&path, "wrong").is_err());
    let alice = Side::open(&folder.path().join("alice"), Some(open(&path, "right").unwrap()));
    assert!(alice.was_told("> a secret") && alice.was_told("<bob> another"));
}

/// Regression test: a flipped bit in a length cut 580 bytes to 123.
#[test]
fn a_damaged_history_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let entry = |text: &str| mixwell_chat::HistoryEntry {
        time: 1,
        contact: "1 bob".to_owned(),
        is_ours: true,
        text: text.to_owned().into(),
    };
    let mut history = open(&path, "right").unwrap();
    let head = fs::metadata(&path).unwrap().len();
    let mut ends = Vec::new();
    for text in ["one", "two", "three"] {
        history.append(entry(text), &entropy()).unwrap();
        ends.push(usize::try_from(fs::metadata(&path).unwrap().len()).unwrap());
    }
    drop(history);
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[usize::try_from(head).unwrap()] ^= 1;
    let mut second = whole.clone();
    second[ends[0] + 1] ^= 0x10;
    for (bytes, entries) in [(damaged, 0), (second, 1), (whole[..ends[2] - 3].to_vec(), 2)] {
        fs::write(&path, &bytes).unwrap();
        let why = open(&path, "right").unwrap_err().to_string();
        assert!(why.contains(&format!("after {entries} intact entries")) && why.contains("--repair-history"), "{why}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing is cut off");
        let mut repaired = HistoryFile::open(&path, "right", COST, true, &entropy()).unwrap();
        assert_eq!(repaired.entries().len(), entries);
        repaired.append(entry("after"), &entropy()).unwrap();
        assert_eq!(open(&path, "right").unwrap().entries().len(), entries + 1);
    }
    let aside = (1..=3).map(|number| fs::read(folder.path().join(format!("history.damaged-{number}"))).unwrap().len());
    assert_eq!(aside.sum::<usize>(), 3 * whole.len() - 3);
}
