//! Mixwell's benchmarks live in `benches/`, one file for each question a user asks; this library is empty.
