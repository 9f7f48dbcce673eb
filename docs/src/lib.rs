//! The formats (`docs/spec/`).
//!
//! This crate is for tests only and is never published. Its tests resolve every link in the repository's Markdown files.
