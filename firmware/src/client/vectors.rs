//! The constants that `build/vectors.rs` generates from the vectors.
#![allow(dead_code, reason = "a hop's fields are there whether they are needed or not")]

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));
