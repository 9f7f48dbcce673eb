//! The points where values derived from secrets are deliberately made public.
//!
//! In our sources they are marked by comments, which apply to the following statement:
//!
//! - `// declassified: <reason>` for a branch or an index in the statement itself;
//! - `// declassified with what it calls: <reason>` for its callees as well.
//!
//! Dependencies cannot carry such comments: [`upstream`] lists the points accepted in them.

mod upstream;

use crate::report::{Finding, Frame};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use upstream::{UPSTREAM, Upstream};

/// Every point, and whether a run has met it.
pub(crate) struct Points {
    root: PathBuf,
    ours: Vec<Point>,
    upstream: Vec<(&'static Upstream, AtomicBool)>,
}

/// A statement in our sources.
struct Point {
    /// Relative to the root of the repository.
    file: PathBuf,
    /// The line of the comment and the last line of the statement.
    lines: [u32; 2],
    with_calls: bool,
    reason: String,
    met: AtomicBool,
}

impl Points {
    /// Reads the sources.
    pub(crate) fn load() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned();
        let mut ours = Vec::new();
        for folder in ["aez", "chat", "mixdelay", "pki-types", "pq-kem", "sphinx", "wire"] {
            read_folder(&root, &Path::new(folder).join("src"), &mut ours);
        }
        read_folder(&root, Path::new("constant-time/src/check/ops"), &mut ours);
        let upstream = UPSTREAM.iter().map(|point| (point, AtomicBool::new(false))).collect();
        Self { root, ours, upstream }
    }

    /// The indices of the points at which a finding is.
    pub(crate) fn at(&self, finding: &Finding) -> Vec<usize> {
        let own = finding.frames.iter().find(|frame| !is_plumbing(frame));
        let frames = |with_calls| finding.frames.iter().filter(move |_| with_calls).chain(own);
        let ours =
            self.ours.iter().map(|point| (frames(point.with_calls).any(|frame| self.is_at(point, frame)), &point.met));
        let upstream = self.upstream.iter();
        let upstream = upstream.map(|(point, met)| (frames(point.with_calls).any(|frame| point.is_at(frame)), met));
        let at = ours.chain(upstream).enumerate().filter(|(_, (is_at, _))| *is_at);
        at.inspect(|(_, (_, met))| met.store(true, Ordering::Relaxed)).map(|(number, _)| number).collect()
    }

    fn is_at(&self, point: &Point, frame: &Frame) -> bool {
        let [first, last] = point.lines;
        (first..=last).contains(&frame.line) && frame.file.strip_prefix(&self.root).is_ok_and(|file| file == point.file)
    }

    /// The points that findings have met.
    pub(crate) fn met(&self) -> Vec<String> {
        let ours = self.ours.iter().filter(|point| point.met.load(Ordering::Relaxed)).map(Point::describe);
        let upstream = self.upstream.iter().filter(|(_, met)| met.load(Ordering::Relaxed));
        ours.chain(upstream.map(|(point, _)| point.describe())).collect()
    }

    /// Every point, one per line.
    pub(crate) fn all(&self) -> Vec<String> {
        self.ours.iter().map(Point::describe).chain(self.upstream.iter().map(|(point, _)| point.describe())).collect()
    }
}

impl Point {
    fn describe(&self) -> String {
        let calls = if self.with_calls { " and what it calls" } else { "" };
        format!("{}:{}{calls}: {}", self.file.display(), self.lines[0], self.reason)
    }
}

/// Whether a frame is in the standard library or in `subtle`, through which our own code branches.
fn is_plumbing(frame: &Frame) -> bool {
    let file = frame.file.to_string_lossy();
    // functions without a file are the system's, such as `memcpy`
    file.is_empty() || ["/rustc/", "/library/core/", "/subtle-"].iter().any(|part| file.contains(part))
}

fn read_folder(root: &Path, folder: &Path, points: &mut Vec<Point>) {
    let mut entries: Vec<_> =
        fs::read_dir(root.join(folder)).expect("a folder of ours").map(|entry| entry.expect("an entry")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let file = folder.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            read_folder(root, &file, points);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            read_file(&fs::read_to_string(root.join(&file)).expect("a source file"), &file, points);
        }
    }
}

fn read_file(text: &str, file: &Path, points: &mut Vec<Point>) {
    let mut lines = (1_u32..).zip(text.lines());
    while let Some((first, line)) = lines.next() {
        let Some((_, comment)) = line.split_once("// declassified") else { continue };
        let Some((scope, reason)) = comment.split_once(": ") else { panic!("{}:{first}: no reason", file.display()) };
        let with_calls = match scope {
            "" => false,
            " with what it calls" => true,
            other => panic!("{}:{first}: declassified{other}", file.display()),
        };
        let ends = |line: &str| [";", "{", "}", ","].iter().any(|end| line.trim_end().ends_with(end));
        let last = lines.clone().find(|(_, line)| !line.trim_start().starts_with("//") && ends(line));
        let last = last.map_or(first, |(last, _)| last);
        points.push(Point {
            file: file.to_owned(),
            lines: [first, last],
            with_calls,
            reason: reason.to_owned(),
            met: AtomicBool::new(false),
        });
    }
}
