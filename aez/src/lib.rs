#![no_std]
#![doc = include_str!("../README.md")]

mod aez;
mod backend;
mod block;
mod direction;
mod encipher;
mod engine;
mod field;
mod offsets;
mod tiny;
mod wide;

pub use aez::Aez;
pub use backend::Backend;
