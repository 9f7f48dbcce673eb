//! Checks of the repository's documents.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod arrows;
mod book;
mod figures;
mod links;
mod lints;
mod markdown;
mod readmes;
mod references;
mod repository;
mod security;
mod walks;
