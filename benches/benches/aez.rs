//! Time of one AEZ pass over a packet's payload, on each back end and in other implementations.
//!
//! `cargo bench -p mixwell-benches --bench aez`
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use mixwell_aez::{Aez, Backend};
use mixwell_benches::yardstick;
use std::{hint::black_box, mem::swap};

/// Round sizes near the Sphinx payloads for user payloads of 2000 and 30000 bytes.
const LENGTHS: [usize; 4] = [512, 2048, 4096, 30 * 1024];
const KEY: [u8; 48] = [7; 48];
const NONCE: [u8; 16] = [9; 16];

fn passes(c: &mut Criterion) {
    for length in LENGTHS {
        let mut group = c.benchmark_group(format!("AEZ of {length} bytes"));
        group.throughput(Throughput::Bytes(length as u64));
        for backend in Backend::available() {
            ours(&mut group, backend, length);
        }
        others(&mut group, length);
        group.finish();
    }
}

/// Packets use each key once, so key expansion counts too.
fn ours(group: &mut BenchmarkGroup<'_, WallTime>, backend: Backend, length: usize) {
    let mut data = vec![0; length];
    let name = format!("mixwell {backend:?}");
    group.bench_function(BenchmarkId::new(&name, "one key"), |b| {
        let aez = Aez::with_backend(&KEY, backend).unwrap();
        b.iter(|| aez.encrypt(&NONCE, black_box(&mut data)));
    });
    group.bench_function(BenchmarkId::new(&name, "a key each"), |b| {
        b.iter(|| Aez::with_backend(black_box(&KEY), backend).unwrap().encrypt(&NONCE, black_box(&mut data)));
    });
}

/// Each pass takes the output of the last one as its input, as in place: independent messages would
/// overlap in the processor.
fn others(group: &mut BenchmarkGroup<'_, WallTime>, length: usize) {
    let (mut data, mut out) = (vec![0; length], vec![0; length]);
    group.bench_function(BenchmarkId::new("C", "one key"), |b| {
        let aez = aez::Aez::new(&KEY);
        b.iter(|| {
            aez.encrypt(&NONCE, None, black_box(&data), black_box(&mut out));
            swap(&mut data, &mut out);
        });
    });
    group.bench_function(BenchmarkId::new("C", "a key each"), |b| {
        b.iter(|| {
            aez::Aez::new(black_box(&KEY)).encrypt(&NONCE, None, black_box(&data), black_box(&mut out));
            swap(&mut data, &mut out);
        });
    });
    group.bench_function(BenchmarkId::new("zears", "one key"), |b| {
        let aez = zears::Aez::new(&KEY);
        b.iter(|| aez.encrypt_inplace(&NONCE, &[], 0, black_box(&mut data)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(1));
    targets = passes, yardstick
}
criterion_main!(benches);
