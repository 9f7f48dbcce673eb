//! The replay filter of a server: grows, is shared by threads, and comes back from a disk.

use blake2::{
    Blake2b512, Blake2bMac, Digest,
    digest::{FixedOutput, KeyInit, Update, consts::U32},
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use mixwell_sphinx::{Insertion, LoadError, ReplayFilterFull, ReplayTag, SaveKey, SharedReplayFilter};
use mixwell_vectors::memory::survivors;
use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{
    collections::HashSet,
    io::{self, ErrorKind, Read, Write},
    thread,
};

const MIX_KEY: [u8; 32] = [7; 32];

fn filter(max: usize) -> SharedReplayFilter {
    SharedReplayFilter::new(max, &mut ChaCha20Rng::seed_from_u64(1))
}

fn tag(number: u64) -> ReplayTag {
    let mut tag = [0; 32];
    tag[..8].copy_from_slice(&number.to_le_bytes());
    ReplayTag(tag)
}

fn save(filter: &SharedReplayFilter) -> Vec<u8> {
    let mut file = Vec::new();
    filter.save(&SaveKey::of(&MIX_KEY), &mut file).unwrap();
    file
}

fn load(max: usize, file: &[u8]) -> Result<SharedReplayFilter, LoadError> {
    SharedReplayFilter::load(&SaveKey::of(&MIX_KEY), max, file)
}

proptest! {
    /// Insertions and restarts, against a set.
    #[test]
    fn agrees_with_a_set(
        max in 0..3000usize,
        steps in prop::collection::vec((0..2500u64, prop::bool::weighted(0.001)), 0..5000),
    ) {
        let (mut filter, mut set) = (filter(max), HashSet::new());
        for (number, restart) in steps {
            if restart {
                filter = load(max, &save(&filter)).unwrap();
            }
            let expected = if set.contains(&number) {
                Ok(Insertion::Seen)
            } else if set.len() == max {
                Err(ReplayFilterFull { held: max })
            } else {
                set.insert(number);
                Ok(Insertion::New)
            };
            prop_assert_eq!(filter.insert(&tag(number)), expected);
            prop_assert_eq!((filter.len(), filter.is_empty()), (set.len(), set.is_empty()));
        }
        prop_assert_eq!(filter.capacity(), max);
    }

    /// Whatever happens to a file, it is refused, and loads again when it is whole.
    #[test]
    fn a_damaged_file_is_refused(
        tags in 0..1500u64,
        at in any::<prop::sample::Index>(),
        bits in 1..=255u8,
        cut in any::<bool>(),
    ) {
        let filter = filter(2000);
        (0..tags).for_each(|number| assert_eq!(filter.insert(&tag(number)), Ok(Insertion::New)));
        let whole = save(&filter);
        let mut file = whole.clone();
        let at = at.index(file.len());
        if cut {
            file.truncate(at);
            let expected = if at < 16 { LoadError::Format } else { LoadError::Truncated };
            prop_assert_eq!(load(2000, &file).err(), Some(expected));
        } else {
            file[at] ^= bits;
            let error = load(2000, &file).unwrap_err();
            let expected = match at {
                0..16 => error == LoadError::Format,
                16..32 => error == LoadError::OtherKey,
                // a count that changes lets the file end early, or in its midst
                _ => matches!(error, LoadError::Damaged | LoadError::Truncated | LoadError::Full { max: 2000 }),
            };
            prop_assert!(expected, "byte {}: {:?}", at, error);
        }
        prop_assert_eq!(load(2000, &whole).unwrap().len(), filter.len());
    }
}

/// Eight threads add the same tags in orders of their own: each tag is new once.
#[test]
fn one_thread_of_many_is_told_that_a_tag_is_new() {
    const THREADS: u64 = 8;
    const TAGS: u64 = 50_000;
    let filter = filter(usize::MAX);
    let new: Vec<AtomicUsize> = (0..TAGS).map(|_| AtomicUsize::new(0)).collect();
    let saved = thread::scope(|scope| {
        for thread in 0..THREADS {
            let (filter, new) = (&filter, &new);
            scope.spawn(move || {
                // a stride that has no factor in common with the number of tags; every second
                // thread goes the other way
                for step in 0..TAGS {
                    let step = if thread % 2 == 0 { step } else { TAGS - 1 - step };
                    let number = (step * 7919 + thread / 2) % TAGS;
                    if filter.insert(&tag(number)) == Ok(Insertion::New) {
                        new[usize::try_from(number).unwrap()].fetch_add(1, Relaxed);
                    }
                }
            });
        }
        // and it is saved meanwhile
        (0..5).map(|_| save(&filter)).collect::<Vec<_>>()
    });
    assert!(new.iter().all(|times| times.load(Relaxed) == 1));
    assert_eq!(filter.len(), usize::try_from(TAGS).unwrap());
    for file in saved {
        let part = load(usize::MAX, &file).unwrap();
        assert!(part.len() <= filter.len());
    }
}

/// Threads fill a filter at once: not one tag above the maximum, and no tag is lost.
#[test]
fn threads_keep_to_the_maximum() {
    let filter = filter(10_000);
    let kept = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (filter, kept) = (&filter, &kept);
            scope.spawn(move || {
                for number in 0..5000 {
                    let tag = tag(thread * 5000 + number);
                    if filter.insert(&tag) == Ok(Insertion::New) {
                        kept.fetch_add(1, Relaxed);
                        assert_eq!(filter.insert(&tag), Ok(Insertion::Seen));
                    }
                }
            });
        }
    });
    assert_eq!((filter.len(), kept.into_inner()), (10_000, 10_000));
    assert_eq!(filter.insert(&tag(99_999)), Err(ReplayFilterFull { held: 10_000 }));
}

/// As stated: 9 to 19 bytes a tag, and 8 KiB.
#[test]
fn the_memory_that_is_stated() {
    assert!(size_of::<SharedReplayFilter>() <= 8 * 1024 + 512, "{}", size_of::<SharedReplayFilter>());
    let mut tags = ChaCha20Rng::seed_from_u64(2);
    for count in [10_000, 100_000, 300_000] {
        let mut kept = None;
        let allocated = allocation_counter::measure(|| {
            let filter = filter(usize::MAX);
            for _ in 0..count {
                let mut bytes = [0; 32];
                tags.fill_bytes(&mut bytes);
                assert_eq!(filter.insert(&ReplayTag(bytes)), Ok(Insertion::New));
            }
            kept = Some(filter);
        });
        let bytes_per_tag = allocated.bytes_current / count;
        assert!((9..=19).contains(&bytes_per_tag), "{bytes_per_tag} bytes a tag, of {count}");
    }
}

/// A file of another mix key, of another kind, and with more tags than there is room for.
#[test]
fn files_that_are_not_this_filter() {
    let filter = filter(100);
    (0..100).for_each(|number| assert_eq!(filter.insert(&tag(number)), Ok(Insertion::New)));
    let file = save(&filter);
    assert_eq!(load(99, &file).err(), Some(LoadError::Full { max: 99 }));
    assert_eq!(load(100, &file).unwrap().len(), 100);
    let other = SaveKey::of(&[8; 32]);
    assert_eq!(SharedReplayFilter::load(&other, 100, file.as_slice()).err(), Some(LoadError::OtherKey));
    assert_eq!(load(100, b"").err(), Some(LoadError::Format));
    assert_eq!(load(100, b"mixwell-replays1, and so on").err(), Some(LoadError::Format));
    let longer = [file.as_slice(), &[0]].concat();
    assert_eq!(load(100, &longer).err(), Some(LoadError::Damaged));
}

/// A file that never ends takes the time of the maximum, and no more memory than that.
#[test]
fn a_file_without_end() {
    struct Endless(Vec<u8>, u64);
    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                self.1 += 1;
                self.0 = [1_u32.to_le_bytes().as_slice(), &(self.1 << 20 | self.1).to_le_bytes()].concat();
            }
            let count = out.len().min(self.0.len());
            out[..count].copy_from_slice(&self.0.drain(..count).collect::<Vec<_>>());
            Ok(count)
        }
    }
    let header = save(&filter(0))[..48].to_vec();
    let allocated = allocation_counter::measure(|| {
        let file = Endless(header.clone(), 0);
        let loaded = SharedReplayFilter::load(&SaveKey::of(&MIX_KEY), 5000, file);
        assert_eq!(loaded.err(), Some(LoadError::Full { max: 5000 }));
    });
    assert!(allocated.bytes_max < 50_000, "{} bytes", allocated.bytes_max);
}

/// A count of four thousand million hashes.
#[test]
fn a_count_that_lies_allocates_nothing() {
    let mut file = save(&filter(0))[..48].to_vec();
    file.extend(u32::MAX.to_le_bytes());
    let allocated = allocation_counter::measure(|| {
        assert_eq!(load(usize::MAX, &file).err(), Some(LoadError::Damaged));
    });
    assert_eq!(allocated.bytes_max, 0);
}

/// A free slot saved as a hash, under a MAC that is right: a fuzz target found it counted as a tag.
#[test]
fn a_free_slot_is_no_hash() {
    let file_with = |hash: [u8; 8]| {
        let mut file = save(&filter(0))[..48].to_vec();
        file.extend([1, 0, 0, 0]);
        file.extend(hash);
        file.extend([0; 4]);
        let key = Blake2b512::new().chain_update(b"mixwell-filter-1").chain_update(MIX_KEY).finalize();
        let mut mac = Blake2bMac::<U32>::new(&key);
        Update::update(&mut mac, &file);
        file.extend(mac.finalize_fixed());
        load(10, &file).map(|filter| filter.len())
    };
    assert_eq!((file_with([1; 8]), file_with([0; 8])), (Ok(1), Err(LoadError::Damaged)));
}

#[test]
fn a_disk_that_fails() {
    struct Failing;
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::TimedOut.into())
        }
    }
    let key = SaveKey::of(&MIX_KEY);
    assert_eq!(filter(1).save(&key, Failing).unwrap_err().kind(), ErrorKind::StorageFull);
    let error = SharedReplayFilter::load(&key, 1, Failing).unwrap_err();
    assert_eq!(error, LoadError::Io(ErrorKind::TimedOut));
}

/// The format does not change by accident: a filter of an earlier build is loaded.
#[test]
fn the_format() {
    let filter = filter(10);
    assert_eq!(filter.insert(&tag(1)), Ok(Insertion::New));
    let file = save(&filter);
    assert_eq!(file.len(), 48 + 12 + 4 + 32);
    let (header, rest) = file.split_at(48);
    assert_eq!(header[..16], *b"mixwell-filter-1");
    assert_eq!(rest[..4], [1, 0, 0, 0]);
    assert_eq!(rest[12..16], [0; 4]);
    // the MAC covers all before it
    assert_eq!(rest[16..24], MAC);
}

/// The first bytes of the MAC.
const MAC: [u8; 8] = [0xcd, 0x58, 0xc1, 0x33, 0xa9, 0x17, 0x6f, 0xbd];

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_of_a_save_key() {
    assert_eq!(survivors(SaveKey::of(&MIX_KEY), &[]), 0);
    assert_eq!(format!("{:?} {:?}", SaveKey::of(&MIX_KEY), filter(3)), "SaveKey(..) SharedReplayFilter(0 of 3)");
}

#[test]
fn a_filter_with_room_does_not_grow_before_it_is_used() {
    let with_room = |room| SharedReplayFilter::with_room(room, 1 << 16, &mut ChaCha20Rng::seed_from_u64(1));
    let allocations = |filter: SharedReplayFilter| {
        allocation_counter::measure(|| (0..20_000).for_each(|number| assert!(filter.insert(&tag(number)).is_ok())))
    };
    assert_ne!(allocations(filter(1 << 16)).count_total, 0);
    assert_eq!(allocations(with_room(20_000)).count_total, 0);
    // the maximum bounds the room
    let bounded = allocation_counter::measure(|| drop(with_room(usize::MAX)));
    assert!(bounded.bytes_total < 1 << 20, "{bounded:?}");
}
