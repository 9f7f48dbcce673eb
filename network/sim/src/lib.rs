#![doc = include_str!("../README.md")]

pub mod anonymity;
pub mod contention;
pub mod selftest;
