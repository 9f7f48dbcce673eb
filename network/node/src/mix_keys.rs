//! A node's mix keys, one for each epoch: made ahead, as descriptors name them, and erased when their time is over.

mod folder;
mod replay_list;
mod rotate;
#[cfg(test)]
mod tests;

pub(crate) use replay_list::{Flush, ListError, MAX_TAGS, ReplayList};
pub(crate) use rotate::rotate;

use crate::any_sphinx::{AnySphinx, LoadedKey, PrivateKey};
use core::{fmt, time::Duration};
use folder::{Files, KeyFolder};
use mixwell_net::files::KeyFileError;
use mixwell_pki_types::{Epoch, KeyHash, build::EpochKeys};
use mixwell_sphinx::NodeId;
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
pub struct MixKeys {
    sphinx: AnySphinx,
    folder: Option<KeyFolder>,
    keys: RwLock<BTreeMap<Epoch, MixKey>>,
    /// Files to erase that are not keys in use: damaged ones, and those whose erasure has failed.
    leftovers: Mutex<BTreeMap<Epoch, Instant>>,
    changed: watch::Sender<()>,
}

struct MixKey {
    private: PrivateKey,
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
pub(crate) struct OpeningKey {
    pub private: PrivateKey,
    /// The hash of the public key, which binds the replay list to it.
    pub id: KeyHash,
    /// Its replay list; `None` if the key is in memory alone.
    pub list: Option<PathBuf>,
}

/// What the time is, by the clocks that a node has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// The epoch of the system's clock.
    pub clock: Epoch,
    /// The epoch that has begun for certain, if one is known: see [`ProvenTime`](super::clock::ProvenTime).
    pub proven: Option<Epoch>,
    /// The monotonic clock.
    pub instant: Instant,
}

impl MixKeys {
    /// Keys in memory alone.
    #[must_use]
    pub fn in_memory(sphinx: AnySphinx) -> Self {
        Self::new(sphinx, None, BTreeMap::new(), BTreeMap::new())
    }

    /// Keys that are in a folder too: those that are there are read, and leftovers of others erased. A damaged key file
    /// is set aside.
    ///
    /// # Errors
    /// If the folder or a file in it can't be made, read or erased.
    pub fn in_folder(sphinx: AnySphinx, folder: PathBuf, now: Instant) -> Result<Self, KeyFileError> {
        let folder = KeyFolder::open(folder)?;
        let Files { read, aside } = folder.read(&sphinx)?;
        let of = |(epoch, LoadedKey { private, public })| {
            (epoch, MixKey { private, public, since: now, place: Place::Folder })
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

    /// Makes the keys that are missing for an epoch and the two after it.
    ///
    /// # Errors
    /// If one can't be stored. It exists all the same, in memory; call this again to try again.
    pub fn advance(&self, now: Epoch, instant: Instant, rng: &mut dyn CryptoRng) -> Result<(), KeyFileError> {
        let mut failure = None;
        for epoch in (0..=AHEAD).map(|n| now.plus(n)) {
            if self.read().contains_key(&epoch) {
                failure = self.store_again(epoch).err().or(failure);
                continue;
            }
            let bytes = self.sphinx.opening().generate(rng);
            let LoadedKey { private, public } = self.sphinx.opening().load(&bytes)?;
            let place = match &self.folder {
                None => Place::Memory,
                Some(folder) => match folder.store(&self.sphinx, epoch, KeyHash::of(&public), &bytes) {
                    Ok(()) => Place::Folder,
                    Err(error) => {
                        failure = Some(error);
                        Place::Unstored(bytes)
                    }
                },
            };
            self.write().insert(epoch, MixKey { private, public, since: instant, place });
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
            folder.store(&self.sphinx, epoch, KeyHash::of(&key.public), bytes)?;
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
    pub(crate) fn opening(&self, epoch: Epoch) -> Option<OpeningKey> {
        let mut keys = self.write();
        let key = keys.get_mut(&epoch)?;
        if let Place::Unstored(_) = key.place {
            key.place = Place::Memory;
        }
        let folder = self.folder.as_ref().filter(|_| matches!(key.place, Place::Folder));
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

/// A node's mix keys, whatever their scheme.
pub(crate) trait OwnKeys: Send + Sync {
    /// Whether this is the public key of an epoch.
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool;
}

/// By what the consensus knows a node.
#[derive(Clone)]
pub(crate) struct OwnIdentity {
    /// The hash of its identity key.
    pub(crate) id: NodeId,
    pub(crate) mix_keys: Arc<dyn OwnKeys>,
}

impl OwnKeys for MixKeys {
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool {
        self.read().get(&epoch).is_some_and(|key| key.public == public)
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

/// Epochs after which a key is of no use: it is made at most [`AHEAD`] epochs before its own, and is good for the one
/// after that too.
const LIFE: u32 = 5;
