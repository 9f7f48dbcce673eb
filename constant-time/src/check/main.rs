//! Runs every operation that handles secrets under valgrind, and prints a table of the verdicts.
//!
//! - `check`, `check WORDS`: all operations, or those whose names contain all words;
//! - `check --met FILE`: all operations, and appends to the file the points that were met;
//! - `check --unmet FILE`: fails if a point is not listed in that file, to which several builds
//!   have appended;
//! - `check --points`: all declassified points;
//! - `check --run NAME`: one operation, as it runs under valgrind.

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
            points::Points::load().all().iter().for_each(|point| println!("{point}"));
            ExitCode::SUCCESS
        }
        ["--met", file] => table::print(&[], Some(file.as_ref())),
        ["--unmet", file] => table::print_unmet(file.as_ref()),
        ref words => table::print(words, None),
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
