//! Deliberate leaks of each kind: a check that misses one of them is void.

use super::Operation;
use crate::memcheck::{assert_secret, secrets};
use core::hint::black_box;

pub(super) fn all() -> Vec<Operation> {
    let leak =
        |name: &str, run: fn()| Operation { leaks: true, ..Operation::new(format!("deliberate leak: {name}"), run) };
    vec![leak("a branch", branch), leak("an index", index), leak("a comparison that stops early", early_stop)]
}

fn branch() {
    let key: [u8; 1] = secrets(7);
    if black_box(key[0]) & 1 == 1 {
        println!("odd");
    }
}

fn index() {
    let key: [u8; 1] = secrets(7);
    let table = black_box([3_u8; 256]);
    assert_secret(&[table[usize::from(key[0])] ^ key[0]]);
}

fn early_stop() {
    let (key, other): ([u8; 32], [u8; 32]) = (secrets(7), black_box([7; 32]));
    for (key, other) in key.iter().zip(&other) {
        if black_box(*key) != *other {
            return;
        }
    }
}
