//! What is kept on a disk.

use mixwell_chat::{Cost, FileHasher, History, HistoryError, VaultError, VaultKey, clean_text, file_name};
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

#[test]
fn a_history_is_whole_or_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut history, mut file) = History::create("words", COST, &mut rng).unwrap();
    let head = file.len();
    let mut ends = vec![head];
    for entry in ["one", "", "three"] {
        file.extend(history.append(entry, &mut rng).unwrap());
        ends.push(file.len());
    }
    let open = |file: &[u8]| {
        History::open("words", file)
            .map(|(_, entries, end)| (entries.iter().map(|entry| entry.to_string()).collect::<Vec<_>>(), end))
    };
    assert_eq!(open(&file).unwrap(), (vec!["one".to_owned(), String::new(), "three".to_owned()], file.len()));
    assert_eq!(History::open("word", &file).err(), Some(HistoryError::Vault(VaultError::Key)));
    for cut in head..file.len() {
        let whole = *ends.iter().filter(|end| **end <= cut).max().unwrap();
        assert_eq!(open(&file[..cut]).unwrap().1, whole);
    }
    // the second entry in the place of the first, and the first taken out
    let swapped = [&file[..head], &file[ends[1]..ends[2]]].concat();
    assert!(open(&swapped).is_err());
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(open(&changed).err(), Some(HistoryError::Entry { number: 2 }));
    assert_eq!(open(b"something else").err(), Some(HistoryError::Vault(VaultError::Label)));
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
        ("con.txt", "file"),
        ("LPT1", "file"),
        ("a\u{1b}[2J\nb", "a_[2J_b"),
        ("gpj.\u{202e}exe", "gpj._exe"),
        ("what? <it>:|is*", "what_ _it___is_"),
    ] {
        assert_eq!(file_name(name), clean, "{name:?}");
    }
    assert!(file_name(&"ä".repeat(1000)).len() <= 128);
    assert_eq!(clean_text("a\tb\nc\u{7}"), "a\u{fffd}b\nc\u{fffd}");
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
