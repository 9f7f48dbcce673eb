//! Data stored on disk.

use mixwell_chat::{
    Cost, FileHasher, History, HistoryEntry, HistoryError, HistoryRest, MAX_NAME_LEN, OpenedHistory, VaultError,
    VaultKey, clean_text, file_name, person_name,
};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

const COST: Cost = Cost { kib: 64, passes: 1 };

#[test]
fn what_is_sealed_opens_with_its_key_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let key = VaultKey::generate(&mut rng);
    let sealed = key.seal(b"state", b"secret", &mut rng).unwrap();
    assert_ne!(sealed, key.seal(b"state", b"secret", &mut rng).unwrap());
    assert_eq!(*key.open(b"state", &sealed).unwrap(), b"secret");
    assert_eq!(key.open(b"other", &sealed).err(), Some(VaultError::Key));
    assert_eq!(VaultKey::generate(&mut rng).open(b"state", &sealed).err(), Some(VaultError::Key));
    assert_eq!(*VaultKey::from_bytes(*key.as_bytes()).open(b"state", &sealed).unwrap(), b"secret");
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(key.open(b"state", &changed).is_err());
        assert!(key.open(b"state", &sealed[..place]).is_err());
    }
    assert_eq!(format!("{key:?}"), "VaultKey(Key(..))");
}

#[test]
fn a_passphrase_stands_for_a_key() {
    let of = |passphrase: &str, cost| VaultKey::of_passphrase(passphrase, b"somesaltsomesalt", cost);
    let key = of("password", COST).unwrap();
    assert_eq!(key.as_bytes(), of("password", COST).unwrap().as_bytes());
    assert_ne!(key.as_bytes(), of("passwore", COST).unwrap().as_bytes());
    assert_eq!(of("password", Cost { kib: 2 * 1024 * 1024, passes: 1 }).err(), Some(VaultError::Cost));
    assert_eq!(of("password", Cost { kib: 64, passes: 0 }).err(), Some(VaultError::Cost));
    assert_eq!(of("password", Cost { kib: 64, passes: 17 }).err(), Some(VaultError::Cost));
}

fn entry(text: &str) -> HistoryEntry {
    HistoryEntry { time: 7, contact: "bob".to_owned(), is_ours: true, text: text.to_owned().into() }
}

/// A history of these texts, and the end of each entry.
fn history(texts: &[&str]) -> (Vec<u8>, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut history, mut file) = History::create("words", COST, &mut rng).unwrap();
    let mut ends = vec![file.len()];
    for text in texts {
        file.extend(history.append(&entry(text), &mut rng).unwrap());
        ends.push(file.len());
    }
    (file, ends)
}

fn texts(opened: &OpenedHistory) -> Vec<&str> {
    opened.entries.iter().map(|entry| entry.text.as_str()).collect()
}

#[test]
fn a_history_comes_back() {
    let (file, _) = history(&["one", "", "three"]);
    let opened = History::open("words", &file).unwrap();
    assert_eq!(
        (texts(&opened), opened.whole_len, opened.rest),
        (vec!["one", "", "three"], file.len(), HistoryRest::Nothing)
    );
    assert_eq!(opened.entries[0], entry("one"));
    assert_eq!(opened.history.count(), 3);
    assert_eq!(History::open("word", &file).err(), Some(HistoryError::Vault(VaultError::Key)));
    assert_eq!(History::open("words", b"something else").err(), Some(HistoryError::Vault(VaultError::Label)));
    let older = [b"mixwell-hist-1\n\0".as_slice(), &file[16..]].concat();
    assert_eq!(History::open("words", &older).err(), Some(HistoryError::Version));
}

#[test]
fn an_empty_history_knows_its_passphrase() {
    let (file, _) = history(&[]);
    assert!(History::open("words", &file).unwrap().entries.is_empty());
    assert_eq!(History::open("word", &file).err(), Some(HistoryError::Vault(VaultError::Key)));
    for place in 16..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert!(History::open("words", &changed).is_err(), "{place}");
    }
}

#[test]
fn an_entry_that_a_crash_cut_off_is_told() {
    let (file, ends) = history(&["one", "two"]);
    for cut in ends[0]..file.len() {
        let opened = History::open("words", &file[..cut]).unwrap();
        let whole_len = *ends.iter().filter(|end| **end <= cut).max().unwrap();
        let rest = if cut == whole_len { HistoryRest::Nothing } else { HistoryRest::Torn { len: cut - whole_len } };
        assert_eq!((opened.whole_len, opened.rest), (whole_len, rest));
        assert_eq!(texts(&opened).len(), usize::from(cut >= ends[1]));
    }
}

/// A flipped bit, wherever it is, does not hide later entries and is not mistaken for a torn write.
#[test]
fn a_damaged_entry_is_told_from_a_torn_one() {
    let (file, ends) = history(&["one", "two", "three"]);
    for place in ends[0]..file.len() {
        for bit in [1, 0x80] {
            let mut changed = file.clone();
            changed[place] ^= bit;
            let opened = History::open("words", &changed).unwrap();
            let whole_len = *ends.iter().filter(|end| **end <= place).max().unwrap();
            assert_eq!(opened.whole_len, whole_len, "{place}");
            assert_eq!(opened.rest, HistoryRest::Damaged { len: file.len() - whole_len }, "{place}");
        }
    }
    // the second entry is missing, and the third is in its place
    let moved = [&file[..ends[0]], &file[ends[1]..]].concat();
    assert!(matches!(History::open("words", &moved).unwrap().rest, HistoryRest::Damaged { .. }));
    // an entry after a truncated one
    let behind = [&file[..ends[2] - 5], &file[ends[2]..]].concat();
    assert!(matches!(History::open("words", &behind).unwrap().rest, HistoryRest::Damaged { .. }));
}

#[test]
fn a_history_goes_on_behind_its_last_whole_entry() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (file, ends) = history(&["one", "two"]);
    let mut opened = History::open("words", &file[..ends[2] - 1]).unwrap();
    let mut file = file[..opened.whole_len].to_vec();
    file.extend(opened.history.append(&entry("other"), &mut rng).unwrap());
    assert_eq!(texts(&History::open("words", &file).unwrap()), ["one", "other"]);
    assert!(opened.history.append(&entry(&"x".repeat(1 << 20)), &mut rng).is_err());
    assert_eq!(opened.history.count(), 2);
    opened.history.append(&entry("lost on a full disk"), &mut rng).unwrap();
    opened.history.undo();
    file.extend(opened.history.append(&entry("again"), &mut rng).unwrap());
    assert_eq!(texts(&History::open("words", &file).unwrap()), ["one", "other", "again"]);
}

#[test]
fn names_are_harmless() {
    for (name, clean) in [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\system.ini", "system.ini"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("", "file"),
        ("..", "file"),
        ("a/", "file"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("com\u{b9}.log", "_com\u{b9}.log"),
        ("COM0", "_COM0"),
        ("CONIN$.txt", "_CONIN$.txt"),
        ("comb.txt", "comb.txt"),
        ("com10", "com10"),
        ("a\u{1b}[2J\nb", "a_[2J_b"),
        ("gpj.\u{202e}exe", "gpj._exe"),
        ("what? <it>:|is*", "what_ _it___is_"),
    ] {
        assert_eq!(file_name(name), clean, "{name:?}");
    }
    assert!(file_name(&"ä".repeat(1000)).len() <= 128);
    assert_eq!(clean_text("a\tb\nc\u{7}"), "a    b\nc\u{fffd}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn cleaning_again_changes_nothing(name in "\\PC{0,40}|[\\u{300}-\\u{36f}\\u{200b}-\\u{206f}\u{0}-\u{7f}]{0,40}") {
        let shown = clean_text(&name);
        prop_assert_eq!(&clean_text(&shown), &shown);
        prop_assert!(shown.len() <= 4 * name.len());
        let file = file_name(&name);
        prop_assert_eq!(&file_name(&file), &file);
        prop_assert!(!file.is_empty() && file.len() <= 128);
        let person = person_name(&name);
        prop_assert_eq!(&person_name(&person), &person);
        prop_assert!(!person.is_empty() && person.len() <= MAX_NAME_LEN);
    }
}

#[test]
fn a_hash_is_of_all_pieces() {
    let mut hasher = FileHasher::new();
    hasher.update(b"a");
    hasher.update(b"bc");
    let mut whole = FileHasher::new();
    whole.update(b"abc");
    let hash = whole.finish();
    assert_eq!(hasher.finish(), hash);
    assert_eq!(hash[..4], [0xbd, 0xdd, 0x81, 0x3c]);
}

/// A device name is prefixed, and truncation to the maximum length would then leave a trailing dot.
#[test]
fn a_device_with_the_longest_name_ends_in_no_dot() {
    let longest = format!("aux.{}.b", "a".repeat(122));
    assert_eq!(longest.len(), 128);
    let name = file_name(&longest);
    assert_eq!(name, format!("_aux.{}", "a".repeat(122)));
    assert_eq!(file_name(&name), name);
}
