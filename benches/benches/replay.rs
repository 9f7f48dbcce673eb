//! The cost of the replay filter per packet, with one thread and with two: shards with a lock each,
//! one lock, and none.
//!
//! Inserts of new tags by one thread and by two at once, of which each inserts its own; one element
//! is one tag. `shared` is `SharedReplayFilter`: 64 shards with a lock each, which grow. `one lock`
//! is a `ReplayFilter` behind a `Mutex`. `atomic slots` is the least that a table without locks
//! could cost: slots that are compared and exchanged, no growth and no count. The yardstick is
//! one X25519, without which no tag is inserted.
//!
//! `cargo bench -p mixwell-benches --bench replay`
#![allow(missing_docs, clippy::pedantic, clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a benchmark")]

use core::hash::Hasher;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mixwell_benches::yardstick;
use mixwell_sphinx::{ReplayFilter, ReplayTag, SharedReplayFilter};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use siphasher::sip::SipHasher24;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// Tags that each thread inserts into a fresh filter.
const TAGS: usize = 200_000;

trait Filter: Sync {
    /// Whether the tag is new.
    fn insert(&self, tag: &ReplayTag) -> bool;
}

impl Filter for SharedReplayFilter {
    fn insert(&self, tag: &ReplayTag) -> bool {
        !self.insert(tag).unwrap().is_seen()
    }
}

impl Filter for Mutex<ReplayFilter<Vec<u64>>> {
    fn insert(&self, tag: &ReplayTag) -> bool {
        !self.lock().unwrap().insert(tag).unwrap().is_seen()
    }
}

struct AtomicSlots {
    slots: Vec<AtomicU64>,
    key: [u8; 16],
}

impl Filter for AtomicSlots {
    fn insert(&self, tag: &ReplayTag) -> bool {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(tag.as_bytes());
        let hash = hasher.finish().max(1);
        let start = ((u128::from(hash) * self.slots.len() as u128) >> 64) as usize;
        for slot in self.slots[start..].iter().chain(&self.slots[..start]) {
            let found = match slot.load(Relaxed) {
                0 => match slot.compare_exchange(0, hash, Relaxed, Relaxed) {
                    Ok(_) => return true,
                    Err(found) => found,
                },
                found => found,
            };
            if found == hash {
                return false;
            }
        }
        panic!("full")
    }
}

/// Time in which every thread inserts its tags.
fn time(filter: &impl Filter, tags: &[Vec<ReplayTag>]) -> Duration {
    let insert = |tags: &[ReplayTag]| tags.iter().filter(|tag| filter.insert(tag)).count();
    let started = Instant::now();
    let new: usize = match tags {
        [alone] => insert(alone),
        _ => thread::scope(|scope| {
            let threads: Vec<_> = tags.iter().map(|tags| scope.spawn(|| insert(tags))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        }),
    };
    let passed = started.elapsed();
    assert_eq!(new, tags.len() * TAGS);
    passed
}

fn filters(c: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for threads in [1, 2] {
        let tags: Vec<Vec<ReplayTag>> = (0..threads)
            .map(|_| {
                (0..TAGS)
                    .map(|_| {
                        let mut tag = [0; 32];
                        rng.fill_bytes(&mut tag);
                        ReplayTag(tag)
                    })
                    .collect()
            })
            .collect();
        let total = threads * TAGS;
        let slots = ReplayFilter::slots_for(total);
        let mut group = c.benchmark_group(format!("{threads} threads"));
        group.throughput(Throughput::Elements(total as u64));
        let mut bench = |name: &str, run: &mut dyn FnMut() -> Duration| {
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter_custom(|times| (0..times).map(|_| run()).sum());
            });
        };
        let mut seed = ChaCha8Rng::seed_from_u64(2);
        bench("shared", &mut || time(&SharedReplayFilter::new(usize::MAX, &mut seed), &tags));
        bench("one lock", &mut || time(&Mutex::new(ReplayFilter::new(vec![0; slots], &mut seed)), &tags));
        bench("atomic slots", &mut || {
            let slots = (0..slots).map(|_| AtomicU64::new(0)).collect();
            time(&AtomicSlots { slots, key: [7; 16] }, &tags)
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    targets = filters, yardstick
}
criterion_main!(benches);
