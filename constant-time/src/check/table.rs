//! The table of verdicts.

use crate::{
    ops::{self, NOT_RUN, Operation},
    points::Points,
    report::{Finding, Report},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
    process::ExitCode,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Runs the operations whose names contain all words, and prints a line for each. Fails if an
/// operation leaks, or if a deliberate leak is missed. Appends the points that were met to the file
/// `met`.
pub(crate) fn print(words: &[&str], met: Option<&Path>) -> ExitCode {
    let operations: Vec<_> =
        ops::all().into_iter().filter(|operation| words.iter().all(|word| operation.name.contains(word))).collect();
    let points = Points::load();
    let width = operations.iter().map(|operation| operation.name.len()).max().unwrap_or(0);
    let mut good = !operations.is_empty();
    println!("| {:width$} | verdict |\n|{}|---|", "operation", "-".repeat(width + 2));
    each_in_order(&operations, |operation, report| {
        let verdict = Verdict::of(operation, &report, &points);
        println!("| {:width$} | {} |", operation.name, verdict.text);
        verdict.details.iter().for_each(|line| println!("{line}"));
        good &= verdict.good;
    });
    if let Some(file) = met {
        let mut file = OpenOptions::new().append(true).create(true).open(file).expect("a file to append to");
        for point in points.met() {
            writeln!(file, "{point}").expect("the file can be written to");
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Fails if there is a point that no build has met: the file lists the points that were met, one
/// per line.
pub(crate) fn print_unmet(file: &Path) -> ExitCode {
    let met = fs::read_to_string(file).expect("what the builds have written");
    let met: BTreeSet<_> = met.lines().collect();
    let unmet: Vec<_> = Points::load().all().into_iter().filter(|point| !met.contains(point.as_str())).collect();
    unmet.iter().for_each(|point| println!("declassified, but no operation meets it: {point}"));
    if unmet.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Verdict {
    good: bool,
    text: String,
    details: Vec<String>,
}

impl Verdict {
    fn of(operation: &Operation, report: &Report, points: &Points) -> Self {
        if report.status == Some(NOT_RUN.into()) {
            return Self { good: true, text: "not run: valgrind lacks the instructions".into(), details: Vec::new() };
        }
        let at: Vec<_> = report.findings.iter().map(|finding| (finding, points.at(finding))).collect();
        let leaks: Vec<_> = at.iter().filter(|(_, points)| points.is_empty()).map(|(finding, _)| finding).collect();
        if report.status != Some(0) {
            return Self { good: false, text: "FAILED".into(), details: vec![report.output.clone()] };
        }
        match (operation.leaks, leaks.as_slice()) {
            (true, []) => Self { good: false, text: "MISSED".into(), details: Vec::new() },
            (true, _) => Self { good: true, text: "caught".into(), details: Vec::new() },
            (false, []) => {
                let declassified: BTreeSet<_> = at.iter().flat_map(|(_, points)| points).collect();
                let text = match declassified.len() {
                    0 => "constant time".into(),
                    1 => "constant time, but for 1 point".into(),
                    count => format!("constant time, but for {count} points"),
                };
                Self { good: true, text, details: Vec::new() }
            }
            (false, leaks) => {
                let details = leaks.iter().flat_map(|leak| describe(leak)).collect();
                Self { good: false, text: format!("LEAKS in {} places", leaks.len()), details }
            }
        }
    }
}

/// A leak with its call stack, without the harness's calls.
fn describe(leak: &Finding) -> Vec<String> {
    let frames = leak.frames.iter().take_while(|frame| !frame.file.ends_with("src/check/main.rs"));
    let frames = frames.map(|frame| format!("      {} ({}:{})", frame.function, frame.file.display(), frame.line));
    [format!("    {}", leak.kind)].into_iter().chain(frames).collect()
}

/// Runs the operations, one per processor at a time, and passes their reports on in the original
/// order.
fn each_in_order(operations: &[Operation], mut done: impl FnMut(&Operation, Report)) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((index, operation)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    operations.get(index).map(|operation| (index, operation))
                } {
                    sender.send((index, Report::of(&operation.name))).expect("the receiver lives on");
                }
            });
        }
        drop(sender);
        let (mut waiting, mut wanted) = (BTreeMap::new(), 0);
        for (index, report) in receiver {
            waiting.insert(index, report);
            while let Some(report) = waiting.remove(&wanted) {
                done(&operations[wanted], report);
                wanted += 1;
            }
        }
    });
}
