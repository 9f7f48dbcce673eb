//! Mix keys through epochs, restarts and full disks.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use chacha20::ChaCha20Rng;
use mixwell_net::randomness::Randomness;
use mixwell_pq_kem::{X25519, XWing};
use mixwell_sphinx::{Geometry, Scheme};
use std::{fs, path::Path};
use tempfile::TempDir;

const PERIOD: Duration = Duration::from_mins(20);

/// A folder's mix keys, and the clocks.
struct Tried {
    keys: MixKeys,
    start: Instant,
    rng: ChaCha20Rng,
}

impl Tried {
    fn new(folder: &Path) -> Self {
        Self::of(sphinx::<X25519>(), folder)
    }

    fn of(sphinx: AnySphinx, folder: &Path) -> Self {
        let start = Instant::now();
        let keys = MixKeys::in_folder(sphinx, folder.to_path_buf(), start).unwrap();
        Self { keys, start, rng: Randomness::from_seed(1).rng() }
    }

    /// Runs everything that is due `passed` after the start.
    fn at(&mut self, clock: u64, proven: Option<u64>, passed: Duration) -> Result<(), KeyFileError> {
        let now =
            Now { clock: Epoch(clock), proven: proven.map(Epoch), instant: self.start.checked_add(passed).unwrap() };
        let advanced = self.keys.advance(now.clock, now.instant, &mut self.rng);
        self.keys.retire(now, PERIOD).unwrap();
        advanced
    }

    fn epochs(&self) -> Vec<u64> {
        self.keys.read().iter().map(|(epoch, _)| epoch).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files_of(epochs: core::ops::RangeInclusive<u64>) -> Vec<String> {
    let of = |epoch| [format!("mix-{epoch}.private.pem"), format!("mix-{epoch}.replays")];
    let mut names: Vec<_> = epochs.flat_map(of).collect();
    names.sort();
    names
}

fn sphinx<S: Scheme>() -> AnySphinx {
    AnySphinx::new(Geometry::of::<S>(5, 500, true).unwrap()).unwrap()
}

fn outlive<S: Scheme>() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Tried::of(sphinx::<S>(), folder.path());
    first.at(5, Some(5), Duration::ZERO).unwrap();
    assert_eq!((first.epochs(), names(folder.path())), ((5..=8).collect(), files_of(5..=8)));
    let public = first.keys.public(Epoch(6));
    assert_eq!(public.keys().map(|epoch| epoch.0).collect::<Vec<_>>(), [6, 7, 8]);
    // files as left by a kill while a key was being erased or created, and by a key that is gone
    fs::write(folder.path().join("mix-4.private.pem.past"), [0; 40]).unwrap();
    fs::write(folder.path().join("mix-9.replays"), [0; 40]).unwrap();
    fs::write(folder.path().join("mix-10.note"), "not ours").unwrap();

    let mut again = Tried::of(sphinx::<S>(), folder.path());
    fs::remove_file(folder.path().join("mix-10.note")).unwrap();
    again.at(5, Some(5), Duration::ZERO).unwrap();
    assert_eq!(again.keys.public(Epoch(6)), public);
    again.at(7, Some(7), Duration::ZERO).unwrap();
    assert_eq!((again.epochs(), names(folder.path())), ((6..=10).collect(), files_of(6..=10)));
}

#[test]
fn keys_outlive_a_restart_and_no_longer_than_they_should() {
    outlive::<X25519>();
    outlive::<mixwell_sphinx::Kem<XWing>>();
}

/// The clock jumps an hour ahead for three seconds, a year ahead, and back to before the node's
/// first epoch.
#[test]
fn a_clock_that_jumps_erases_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = Tried::new(folder.path());
    tried.at(50, Some(50), Duration::ZERO).unwrap();
    let public = tried.keys.public(Epoch(50));
    let files = names(folder.path());
    for (passed, far) in [(1, 53), (2, 51), (3, 26_330), (4, 10)] {
        tried.at(far, Some(50), Duration::from_secs(passed)).unwrap();
        tried.at(50, Some(50), Duration::from_secs(passed + 1)).unwrap();
        assert_eq!(tried.keys.public(Epoch(50)), public, "{far}");
        let now = names(folder.path());
        assert!(files.iter().all(|file| now.contains(file)), "{far}: {now:?}");
    }
    // nor does a clock that is wrong from the start, before any consensus is known
    let mut again = Tried::new(folder.path());
    again.at(1_000_000, None, Duration::from_secs(3)).unwrap();
    again.at(50, None, Duration::from_secs(6)).unwrap();
    assert_eq!(again.keys.public(Epoch(50)), public);
    // keys made for a time that never came are erased by age
    again.at(52, Some(50), PERIOD * EpochRing::<MixKey>::MAX_AGE + Duration::from_secs(6)).unwrap();
    assert_eq!(again.epochs(), (51..=55).collect::<Vec<_>>());
    assert_eq!(names(folder.path()), files_of(51..=55));
}

#[test]
fn proof_or_age_erases_a_key_whose_time_is_over_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = Tried::new(folder.path());
    tried.at(5, None, Duration::ZERO).unwrap();
    // the clock alone does not erase keys
    tried.at(7, None, PERIOD * 2).unwrap();
    assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
    tried.at(7, Some(6), PERIOD * 2).unwrap();
    assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
    tried.at(7, Some(7), PERIOD * 2).unwrap();
    assert_eq!(tried.epochs(), (6..=10).collect::<Vec<_>>());
    // a proven epoch far ahead of the clock erases nothing: the clock may be behind, and the keys
    // that the node makes now would be erased at once
    tried.at(6, Some(11), PERIOD * 2).unwrap();
    assert_eq!(tried.epochs(), (6..=10).collect::<Vec<_>>());
    // without authorities, a key is erased five epochs after it was made
    tried.at(9, None, Duration::from_secs(5 * 1200 - 1)).unwrap();
    assert_eq!(tried.epochs(), (6..=12).collect::<Vec<_>>());
    tried.at(9, None, PERIOD * 5).unwrap();
    assert_eq!(tried.epochs(), (8..=12).collect::<Vec<_>>());
}

#[test]
fn a_damaged_key_file_is_set_aside_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = Tried::new(folder.path());
    tried.at(5, Some(5), Duration::ZERO).unwrap();
    let public = tried.keys.public(Epoch(6));
    let path = folder.path().join("mix-6.private.pem");
    let whole = fs::read(&path).unwrap();
    let cut = &whole[..whole.len() - 30];
    for damaged in [b"".as_slice(), b"noise", cut] {
        fs::write(&path, damaged).unwrap();
        let mut again = Tried::new(folder.path());
        assert_eq!(again.epochs(), [5, 7, 8]);
        again.at(5, Some(5), Duration::ZERO).unwrap();
        let now = again.keys.public(Epoch(6));
        assert!(now[&Epoch(6)] != public[&Epoch(6)] && now[&Epoch(7)] == public[&Epoch(7)]);
        assert!(names(folder.path()).contains(&"mix-6.private.pem.damaged".to_owned()));
        assert_eq!(Tried::new(folder.path()).keys.public(Epoch(6)), now, "the new key is kept");
    }
    // the damaged file is erased with its epoch
    let mut again = Tried::new(folder.path());
    again.at(8, Some(8), Duration::ZERO).unwrap();
    assert_eq!(names(folder.path()), files_of(7..=11));
}

/// The folder is gone, as after a disk failure; the tool's tests cover a full disk.
#[test]
fn keys_that_cannot_be_stored_are_in_memory_until_they_can() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mix");
    let mut tried = Tried::new(&folder);
    tried.at(5, Some(5), Duration::ZERO).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let error = tried.at(7, Some(6), Duration::ZERO).unwrap_err();
    assert!(matches!(error, KeyFileError::Write(..)), "{error}");
    assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
    // packets were opened with this key, so it is never stored
    assert!(tried.keys.opening(Epoch(9)).unwrap().list.is_none());
    assert!(tried.at(7, Some(6), Duration::ZERO).is_err(), "still");
    fs::create_dir(&folder).unwrap();
    tried.at(7, Some(6), Duration::ZERO).unwrap();
    assert_eq!(names(&folder), files_of(10..=10));
    assert!(tried.keys.opening(Epoch(10)).unwrap().list.is_some());
}

#[test]
fn a_key_whose_list_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = Tried::new(folder.path());
    tried.at(5, Some(5), Duration::ZERO).unwrap();
    let key = tried.keys.opening(Epoch(5)).unwrap();
    // its list cannot be written: the key stays in memory and is removed from the disk
    tried.keys.forget_on_disk(Epoch(5)).unwrap();
    assert!(tried.keys.is_current(Epoch(5), &key.private));
    assert_eq!(names(folder.path()), files_of(6..=8));
    assert!(tried.keys.opening(Epoch(5)).unwrap().list.is_none());
    // its list cannot be trusted: another key replaces it
    let key = tried.keys.opening(Epoch(6)).unwrap();
    tried.keys.set_aside(Epoch(6), &ListError::Damaged);
    assert!(!tried.keys.is_current(Epoch(6), &key.private) && !tried.keys.cover(Epoch(6)));
    tried.at(5, Some(5), Duration::ZERO).unwrap();
    assert!(!tried.keys.is_current(Epoch(6), &key.private) && tried.keys.cover(Epoch(6)));
}

/// The clock is at the end of time.
#[test]
fn the_last_epoch_of_all() {
    let keys = MixKeys::in_memory(sphinx::<X25519>());
    keys.advance(Epoch(u64::MAX), Instant::now(), &mut Randomness::from_seed(1).rng()).unwrap();
    assert_eq!(keys.public(Epoch(u64::MAX)).len(), 1);
}

#[cfg(unix)]
#[test]
fn others_may_not_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder: TempDir = tempfile::tempdir().unwrap();
    Tried::new(folder.path()).at(5, Some(5), Duration::ZERO).unwrap();
    let path = folder.path().join("mix-5.private.pem");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = MixKeys::in_folder(sphinx::<X25519>(), folder.path().to_path_buf(), Instant::now()).unwrap_err();
    assert!(matches!(error, KeyFileError::TooReadable(_, 0o640)), "{error}");
}
