//! A node's mix keys, one for each epoch: made ahead, as descriptors name them, and wiped when their time is over.

mod scheme;

pub(crate) use scheme::{MixScheme, WithMixScheme, with_scheme};

use super::{
    error::NetworkError,
    files,
    pem::{self, Kind},
};
use core::fmt;
use mixwell_pki_types::{Epoch, build::EpochKeys};
use rand_core::CryptoRng;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// The mix keys of a node, by epoch. With a folder they outlive a restart, so that packets on their way and the
/// descriptor that was uploaded stay good.
pub(crate) struct MixKeys<S: MixScheme> {
    folder: Option<PathBuf>,
    keys: RwLock<BTreeMap<Epoch, MixKey<S>>>,
    made: Notify,
}

struct MixKey<S: MixScheme> {
    private: Arc<S::PrivateKey>,
    public: Vec<u8>,
}

impl<S: MixScheme> MixKeys<S> {
    /// Kept in memory alone.
    pub(crate) const fn in_memory() -> Self {
        Self { folder: None, keys: RwLock::new(BTreeMap::new()), made: Notify::const_new() }
    }

    /// Kept in a folder too, from which those that are there are read, and what is left of others is erased.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self, NetworkError> {
        files::make_folder(&folder)?;
        let failed = |error| NetworkError::Read(folder.clone(), error);
        files::clean(&folder).map_err(failed)?;
        let mut keys = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(epoch) = epoch_of(&path) else { continue };
            let Some(text) = files::read_private(&path)? else { continue };
            let wrong = |why: &dyn fmt::Display| NetworkError::KeyFile(path.clone(), why.to_string());
            let bytes = pem::decode(S::INFO.name(), Kind::Private, S::PRIVATE_LEN, &text).map_err(|why| wrong(&why))?;
            keys.insert(epoch, MixKey::of(&bytes)?);
        }
        Ok(Self { folder: Some(folder), keys: RwLock::new(keys), made: Notify::new() })
    }

    /// Makes what is missing for an epoch and the [`AHEAD`] after it, and wipes what is older than the one before.
    pub(crate) fn advance(&self, now: Epoch, rng: &mut dyn CryptoRng) -> Result<(), NetworkError> {
        for epoch in (0..=AHEAD).map(|n| now.plus(n)) {
            if self.private(epoch).is_none() {
                let bytes = S::generate(rng);
                if let Some(folder) = &self.folder {
                    let text = pem::encode(S::INFO.name(), Kind::Private, &bytes);
                    files::write_private(&folder.join(file_of(epoch)), text.as_bytes())?;
                }
                let key = MixKey::of(&bytes)?;
                self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(epoch, key);
                self.made.notify_one();
            }
        }
        let oldest = Epoch(now.0.saturating_sub(1));
        let past = {
            let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            let kept = keys.split_off(&oldest);
            core::mem::replace(&mut *keys, kept)
        };
        for (epoch, _) in past {
            let Some(folder) = &self.folder else { continue };
            let path = folder.join(file_of(epoch));
            if let Err(error) = files::erase(&path) {
                tracing::warn!(file = %path.display(), %error, "a mix key that is past can't be erased");
            }
            // there is none if the key was never used
            let _ = fs::remove_file(folder.join(seen_file_of(epoch)));
        }
        Ok(())
    }

    /// The private key of an epoch, while there is one.
    pub(crate) fn private(&self, epoch: Epoch) -> Option<Arc<S::PrivateKey>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&epoch).map(|key| Arc::clone(&key.private))
    }

    /// Waits until a key is made, if none was since the last time: for the one who opens packets with them.
    pub(crate) async fn made(&self) {
        self.made.notified().await;
    }

    /// Where to keep what was seen under the key of an epoch: beside the key, and as long.
    pub(crate) fn seen_file(&self, epoch: Epoch) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(seen_file_of(epoch)))
    }

    /// The public keys that the descriptor for an epoch names: those of the epoch and of the two after it.
    pub(crate) fn public(&self, epoch: Epoch) -> EpochKeys {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.range(epoch..=epoch.plus(2)).map(|(epoch, key)| (*epoch, key.public.clone())).collect()
    }
}

impl<S: MixScheme> MixKey<S> {
    fn of(bytes: &Zeroizing<Vec<u8>>) -> Result<Self, NetworkError> {
        let (private, public) = S::of_private(bytes)?;
        Ok(Self { private: Arc::new(private), public })
    }
}

impl<S: MixScheme> fmt::Debug for MixKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MixKeys({}, ..)", S::INFO.name())
    }
}

fn file_of(epoch: Epoch) -> String {
    format!("{PREFIX}{epoch}{SUFFIX}")
}

fn seen_file_of(epoch: Epoch) -> String {
    format!("{PREFIX}{epoch}{SEEN_SUFFIX}")
}

fn epoch_of(path: &Path) -> Option<Epoch> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().map(Epoch).ok()
}

const PREFIX: &str = "mix-";
const SUFFIX: &str = ".private.pem";
const SEEN_SUFFIX: &str = ".seen";

/// In epoch e a node tells of its keys for e + 1 to e + 3.
const AHEAD: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::randomness::Randomness;
    use mixwell_pq_kem::{X25519, XWing};

    fn epochs<S: MixScheme>(keys: &MixKeys<S>) -> Vec<u64> {
        (0..20).filter(|epoch| keys.private(Epoch(*epoch)).is_some()).collect()
    }

    fn outlive<S: MixScheme>() {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = Randomness::from_seed(1).rng();
        let keys = MixKeys::<S>::in_folder(folder.path().join("mix")).unwrap();
        keys.advance(Epoch(5), &mut rng).unwrap();
        // as a kill in the middle of erasing would leave it
        fs::write(folder.path().join("mix/mix-4.private.pem.past"), [0; 40]).unwrap();
        assert_eq!(epochs(&keys), [5, 6, 7, 8]);
        let public = keys.public(Epoch(6));
        assert_eq!(public.keys().map(|epoch| epoch.0).collect::<Vec<_>>(), [6, 7, 8]);

        fs::write(keys.seen_file(Epoch(5)).unwrap(), [0; 32]).unwrap();
        let again = MixKeys::<S>::in_folder(folder.path().join("mix")).unwrap();
        again.advance(Epoch(5), &mut rng).unwrap();
        assert_eq!(again.public(Epoch(6)), public);
        again.advance(Epoch(7), &mut rng).unwrap();
        assert_eq!(epochs(&again), [6, 7, 8, 9, 10]);
        let files = fs::read_dir(folder.path().join("mix")).unwrap().count();
        assert_eq!(files, 5, "keys of the past are gone from the disk");
    }

    #[test]
    fn keys_outlive_a_restart_and_no_longer_than_they_should() {
        outlive::<X25519>();
        outlive::<mixwell_sphinx::Kem<XWing>>();
    }

    /// The clock goes far ahead and comes back: what was wiped does not return, what was made for later is there when its time comes.
    #[test]
    fn a_clock_that_steps_far() {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = Randomness::from_seed(1).rng();
        let keys = MixKeys::<X25519>::in_folder(folder.path().to_path_buf()).unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let mut advance = |epoch| {
            keys.advance(Epoch(epoch), &mut rng).unwrap();
            let public = keys.public(Epoch(epoch));
            assert_eq!(public.keys().map(|of| of.0).collect::<Vec<_>>(), [epoch, epoch + 1, epoch + 2]);
            public
        };
        let near = advance(5);
        fs::write(keys.seen_file(Epoch(5)).unwrap(), [0; 32]).unwrap();
        let far = advance(1_000_000);
        assert_eq!((epochs(&keys), files()), (vec![], 4), "keys of the past are wiped, and what was seen under them");
        let again = advance(5);
        assert!(near.iter().all(|(epoch, key)| again[epoch] != *key), "they were wiped");
        assert_eq!((epochs(&keys), files()), (vec![5, 6, 7, 8], 8));
        assert_eq!(advance(1_000_000), far);
        assert_eq!((epochs(&keys), files()), (vec![], 4));
    }

    /// A clock that is out of its mind.
    #[test]
    fn the_last_epoch_of_all() {
        let keys = MixKeys::<X25519>::in_memory();
        keys.advance(Epoch(u64::MAX), &mut Randomness::from_seed(1).rng()).unwrap();
        assert_eq!(keys.public(Epoch(u64::MAX)).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_not_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let keys = MixKeys::<X25519>::in_folder(folder.path().to_path_buf()).unwrap();
        keys.advance(Epoch(5), &mut Randomness::from_seed(1).rng()).unwrap();
        let path = folder.path().join(file_of(Epoch(5)));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = MixKeys::<X25519>::in_folder(folder.path().to_path_buf()).unwrap_err();
        assert!(matches!(error, NetworkError::TooReadable(_, 0o640)), "{error}");
    }
}
