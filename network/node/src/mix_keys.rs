//! A node's mix keys, one for each epoch: generated in advance, because descriptors contain them,
//! and erased after their last use.

mod folder;
mod own;
mod replay_list;
mod rotate;
#[cfg(test)]
mod tests;

pub(crate) use own::{OwnIdentity, OwnKeys};
pub(crate) use replay_list::{Flush, ListError, MAX_TAGS, ReplayList};
pub(crate) use rotate::rotate;

use crate::any_sphinx::{AnySphinx, LoadedKey, PrivateKey};
use core::{fmt, time::Duration};
use folder::{Files, KeyFolder};
use mixwell_net::files::KeyFileError;
use mixwell_pki_types::{Epoch, KeyHash, build::EpochKeys};
use mixwell_sphinx::{EpochRing, RingTime};
use rand_core::CryptoRng;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tokio::{sync::watch, time::Instant};
use zeroize::Zeroizing;

/// The mix keys of a node, by epoch. With a folder they survive a restart, so that packets in
/// flight and the uploaded descriptor stay valid.
pub struct MixKeys {
    sphinx: AnySphinx,
    folder: Option<KeyFolder>,
    keys: RwLock<EpochRing<MixKey>>,
    /// The zero of the ring's monotonic clock.
    start: Instant,
    /// Epochs whose files are to be erased although no key of theirs is in use: files set aside,
    /// and failed erasures.
    leftovers: Mutex<BTreeMap<Epoch, Duration>>,
    changed: watch::Sender<()>,
}

struct MixKey {
    private: PrivateKey,
    public: Vec<u8>,
    storage: KeyStorage,
}

/// The storage of a key besides memory.
enum KeyStorage {
    /// None: a restart loses the key.
    Memory,
    /// None yet, because writing failed. Writing is retried until the key opens its first packet.
    Unstored(Zeroizing<Vec<u8>>),
    /// In the folder.
    Folder,
}

/// A mix key for opening packets.
pub(crate) struct OpeningKey {
    pub private: PrivateKey,
    /// Hash of the public key, which binds the replay list to it.
    pub id: KeyHash,
    /// Path of the key's replay list; `None` if the key is only in memory.
    pub list: Option<PathBuf>,
}

/// The time, by each of a node's clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// The epoch of the system's clock.
    pub clock: Epoch,
    /// The latest epoch that has certainly begun, if one is known: see
    /// [`ProvenTime`](super::clock::ProvenTime).
    pub proven: Option<Epoch>,
    /// The monotonic clock.
    pub instant: Instant,
}

impl MixKeys {
    /// Keys in memory only.
    #[must_use]
    pub fn in_memory(sphinx: AnySphinx) -> Self {
        Self::new(sphinx, None, EpochRing::new(), BTreeMap::new(), Instant::now())
    }

    /// Keys stored in a folder. Reads the existing keys, erases leftovers of others, and sets
    /// damaged key files aside.
    ///
    /// # Errors
    /// If the folder or a file in it can't be created, read or erased.
    pub fn in_folder(sphinx: AnySphinx, folder: PathBuf, now: Instant) -> Result<Self, KeyFileError> {
        let folder = KeyFolder::open(folder)?;
        let Files { read, aside } = folder.read(&sphinx)?;
        let mut keys = EpochRing::new();
        for (epoch, LoadedKey { private, public }) in read {
            keys.insert(epoch.0, MixKey { private, public, storage: KeyStorage::Folder }, BEFORE_START);
        }
        let leftovers = aside.into_iter().map(|epoch| (epoch, BEFORE_START)).collect();
        Ok(Self::new(sphinx, Some(folder), keys, leftovers, now))
    }

    fn new(
        sphinx: AnySphinx,
        folder: Option<KeyFolder>,
        keys: EpochRing<MixKey>,
        leftovers: BTreeMap<Epoch, Duration>,
        start: Instant,
    ) -> Self {
        let (keys, leftovers) = (RwLock::new(keys), Mutex::new(leftovers));
        Self { sphinx, folder, keys, start, leftovers, changed: watch::Sender::new(()) }
    }

    /// The ring's monotonic clock.
    fn monotonic(&self, instant: Instant) -> Duration {
        BEFORE_START.saturating_add(instant.saturating_duration_since(self.start))
    }

    /// The packets that the keys are for.
    #[must_use]
    pub const fn sphinx(&self) -> &AnySphinx {
        &self.sphinx
    }

    /// Generates the missing keys of an epoch and of the three epochs after it.
    ///
    /// # Errors
    /// If a key can't be stored. It is nevertheless used, from memory; call this again to retry.
    pub fn advance(&self, now: Epoch, instant: Instant, rng: &mut dyn CryptoRng) -> Result<(), KeyFileError> {
        let mut failure = None;
        for epoch in (0..=EpochRing::<MixKey>::AHEAD).map(|n| now.plus(n)) {
            if self.read().get(epoch.0).is_some() {
                failure = self.store_again(epoch).err().or(failure);
                continue;
            }
            let bytes = self.sphinx.opening().generate(rng);
            let LoadedKey { private, public } = self.sphinx.opening().load(&bytes)?;
            let storage = match &self.folder {
                None => KeyStorage::Memory,
                Some(folder) => match folder.store(&self.sphinx, epoch, KeyHash::of(&public), &bytes) {
                    Ok(()) => KeyStorage::Folder,
                    Err(error) => {
                        failure = Some(error);
                        KeyStorage::Unstored(bytes)
                    }
                },
            };
            self.write().insert(epoch.0, MixKey { private, public, storage }, self.monotonic(instant));
            self.changed.send_replace(());
        }
        failure.map_or(Ok(()), Err)
    }

    /// Retries to store a key that could not be stored when it was generated.
    fn store_again(&self, epoch: Epoch) -> Result<(), KeyFileError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut keys = self.write();
        let Some(key) = keys.get_mut(epoch.0) else { return Ok(()) };
        if let KeyStorage::Unstored(bytes) = &key.storage {
            folder.store(&self.sphinx, epoch, KeyHash::of(&key.public), bytes)?;
            key.storage = KeyStorage::Folder;
        }
        Ok(())
    }

    /// Erases the keys that are no longer used. The system's clock alone does not decide, so that a
    /// clock that jumps erases nothing: in addition, a consensus must prove the time, or the key
    /// must be older than any key in use can be.
    ///
    /// # Errors
    /// If a file can't be erased; call this again to retry.
    pub(crate) fn retire(&self, now: Now, period: Duration) -> io::Result<()> {
        let monotonic = self.monotonic(now.instant);
        let time = RingTime { epoch: now.clock.0, proven: now.proven.map(|epoch| epoch.0), monotonic };
        let over = self.write().retire(&time, period);
        let is_over =
            |epoch: &Epoch, since: &mut Duration| EpochRing::<MixKey>::is_over(epoch.0, *since, &time, period);
        let mut leftovers = self.leftovers();
        let mut files: Vec<Epoch> = leftovers.extract_if(.., is_over).map(|(epoch, _)| epoch).collect();
        let stored = over.iter().filter(|(_, key)| matches!(key.storage, KeyStorage::Folder));
        files.extend(stored.map(|(epoch, _)| Epoch(*epoch)));
        if !over.is_empty() {
            self.changed.send_replace(());
        }
        let mut outcome = Ok(());
        for epoch in files {
            let Some(folder) = &self.folder else { continue };
            if let Err(error) = folder.erase(epoch) {
                // backdated, so that the next call tries again
                leftovers.insert(epoch, Duration::ZERO);
                outcome = Err(error);
            }
        }
        outcome
    }

    /// The key of an epoch, to open packets with. A key that is not stored yet stays in memory from
    /// now on: a replay list created later would lack the packets that the key has already opened.
    pub(crate) fn opening(&self, epoch: Epoch) -> Option<OpeningKey> {
        let mut keys = self.write();
        let key = keys.get_mut(epoch.0)?;
        if let KeyStorage::Unstored(_) = key.storage {
            key.storage = KeyStorage::Memory;
        }
        let folder = self.folder.as_ref().filter(|_| matches!(key.storage, KeyStorage::Folder));
        Some(OpeningKey {
            private: key.private.clone(),
            id: KeyHash::of(&key.public),
            list: folder.map(|folder| folder.list(epoch)),
        })
    }

    /// Whether this is still the key of an epoch.
    pub(crate) fn is_current(&self, epoch: Epoch, private: &PrivateKey) -> bool {
        self.read().get(epoch.0).is_some_and(|key| key.private.is(private))
    }

    /// Discards a key whose replay list can't be trusted; `advance` will generate another one.
    pub(crate) fn set_aside(&self, epoch: Epoch, why: &ListError) {
        let Some(key) = self.write().remove(epoch.0) else { return };
        tracing::warn!(
            %epoch,
            "set aside the mix key: {why}, and packets could be replayed; packets made for this key are dropped until \
             clients know the new one from the next descriptor"
        );
        if let (Some(folder), KeyStorage::Folder) = (&self.folder, key.storage) {
            folder.set_aside(epoch);
            self.leftovers().insert(epoch, self.monotonic(Instant::now()));
        }
        self.changed.send_replace(());
    }

    /// Whether keys survive a restart.
    pub(crate) const fn has_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// Removes the key of an epoch from the disk, because its replay list can no longer be written.
    /// The key stays in memory.
    ///
    /// # Errors
    /// If the file can't be removed: the key must not open packets any more.
    pub(crate) fn forget_on_disk(&self, epoch: Epoch) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            folder.disown(epoch)?;
            self.leftovers().insert(epoch, self.monotonic(Instant::now()));
        }
        if let Some(key) = self.write().get_mut(epoch.0) {
            key.storage = KeyStorage::Memory;
        }
        Ok(())
    }

    /// Notifies of each change of the set of keys.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether all keys in the descriptor for an epoch exist.
    pub(crate) fn cover(&self, epoch: Epoch) -> bool {
        self.read().covers(epoch.0)
    }

    /// The public keys in the descriptor for an epoch: those of the epoch and of the two after it.
    pub fn public(&self, epoch: Epoch) -> EpochKeys {
        self.read().published(epoch.0).map(|(epoch, key)| (Epoch(epoch), key.public.clone())).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, EpochRing<MixKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, EpochRing<MixKey>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn leftovers(&self) -> MutexGuard<'_, BTreeMap<Epoch, Duration>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MixKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MixKeys({}, ..)", self.sphinx.geometry().scheme().name())
    }
}

/// The ring's monotonic time at the start, before which a file whose erasure failed is dated, so
/// that it is tried again: longer than the life of any key.
const BEFORE_START: Duration = Duration::from_hours(100 * 365 * 24);
