//! The formats (`docs/spec/`) and the book (`docs/book/`).
//!
//! This crate is for tests only and is never published. Its examples are the programs of the book's
//! tutorials. Its tests run them, and resolve every link in the repository's Markdown files and
//! every pointer from a comment to a document.
