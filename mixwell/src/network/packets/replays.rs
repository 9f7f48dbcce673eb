//! What was seen under a mix key: in memory, and in a file beside the key, as long as the key is kept in one, so that no
//! restart forgets it. A process that is killed has written all; a machine that loses power may lose the last ones.

use super::BATCH;
use chacha20::ChaCha20Rng;
use core::fmt;
use mixwell_sphinx::{Insertion, ReplayFilter, ReplayFilterFull, ReplayTag};
use rand_core::{CryptoRng, SeedableRng as _};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read as _, Write as _},
    path::Path,
};

/// The replay tags of a mix key.
pub(super) struct Replays {
    /// Each twice as long as the one before; all but the last are full, and only looked into.
    filters: Vec<ReplayFilter<Vec<u64>>>,
    held: usize,
    most: usize,
    rng: ChaCha20Rng,
    file: Option<File>,
    /// Tags that are not in the file yet.
    fresh: Vec<u8>,
}

impl Replays {
    /// With room for `most` packets, and with what is in the file, if the key has one.
    ///
    /// # Errors
    /// If what was seen can't be read: the key must not be used again.
    pub(super) fn new(path: Option<&Path>, most: usize, rng: &mut impl CryptoRng) -> io::Result<Self> {
        let (rng, fresh) = (ChaCha20Rng::from_rng(rng), Vec::with_capacity(FRESH));
        let mut replays = Self { filters: Vec::new(), held: 0, most, rng, file: None, fresh };
        replays.grow();
        if let Some(path) = path {
            replays.file = Some(replays.recall(path)?);
        }
        Ok(replays)
    }

    /// Takes a packet's tag, and says whether it was there. [`keep`](Self::keep) it before the packet goes on.
    pub(super) fn insert(&mut self, tag: &ReplayTag) -> Result<Insertion, ReplayFilterFull> {
        let insertion = self.remember(tag)?;
        if !insertion.is_seen() && self.file.is_some() {
            if self.fresh.len() >= FRESH {
                self.keep();
            }
            self.fresh.extend_from_slice(tag.as_bytes());
        }
        Ok(insertion)
    }

    /// Writes the tags that are not in the file yet.
    pub(super) fn keep(&mut self) {
        if !self.fresh.is_empty()
            && let Some(file) = &mut self.file
            && let Err(error) = file.write_all(&self.fresh)
        {
            tracing::error!(%error, "what was seen can't be kept in a file: after a restart it may pass again");
            self.file = None;
        }
        self.fresh.clear();
    }

    fn remember(&mut self, tag: &ReplayTag) -> Result<Insertion, ReplayFilterFull> {
        let mut full = ReplayFilterFull { held: 0 };
        for filter in &mut self.filters {
            match filter.insert(tag) {
                Ok(insertion) => {
                    self.held = self.held.saturating_add(usize::from(!insertion.is_seen()));
                    return Ok(insertion);
                }
                Err(error) => full = error,
            }
        }
        if self.held >= self.most {
            return Err(full);
        }
        self.grow();
        self.held = self.held.saturating_add(1);
        self.filters.last_mut().map_or(Err(full), |filter| filter.insert(tag))
    }

    /// Makes room for as much again as there is, up to the most.
    fn grow(&mut self) {
        let room = self.held.max(FIRST_ROOM).min(self.most.saturating_sub(self.held));
        let slots = vec![0; ReplayFilter::<Vec<u64>>::slots_for(room)];
        self.filters.push(ReplayFilter::new(slots, &mut self.rng));
        if self.held > self.most / 2 {
            tracing::warn!(
                seen = self.held,
                most = self.most,
                "too many packets for this epoch come in; see PacketsPerSecond"
            );
        }
    }

    fn recall(&mut self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // a tag that was cut off would shift those that follow
        let whole = file.metadata()?.len() & !(ReplayTag::LEN as u64).saturating_sub(1);
        file.set_len(whole)?;
        let mut tags = BufReader::new(&file);
        let mut tag = [0; ReplayTag::LEN];
        for _ in (0..whole).step_by(ReplayTag::LEN) {
            tags.read_exact(&mut tag)?;
            // a full filter lets nothing in any more, which is what it should do
            let _ = self.remember(&ReplayTag(tag));
        }
        Ok(file)
    }
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replays(..)")
    }
}

/// What a quiet mix sees in an epoch, in half a megabyte.
const FIRST_ROOM: usize = 1 << 16;

/// As much is written at a time.
const FRESH: usize = BATCH * ReplayTag::LEN;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::randomness::Randomness;

    #[test]
    fn it_grows_up_to_the_most() {
        let mut replays = Replays::new(None, 300_000, &mut Randomness::from_seed(1).rng()).unwrap();
        let tag = |number: u32| {
            let mut tag = [0; 32];
            tag[..4].copy_from_slice(&number.to_be_bytes());
            ReplayTag(tag)
        };
        let mut room = 0;
        while let Ok(insertion) = replays.insert(&tag(room)) {
            assert!(!insertion.is_seen());
            room += 1;
        }
        assert!((300_000..301_000).contains(&room), "{room}");
        assert!(replays.filters.len() >= 4);
        assert!((0..room).all(|number| replays.insert(&tag(number)).unwrap().is_seen()));
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen");
        let mut rng = Randomness::from_seed(1).rng();
        let tags: Vec<ReplayTag> = (0..100).map(|byte| ReplayTag([byte; 32])).collect();
        let mut first = Replays::new(Some(&path), 1000, &mut rng).unwrap();
        for tag in &tags {
            assert!(!first.insert(tag).unwrap().is_seen());
            assert!(first.insert(tag).unwrap().is_seen());
        }
        first.keep();
        // as after a kill: nothing was closed
        let mut second = Replays::new(Some(&path), 1000, &mut rng).unwrap();
        assert!(tags.iter().all(|tag| second.insert(tag).unwrap().is_seen()));
        assert!(!second.insert(&ReplayTag([200; 32])).unwrap().is_seen());
        second.keep();
        drop((first, second));

        // a tag that was cut off is not counted, and those after it are
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 101 * 32);
        file.set_len(101 * 32 - 7).unwrap();
        let mut third = Replays::new(Some(&path), 1000, &mut rng).unwrap();
        assert!(!third.insert(&ReplayTag([201; 32])).unwrap().is_seen());
        third.keep();
        drop(third);
        let mut fourth = Replays::new(Some(&path), 1000, &mut rng).unwrap();
        assert!(tags.iter().chain(&[ReplayTag([201; 32])]).all(|tag| fourth.insert(tag).unwrap().is_seen()));
    }
}
