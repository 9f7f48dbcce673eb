//! What was seen under a mix key: in memory, and in a file beside the key, as long as the key is kept in one, so that no
//! restart forgets it. A process that is killed has written all; a machine that loses power may lose the last ones.

use core::fmt;
use mixwell_sphinx::{Insertion, ReplayFilter, ReplayFilterFull, ReplayTag};
use rand_core::CryptoRng;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read as _, Write as _},
    path::Path,
};

/// The replay tags of a mix key.
pub(super) struct Replays {
    filter: ReplayFilter<Vec<u64>>,
    file: Option<File>,
}

impl Replays {
    /// With room for `packets`, and with what is in the file, if the key has one.
    pub(super) fn new(path: Option<&Path>, packets: usize, rng: &mut impl CryptoRng) -> Self {
        let slots = vec![0; ReplayFilter::<Vec<u64>>::slots_for(packets)];
        let mut replays = Self { filter: ReplayFilter::new(slots, rng), file: None };
        if let Some(path) = path {
            match replays.recall(path) {
                Ok(file) => replays.file = Some(file),
                Err(error) => warn(&error),
            }
        }
        replays
    }

    /// Takes a packet's tag, and says whether it was there.
    pub(super) fn insert(&mut self, tag: &ReplayTag) -> Result<Insertion, ReplayFilterFull> {
        let insertion = self.filter.insert(tag)?;
        if !insertion.is_seen()
            && let Some(file) = &mut self.file
            && let Err(error) = file.write_all(tag.as_bytes())
        {
            warn(&error);
            self.file = None;
        }
        Ok(insertion)
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
            let _ = self.filter.insert(&ReplayTag(tag));
        }
        Ok(file)
    }
}

fn warn(error: &io::Error) {
    tracing::error!(%error, "what was seen can't be kept in a file: after a restart it may pass again");
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replays(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::randomness::Randomness;

    #[test]
    fn a_restart_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen");
        let mut rng = Randomness::from_seed(1).rng();
        let tags: Vec<ReplayTag> = (0..100).map(|byte| ReplayTag([byte; 32])).collect();
        let mut first = Replays::new(Some(&path), 1000, &mut rng);
        for tag in &tags {
            assert!(!first.insert(tag).unwrap().is_seen());
            assert!(first.insert(tag).unwrap().is_seen());
        }
        // as after a kill: nothing was closed
        let mut second = Replays::new(Some(&path), 1000, &mut rng);
        assert!(tags.iter().all(|tag| second.insert(tag).unwrap().is_seen()));
        assert!(!second.insert(&ReplayTag([200; 32])).unwrap().is_seen());
        drop((first, second));

        // a tag that was cut off is not counted, and those after it are
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 101 * 32);
        file.set_len(101 * 32 - 7).unwrap();
        let mut third = Replays::new(Some(&path), 1000, &mut rng);
        assert!(!third.insert(&ReplayTag([201; 32])).unwrap().is_seen());
        drop(third);
        let mut fourth = Replays::new(Some(&path), 1000, &mut rng);
        assert!(tags.iter().chain(&[ReplayTag([201; 32])]).all(|tag| fourth.insert(tag).unwrap().is_seen()));
    }
}
