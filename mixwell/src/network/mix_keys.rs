//! A node's mix keys, one for each epoch: made ahead, as descriptors name them, and erased when their time is over.

mod folder;
mod replay_list;
mod rotate;

pub(crate) use replay_list::{Flush, ListError, MAX_TAGS, ReplayList};
pub(crate) use rotate::rotate;

use core::{fmt, time::Duration};
use folder::{Files, KeyFolder, ReadKey};
use mixwell_net::{codec::MixScheme, files::KeyFileError};
use mixwell_pki_types::{Epoch, KeyHash, build::EpochKeys};
use rand_core::CryptoRng;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tokio::{sync::watch, time::Instant};
use zeroize::Zeroizing;

/// The mix keys of a node, by epoch. With a folder they outlive a restart, so that packets on their way and the
/// descriptor that was uploaded stay good.
pub(crate) struct MixKeys<S: MixScheme> {
    folder: Option<KeyFolder>,
    keys: RwLock<BTreeMap<Epoch, MixKey<S>>>,
    /// Files to erase that are not keys in use: damaged ones, and those whose erasure has failed.
    leftovers: Mutex<BTreeMap<Epoch, Instant>>,
    changed: watch::Sender<()>,
}

struct MixKey<S: MixScheme> {
    private: Arc<S::PrivateKey>,
    public: Vec<u8>,
    /// When it was made or read.
    since: Instant,
    place: Place,
}

/// Where a key is kept besides memory.
enum Place {
    /// Nowhere: a restart loses it.
    Memory,
    /// Nowhere yet, as the disk did not take it; to be tried again while nothing was opened with it.
    Unstored(Zeroizing<Vec<u8>>),
    /// In the folder.
    Folder,
}

/// A mix key for opening packets.
pub(crate) struct OpeningKey<S: MixScheme> {
    pub(crate) private: Arc<S::PrivateKey>,
    /// The hash of the public key, which binds the replay list to it.
    pub(crate) id: KeyHash,
    /// Its replay list; `None` if the key is in memory alone.
    pub(crate) list: Option<PathBuf>,
}

/// What the time is, by the clocks that a node has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// The epoch of the system's clock.
    pub(crate) clock: Epoch,
    /// The epoch that has begun for certain, if one is known: see [`ProvenTime`](mixwell_net::clock::ProvenTime).
    pub(crate) proven: Option<Epoch>,
    /// The monotonic clock.
    pub(crate) instant: Instant,
}

impl<S: MixScheme> MixKeys<S> {
    /// Keys in memory alone.
    pub(crate) fn in_memory() -> Self {
        Self::new(None, BTreeMap::new(), BTreeMap::new())
    }

    /// Keys that are in a folder too: those that are there are read, and leftovers of others erased. A damaged key file
    /// is set aside.
    pub(crate) fn in_folder(folder: PathBuf, now: Instant) -> Result<Self, KeyFileError> {
        let folder = KeyFolder::open(folder)?;
        let Files { read, aside } = folder.read::<S>()?;
        let of = |(epoch, ReadKey { private, public })| {
            (epoch, MixKey { private: Arc::new(private), public, since: now, place: Place::Folder })
        };
        let leftovers = aside.into_iter().map(|epoch| (epoch, now)).collect();
        Ok(Self::new(Some(folder), read.into_iter().map(of).collect(), leftovers))
    }

    fn new(folder: Option<KeyFolder>, keys: BTreeMap<Epoch, MixKey<S>>, leftovers: BTreeMap<Epoch, Instant>) -> Self {
        let (keys, leftovers) = (RwLock::new(keys), Mutex::new(leftovers));
        Self { folder, keys, leftovers, changed: watch::Sender::new(()) }
    }

    /// Makes the keys that are missing for an epoch and the [`AHEAD`] after it.
    ///
    /// # Errors
    /// If one can't be stored. It exists all the same, in memory; call this again to try again.
    pub(crate) fn advance(&self, now: Epoch, instant: Instant, rng: &mut dyn CryptoRng) -> Result<(), KeyFileError> {
        let mut failure = None;
        for epoch in (0..=AHEAD).map(|n| now.plus(n)) {
            if self.read().contains_key(&epoch) {
                failure = self.store_again(epoch).err().or(failure);
                continue;
            }
            let bytes = S::generate(rng);
            let (private, public) = S::of_private(&bytes)?;
            let place = match &self.folder {
                None => Place::Memory,
                Some(folder) => match folder.store::<S>(epoch, KeyHash::of(&public), &bytes) {
                    Ok(()) => Place::Folder,
                    Err(error) => {
                        failure = Some(error);
                        Place::Unstored(bytes)
                    }
                },
            };
            self.write().insert(epoch, MixKey { private: Arc::new(private), public, since: instant, place });
            self.changed.send_replace(());
        }
        failure.map_or(Ok(()), Err)
    }

    /// Tries to store a key that could not be stored when it was made.
    fn store_again(&self, epoch: Epoch) -> Result<(), KeyFileError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut keys = self.write();
        let Some(key) = keys.get_mut(&epoch) else { return Ok(()) };
        if let Place::Unstored(bytes) = &key.place {
            folder.store::<S>(epoch, KeyHash::of(&key.public), bytes)?;
            key.place = Place::Folder;
        }
        Ok(())
    }

    /// Erases the keys whose time is over: by the system's clock, and besides by proof or by a monotonic age at which a
    /// key is of no use whenever it was made. A clock that jumps erases nothing.
    ///
    /// # Errors
    /// If a file can't be erased; call this again to try again.
    pub(crate) fn retire(&self, now: Now, period: Duration) -> io::Result<()> {
        let longest_life = period.saturating_mul(LIFE);
        let is_over = |epoch: Epoch, since: Instant| {
            let end = epoch.plus(2);
            let by_clock = end <= now.clock || epoch > now.clock.plus(AHEAD);
            let by_age = now.instant.saturating_duration_since(since) >= longest_life;
            by_clock && (by_age || now.proven.is_some_and(|proven| end <= proven))
        };
        let over: Vec<(Epoch, MixKey<S>)> =
            self.write().extract_if(.., |epoch, key| is_over(*epoch, key.since)).collect();
        let mut leftovers = self.leftovers();
        let mut files: Vec<Epoch> =
            leftovers.extract_if(.., |epoch, since| is_over(*epoch, *since)).map(|(epoch, _)| epoch).collect();
        files.extend(over.iter().filter(|(_, key)| matches!(key.place, Place::Folder)).map(|(epoch, _)| *epoch));
        if !over.is_empty() {
            self.changed.send_replace(());
        }
        let mut outcome = Ok(());
        for epoch in files {
            let Some(folder) = &self.folder else { continue };
            if let Err(error) = folder.erase(epoch) {
                // the age of what is left is that of the key: it is over at the next call too
                leftovers.insert(epoch, now.instant.checked_sub(longest_life).unwrap_or(now.instant));
                outcome = Err(error);
            }
        }
        outcome
    }

    /// The key of an epoch, to open packets with. From now on it is stored no more if it is not yet, as the list of what
    /// was seen under it would be incomplete.
    pub(crate) fn opening(&self, epoch: Epoch) -> Option<OpeningKey<S>> {
        let mut keys = self.write();
        let key = keys.get_mut(&epoch)?;
        if let Place::Unstored(_) = key.place {
            key.place = Place::Memory;
        }
        let folder = self.folder.as_ref().filter(|_| matches!(key.place, Place::Folder));
        Some(OpeningKey {
            private: Arc::clone(&key.private),
            id: KeyHash::of(&key.public),
            list: folder.map(|folder| folder.list(epoch)),
        })
    }

    /// Whether this is still the key of an epoch.
    pub(crate) fn is_current(&self, epoch: Epoch, private: &Arc<S::PrivateKey>) -> bool {
        self.read().get(&epoch).is_some_and(|key| Arc::ptr_eq(&key.private, private))
    }

    /// Gives up a key whose replay list is not to be trusted; another one will be made in its place.
    pub(crate) fn set_aside(&self, epoch: Epoch, why: &ListError) {
        let Some(key) = self.write().remove(&epoch) else { return };
        tracing::warn!(
            %epoch,
            "set aside the mix key: {why}, and packets could be replayed; those made for this key are dropped, and a new \
             key counts from the next descriptor on"
        );
        if let (Some(folder), Place::Folder) = (&self.folder, key.place) {
            folder.set_aside(epoch);
            self.leftovers().insert(epoch, Instant::now());
        }
        self.changed.send_replace(());
    }

    /// Makes sure that a restart does not find the key of an epoch, as its replay list can't be written any more. In memory
    /// it stays.
    ///
    /// # Errors
    /// If the file can't be removed: the key must not open packets any more.
    pub(crate) fn forget_on_disk(&self, epoch: Epoch) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            folder.disown(epoch)?;
            self.leftovers().insert(epoch, Instant::now());
        }
        if let Some(key) = self.write().get_mut(&epoch) {
            key.place = Place::Memory;
        }
        Ok(())
    }

    /// Wakes up after each change of the set of keys.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether the keys that the descriptor for an epoch names exist.
    pub(crate) fn cover(&self, epoch: Epoch) -> bool {
        let keys = self.read();
        (0..EPOCHS_OF_A_DESCRIPTOR).all(|n| keys.contains_key(&epoch.plus(n)))
    }

    /// The public keys that the descriptor for an epoch names: those of the epoch and of the two after it.
    pub(crate) fn public(&self, epoch: Epoch) -> EpochKeys {
        let last = epoch.plus(EPOCHS_OF_A_DESCRIPTOR.saturating_sub(1));
        self.read().range(epoch..=last).map(|(epoch, key)| (*epoch, key.public.clone())).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Epoch, MixKey<S>>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Epoch, MixKey<S>>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn leftovers(&self) -> MutexGuard<'_, BTreeMap<Epoch, Instant>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A node's mix keys, whatever their scheme.
pub(crate) trait OwnKeys: Send + Sync {
    /// Whether this is the public key of an epoch.
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool;
}

impl<S: MixScheme> OwnKeys for MixKeys<S> {
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool {
        self.read().get(&epoch).is_some_and(|key| key.public == public)
    }
}

impl<S: MixScheme> fmt::Debug for MixKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MixKeys({}, ..)", S::INFO.name())
    }
}

/// In epoch e a node publishes its keys for e + 1 to e + 3.
const AHEAD: u64 = 3;

const EPOCHS_OF_A_DESCRIPTOR: u64 = 3;

/// Epochs after which a key is of no use: it is made at most [`AHEAD`] epochs before its own, and is good for the one
/// after that too.
const LIFE: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20::ChaCha20Rng;
    use mixwell_net::randomness::Randomness;
    use mixwell_pq_kem::{X25519, XWing};
    use std::{fs, path::Path};
    use tempfile::TempDir;

    const PERIOD: Duration = Duration::from_mins(20);

    /// The mix keys of a folder, and the clocks.
    struct Tried<S: MixScheme> {
        keys: MixKeys<S>,
        start: Instant,
        rng: ChaCha20Rng,
    }

    impl<S: MixScheme> Tried<S> {
        fn new(folder: &Path) -> Self {
            let start = Instant::now();
            let keys = MixKeys::in_folder(folder.to_path_buf(), start).unwrap();
            Self { keys, start, rng: Randomness::from_seed(1).rng() }
        }

        /// Does what is due when so much time has passed since the start.
        fn at(&mut self, clock: u64, proven: Option<u64>, passed: Duration) -> Result<(), KeyFileError> {
            let now = Now {
                clock: Epoch(clock),
                proven: proven.map(Epoch),
                instant: self.start.checked_add(passed).unwrap(),
            };
            let advanced = self.keys.advance(now.clock, now.instant, &mut self.rng);
            self.keys.retire(now, PERIOD).unwrap();
            advanced
        }

        fn epochs(&self) -> Vec<u64> {
            self.keys.read().keys().map(|epoch| epoch.0).collect()
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

    fn outlive<S: MixScheme>() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Tried::<S>::new(folder.path());
        first.at(5, Some(5), Duration::ZERO).unwrap();
        assert_eq!((first.epochs(), names(folder.path())), ((5..=8).collect(), files_of(5..=8)));
        let public = first.keys.public(Epoch(6));
        assert_eq!(public.keys().map(|epoch| epoch.0).collect::<Vec<_>>(), [6, 7, 8]);
        // as a kill in the middle of an erasure, of a new key, and a key that is gone would leave them
        fs::write(folder.path().join("mix-4.private.pem.past"), [0; 40]).unwrap();
        fs::write(folder.path().join("mix-9.replays"), [0; 40]).unwrap();
        fs::write(folder.path().join("mix-10.note"), "not ours").unwrap();

        let mut again = Tried::<S>::new(folder.path());
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

    /// An hour ahead for three seconds, a year ahead, and back to before the first epoch that the node knew.
    #[test]
    fn a_clock_that_jumps_erases_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut tried = Tried::<X25519>::new(folder.path());
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
        // nor does one that is wrong from the start, before any consensus is known
        let mut again = Tried::<X25519>::new(folder.path());
        again.at(1_000_000, None, Duration::from_secs(3)).unwrap();
        again.at(50, None, Duration::from_secs(6)).unwrap();
        assert_eq!(again.keys.public(Epoch(50)), public);
        // what was made for a time that never came goes with its age
        again.at(52, Some(50), PERIOD * LIFE + Duration::from_secs(6)).unwrap();
        assert_eq!(again.epochs(), (51..=55).collect::<Vec<_>>());
        assert_eq!(names(folder.path()), files_of(51..=55));
    }

    #[test]
    fn proof_or_age_erases_a_key_whose_time_is_over_by_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let mut tried = Tried::<X25519>::new(folder.path());
        tried.at(5, None, Duration::ZERO).unwrap();
        // the clock alone
        tried.at(7, None, PERIOD * 2).unwrap();
        assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
        tried.at(7, Some(6), PERIOD * 2).unwrap();
        assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
        tried.at(7, Some(7), PERIOD * 2).unwrap();
        assert_eq!(tried.epochs(), (6..=10).collect::<Vec<_>>());
        // a proof against the clock: the clock may be behind, or the keys it makes now would be erased at once
        tried.at(6, Some(11), PERIOD * 2).unwrap();
        assert_eq!(tried.epochs(), (6..=10).collect::<Vec<_>>());
        // without authorities, five epochs after it was made
        tried.at(9, None, Duration::from_secs(5 * 1200 - 1)).unwrap();
        assert_eq!(tried.epochs(), (6..=12).collect::<Vec<_>>());
        tried.at(9, None, PERIOD * 5).unwrap();
        assert_eq!(tried.epochs(), (8..=12).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_key_file_is_set_aside_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mut tried = Tried::<X25519>::new(folder.path());
        tried.at(5, Some(5), Duration::ZERO).unwrap();
        let public = tried.keys.public(Epoch(6));
        let path = folder.path().join("mix-6.private.pem");
        let whole = fs::read(&path).unwrap();
        let cut = &whole[..whole.len() - 30];
        for damaged in [b"".as_slice(), b"noise", cut] {
            fs::write(&path, damaged).unwrap();
            let mut again = Tried::<X25519>::new(folder.path());
            assert_eq!(again.epochs(), [5, 7, 8]);
            again.at(5, Some(5), Duration::ZERO).unwrap();
            let now = again.keys.public(Epoch(6));
            assert!(now[&Epoch(6)] != public[&Epoch(6)] && now[&Epoch(7)] == public[&Epoch(7)]);
            assert!(names(folder.path()).contains(&"mix-6.private.pem.damaged".to_owned()));
            assert_eq!(Tried::<X25519>::new(folder.path()).keys.public(Epoch(6)), now, "the new key is kept");
        }
        // the damaged file goes with its epoch
        let mut again = Tried::<X25519>::new(folder.path());
        again.at(8, Some(8), Duration::ZERO).unwrap();
        assert_eq!(names(folder.path()), files_of(7..=11));
    }

    /// The folder is gone, as it may be when a disk fails; a full one is tried by the tool's tests.
    #[test]
    fn keys_that_cannot_be_stored_are_in_memory_until_they_can() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("mix");
        let mut tried = Tried::<X25519>::new(&folder);
        tried.at(5, Some(5), Duration::ZERO).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let error = tried.at(7, Some(6), Duration::ZERO).unwrap_err();
        assert!(matches!(error, KeyFileError::Write(..)), "{error}");
        assert_eq!(tried.epochs(), (5..=10).collect::<Vec<_>>());
        // packets were opened with this one: it is stored no more
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
        let mut tried = Tried::<X25519>::new(folder.path());
        tried.at(5, Some(5), Duration::ZERO).unwrap();
        let key = tried.keys.opening(Epoch(5)).unwrap();
        // it can't be written: in memory the key stays, on the disk it does not
        tried.keys.forget_on_disk(Epoch(5)).unwrap();
        assert!(tried.keys.is_current(Epoch(5), &key.private));
        assert_eq!(names(folder.path()), files_of(6..=8));
        assert!(tried.keys.opening(Epoch(5)).unwrap().list.is_none());
        // it can't be trusted: another key takes its place
        let key = tried.keys.opening(Epoch(6)).unwrap();
        tried.keys.set_aside(Epoch(6), &ListError::Damaged);
        assert!(!tried.keys.is_current(Epoch(6), &key.private) && !tried.keys.cover(Epoch(6)));
        tried.at(5, Some(5), Duration::ZERO).unwrap();
        assert!(!tried.keys.is_current(Epoch(6), &key.private) && tried.keys.cover(Epoch(6)));
    }

    /// A clock at the end of time.
    #[test]
    fn the_last_epoch_of_all() {
        let keys = MixKeys::<X25519>::in_memory();
        keys.advance(Epoch(u64::MAX), Instant::now(), &mut Randomness::from_seed(1).rng()).unwrap();
        assert_eq!(keys.public(Epoch(u64::MAX)).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_not_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder: TempDir = tempfile::tempdir().unwrap();
        Tried::<X25519>::new(folder.path()).at(5, Some(5), Duration::ZERO).unwrap();
        let path = folder.path().join("mix-5.private.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = MixKeys::<X25519>::in_folder(folder.path().to_path_buf(), Instant::now()).unwrap_err();
        assert!(matches!(error, KeyFileError::TooReadable(_, 0o640)), "{error}");
    }
}
