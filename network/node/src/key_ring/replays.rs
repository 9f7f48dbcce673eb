//! The replay tags of a mix key: in memory and, if the key is stored in a folder, in a list beside
//! it that outlives a restart. If the process is killed, no tag is lost; a power failure may lose
//! those since the last flush.

use crate::{
    counters::DropReason,
    mix_keys::{Flush, ListError, MAX_TAGS, ReplayList},
    unwrap::BATCH,
};
use core::fmt;
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::{Insertion, ReplayTag, SharedReplayFilter};
use rand_core::CryptoRng;
use std::{io, path::Path};

/// The replay tags of the packets that a mix key opened.
pub(super) struct Replays {
    filter: SharedReplayFilter,
    /// Number of tags at which the operator is warned, once.
    warn_at: usize,
    record: Record,
    /// Tags to be appended to the list.
    unwritten: Vec<ReplayTag>,
}

/// The storage of tags besides memory.
enum Record {
    /// None: the key does not outlive the process either.
    Memory,
    List(ReplayList),
    /// None, because writing failed and the key can't be removed from the disk: it must not open
    /// packets.
    Closed,
}

impl Replays {
    /// Room for `max` tags of a key that is only in memory.
    pub(super) fn in_memory(max: usize, rng: &mut impl CryptoRng) -> Self {
        let filter = SharedReplayFilter::with_room(FIRST_ROOM, max, rng);
        // more than half full
        let warn_at = (max / 2).saturating_add(1);
        Self { filter, warn_at, record: Record::Memory, unwritten: Vec::with_capacity(UNWRITTEN) }
    }

    /// Room for `max` tags of a stored key, with the tags in its list.
    ///
    /// # Errors
    /// [`ListError`]: the key must not be used.
    pub(super) fn in_list(path: &Path, key: KeyHash, max: usize, rng: &mut impl CryptoRng) -> Result<Self, ListError> {
        let mut replays = Self::in_memory(max, rng);
        // with a full filter the key opens nothing more, which is safe
        let list = ReplayList::open(path, key, |tag| {
            let _ = replays.filter.insert(&tag);
        })?;
        replays.record = Record::List(list);
        Ok(replays)
    }

    /// Adds a packet's tag, or returns the reason why the packet must be dropped. Call
    /// [`write`](Self::write) before processing the packet.
    pub(super) fn insert(&mut self, tag: &ReplayTag) -> Result<(), DropReason> {
        match self.filter.insert(tag) {
            Ok(Insertion::New) => self.warn_if_half_full(),
            Ok(Insertion::Seen) => return Err(DropReason::Replay),
            Err(_) => return Err(DropReason::ReplayFilterFull),
        }
        if matches!(self.record, Record::List(_)) {
            self.unwritten.push(*tag);
        }
        Ok(())
    }

    /// Appends the new tags to the list. If that fails, `forget` has to make sure that a restart
    /// does not find the key; then tags in memory suffice.
    ///
    /// # Errors
    /// [`Closed`] from now on: packets of this key must be dropped.
    pub(super) fn write(&mut self, forget: impl FnOnce() -> io::Result<()>) -> Result<(), Closed> {
        let outcome = match &mut self.record {
            Record::Memory => Ok(()),
            Record::Closed => return Err(Closed),
            Record::List(list) => self.unwritten.chunks(MAX_TAGS as usize).try_for_each(|tags| list.append(tags)),
        };
        self.unwritten.clear();
        outcome.or_else(|error| self.fail(&error, forget))
    }

    /// The flush that is due, if any.
    pub(super) fn unflushed(&self) -> Option<Flush> {
        if let Record::List(list) = &self.record { list.unflushed() } else { None }
    }

    /// Records the outcome of a flush. A failure counts as a failed [`write`](Self::write).
    pub(super) fn flushed(&mut self, flush: &Flush, outcome: io::Result<()>, forget: impl FnOnce() -> io::Result<()>) {
        let Record::List(list) = &mut self.record else { return };
        if let Err(error) = outcome.and_then(|()| list.set_flushed(flush)) {
            // `fail` logs the outcome
            let _ = self.fail(&error, forget);
        }
    }

    fn fail(&mut self, error: &io::Error, forget: impl FnOnce() -> io::Result<()>) -> Result<(), Closed> {
        match forget() {
            Ok(()) => {
                tracing::error!(
                    %error,
                    "could not write a replay list; removed its mix key from the disk and keep it in memory: a restart \
                     within the next two epochs loses packets; make room on the disk"
                );
                self.record = Record::Memory;
                Ok(())
            }
            Err(why) => {
                tracing::error!(
                    %error, %why,
                    "could not write a replay list, nor remove its mix key from the disk: packets of this epoch are \
                     dropped; make room on the disk"
                );
                self.record = Record::Closed;
                Err(Closed)
            }
        }
    }

    fn warn_if_half_full(&mut self) {
        let seen = self.filter.len();
        if seen < self.warn_at {
            return;
        }
        self.warn_at = usize::MAX;
        tracing::warn!(
            seen,
            max = self.filter.capacity(),
            "the replay filter is more than half full; if it fills up, packets are dropped; raise PacketsPerSecond"
        );
    }
}

/// The key must not open packets: its list can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replays(..)")
    }
}

/// Initial room in tags: enough for a quiet mix, in less than a megabyte.
const FIRST_ROOM: usize = 1 << 16;

/// Initial capacity for unwritten tags: one batch for each of 16 processors.
const UNWRITTEN: usize = 16 * BATCH;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{any_sphinx::AnySphinx, mix_keys::MixKeys};
    use mixwell_net::randomness::Randomness;
    use mixwell_pki_types::Epoch;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;
    use std::path::PathBuf;
    use tempfile::TempDir;
    use tokio::time::Instant;

    fn unreachable() -> io::Result<()> {
        panic!("the list failed")
    }

    /// A list as it is made with a key.
    fn list() -> (TempDir, PathBuf, KeyHash) {
        let folder = tempfile::tempdir().unwrap();
        let sphinx = AnySphinx::new(Geometry::of::<X25519>(5, 500, true).unwrap()).unwrap();
        let keys = MixKeys::in_folder(sphinx, folder.path().to_path_buf(), Instant::now()).unwrap();
        keys.advance(Epoch(1), Instant::now(), &mut Randomness::from_seed(1).rng()).unwrap();
        let key = keys.opening(Epoch(1)).unwrap();
        (folder, key.list.unwrap(), key.id)
    }

    fn open(path: &Path, key: KeyHash) -> Replays {
        Replays::in_list(path, key, 1000, &mut Randomness::from_seed(1).rng()).unwrap()
    }

    #[test]
    fn it_grows_up_to_the_maximum() {
        let mut replays = Replays::in_memory(300_000, &mut Randomness::from_seed(1).rng());
        let tag = |number: u32| {
            let mut tag = [0; 32];
            tag[..4].copy_from_slice(&number.to_be_bytes());
            ReplayTag(tag)
        };
        let mut room = 0;
        while replays.insert(&tag(room)) != Err(DropReason::ReplayFilterFull) {
            room += 1;
        }
        assert_eq!(room, 300_000);
        assert!((0..room).all(|number| replays.insert(&tag(number)) == Err(DropReason::Replay)));
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let (_folder, path, key) = list();
        let tags: Vec<ReplayTag> = (0..100).map(|byte| ReplayTag([byte; 32])).collect();
        let mut first = open(&path, key);
        for tag in &tags {
            assert_eq!(first.insert(tag), Ok(()));
            assert_eq!(first.insert(tag), Err(DropReason::Replay));
        }
        first.write(unreachable).unwrap();
        // as after a kill: nothing was closed or flushed
        let mut second = open(&path, key);
        assert!(tags.iter().all(|tag| second.insert(tag) == Err(DropReason::Replay)));
        assert_eq!(second.insert(&ReplayTag([200; 32])), Ok(()));
        second.write(unreachable).unwrap();
        let flush = second.unflushed().unwrap();
        second.flushed(&flush, flush.wait(), unreachable);
        assert!(second.unflushed().is_none());
        assert_eq!(open(&path, key).insert(&ReplayTag([200; 32])), Err(DropReason::Replay));
    }

    #[test]
    fn a_list_that_fails_costs_the_key_on_the_disk_or_the_key() {
        let tag = |byte| ReplayTag([byte; 32]);
        // a flush that failed is as bad as a write that did
        let fail = |replays: &mut Replays, forget: fn() -> io::Result<()>| {
            replays.insert(&tag(1)).unwrap();
            replays.write(unreachable).unwrap();
            let flush = replays.unflushed().unwrap();
            replays.flushed(&flush, Err(io::ErrorKind::StorageFull.into()), forget);
        };
        let (_folder, path, key) = list();
        let mut replays = open(&path, key);
        fail(&mut replays, || Ok(()));
        assert_eq!(replays.insert(&tag(1)), Err(DropReason::Replay));
        assert_eq!(replays.insert(&tag(2)), Ok(()));
        assert_eq!(replays.write(unreachable), Ok(()));
        assert!(replays.unflushed().is_none());

        let (_folder, path, key) = list();
        let mut replays = open(&path, key);
        fail(&mut replays, || Err(io::ErrorKind::ReadOnlyFilesystem.into()));
        for byte in 2..4 {
            assert_eq!(replays.insert(&tag(byte)), Ok(()));
            assert_eq!(replays.write(|| Ok(())), Err(Closed), "for good");
        }
    }
}
