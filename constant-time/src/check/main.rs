//! Runs every operation that handles secrets under valgrind, and prints a table of the verdicts.
//!
//! `check` runs all, `check WORDS` those whose names hold all words, `check --points` lists what is declassified, and
//! `check --run NAME` is what runs under valgrind.

mod memcheck;
mod ops;
mod points;
mod report;
mod table;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--run", name] => run(name),
        ["--points"] => {
            points::Points::load().print();
            ExitCode::SUCCESS
        }
        ref words => table::print(words),
    }
}

/// Runs one operation; exits with [`ops::NOT_RUN`] if this machine cannot.
fn run(name: &str) -> ExitCode {
    assert!(memcheck::is_valgrind(), "this is to be run under valgrind");
    let operation = ops::all().into_iter().find(|operation| operation.name == name).expect("the name of an operation");
    match (operation.run)() {
        ops::Outcome::Done => ExitCode::SUCCESS,
        ops::Outcome::NotRun => ExitCode::from(ops::NOT_RUN),
    }
}
