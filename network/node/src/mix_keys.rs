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
    keys: RwLock<BTreeMap<Epoch, MixKey>>,
    /// Epochs whose files are to be erased although no key of theirs is in use: files set aside,
    /// and failed erasures.
    leftovers: Mutex<BTreeMap<Epoch, Instant>>,
    changed: watch::Sender<()>,
}

struct MixKey {
    private: PrivateKey,
    public: Vec<u8>,
    /// When the key was generated or read.
    since: Instant,
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
        Self::new(sphinx, None, BTreeMap::new(), BTreeMap::new())
    }

    /// Keys stored in a folder. Reads the existing keys, erases leftovers of others, and sets
    /// damaged key files aside.
    ///
    /// # Errors
    /// If the folder or a file in it can't be created, read or erased.
    pub fn in_folder(sphinx: AnySphinx, folder: PathBuf, now: Instant) -> Result<Self, KeyFileError> {
        let folder = KeyFolder::open(folder)?;
        let Files { read, aside } = folder.read(&sphinx)?;
        let of = |(epoch, LoadedKey { private, public })| {
            (epoch, MixKey { private, public, since: now, storage: KeyStorage::Folder })
        };
        let leftovers = aside.into_iter().map(|epoch| (epoch, now)).collect();
        Ok(Self::new(sphinx, Some(folder), read.into_iter().map(of).collect(), leftovers))
    }

    fn new(
        sphinx: AnySphinx,
        folder: Option<KeyFolder>,
        keys: BTreeMap<Epoch, MixKey>,
        leftovers: BTreeMap<Epoch, Instant>,
    ) -> Self {
        let (keys, leftovers) = (RwLock::new(keys), Mutex::new(leftovers));
        Self { sphinx, folder, keys, leftovers, changed: watch::Sender::new(()) }
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
        for epoch in (0..=AHEAD).map(|n| now.plus(n)) {
            if self.read().contains_key(&epoch) {
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
            self.write().insert(epoch, MixKey { private, public, since: instant, storage });
            self.changed.send_replace(());
        }
        failure.map_or(Ok(()), Err)
    }

    /// Retries to store a key that could not be stored when it was generated.
    fn store_again(&self, epoch: Epoch) -> Result<(), KeyFileError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut keys = self.write();
        let Some(key) = keys.get_mut(&epoch) else { return Ok(()) };
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
        let longest_life = period * LIFE;
        let is_over = |epoch: Epoch, since: Instant| {
            let end = epoch.plus(2);
            let by_clock = end <= now.clock || epoch > now.clock.plus(AHEAD);
            let by_age = now.instant.saturating_duration_since(since) >= longest_life;
            by_clock && (by_age || now.proven.is_some_and(|proven| end <= proven))
        };
        let over: Vec<(Epoch, MixKey)> = self.write().extract_if(.., |epoch, key| is_over(*epoch, key.since)).collect();
        let mut leftovers = self.leftovers();
        let mut files: Vec<Epoch> =
            leftovers.extract_if(.., |epoch, since| is_over(*epoch, *since)).map(|(epoch, _)| epoch).collect();
        files.extend(over.iter().filter(|(_, key)| matches!(key.storage, KeyStorage::Folder)).map(|(epoch, _)| *epoch));
        if !over.is_empty() {
            self.changed.send_replace(());
        }
        let mut outcome = Ok(());
        for epoch in files {
            let Some(folder) = &self.folder else { continue };
            if let Err(error) = folder.erase(epoch) {
                // backdated, so that the next call tries again
                leftovers.insert(epoch, now.instant.checked_sub(longest_life).unwrap_or(now.instant));
                outcome = Err(error);
            }
        }
        outcome
    }

    /// The key of an epoch, to open packets with. A key that is not stored yet stays in memory from
    /// now on: a replay list created later would lack the packets that the key has already opened.
    pub(crate) fn opening(&self, epoch: Epoch) -> Option<OpeningKey> {
        let mut keys = self.write();
        let key = keys.get_mut(&epoch)?;
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
        self.read().get(&epoch).is_some_and(|key| key.private.is(private))
    }

    /// Discards a key whose replay list can't be trusted; `advance` will generate another one.
    pub(crate) fn set_aside(&self, epoch: Epoch, why: &ListError) {
        let Some(key) = self.write().remove(&epoch) else { return };
        tracing::warn!(
            %epoch,
            "set aside the mix key: {why}, and packets could be replayed; packets made for this key are dropped until \
             clients know the new one from the next descriptor"
        );
        if let (Some(folder), KeyStorage::Folder) = (&self.folder, key.storage) {
            folder.set_aside(epoch);
            self.leftovers().insert(epoch, Instant::now());
        }
        self.changed.send_replace(());
    }

    /// Removes the key of an epoch from the disk, because its replay list can no longer be written.
    /// The key stays in memory.
    ///
    /// # Errors
    /// If the file can't be removed: the key must not open packets any more.
    pub(crate) fn forget_on_disk(&self, epoch: Epoch) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            folder.disown(epoch)?;
            self.leftovers().insert(epoch, Instant::now());
        }
        if let Some(key) = self.write().get_mut(&epoch) {
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
        let keys = self.read();
        (0..EPOCHS_OF_A_DESCRIPTOR).all(|n| keys.contains_key(&epoch.plus(n)))
    }

    /// The public keys in the descriptor for an epoch: those of the epoch and of the two after it.
    pub fn public(&self, epoch: Epoch) -> EpochKeys {
        let last = epoch.plus(EPOCHS_OF_A_DESCRIPTOR - 1);
        self.read().range(epoch..=last).map(|(epoch, key)| (*epoch, key.public.clone())).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Epoch, MixKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Epoch, MixKey>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn leftovers(&self) -> MutexGuard<'_, BTreeMap<Epoch, Instant>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MixKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MixKeys({}, ..)", self.sphinx.geometry().scheme().name())
    }
}

/// In epoch e a node publishes its keys for e + 1 to e + 3.
const AHEAD: u64 = 3;

const EPOCHS_OF_A_DESCRIPTOR: u64 = 3;

/// Maximum lifetime of a key in epochs: it is generated at most [`AHEAD`] epochs before its own,
/// and is used in its own and in the next one.
const LIFE: u32 = 5;
