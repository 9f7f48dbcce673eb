//! Valgrind's report of one operation.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, id},
    sync::atomic::{AtomicU32, Ordering},
};

/// A use of a secret found by memcheck, with its call stack, innermost call first.
pub(crate) struct Finding {
    /// `UninitCondition` for a branch, `UninitValue` for an address.
    pub(crate) kind: String,
    pub(crate) frames: Vec<Frame>,
}

/// A call, possibly inlined.
pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) file: PathBuf,
    pub(crate) line: u32,
}

/// The result of an operation's process.
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// The exit status, or `None` after a signal.
    pub(crate) status: Option<i32>,
    /// The process's output.
    pub(crate) output: String,
}

impl Report {
    /// Runs this program again under valgrind.
    pub(crate) fn of(operation: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let xml = env::temp_dir().join(format!("constant-time-{}-{number}.xml", id()));
        let output = Command::new("valgrind")
            .args(["--quiet", "--error-limit=no", "--num-callers=200", "--xml=yes", "--undef-value-errors=yes"])
            .args(["--leak-check=no", "--expensive-definedness-checks=yes"])
            .arg(format!("--xml-file={}", xml.display()))
            .arg(env::current_exe().expect("the path of this program"))
            .args(["--run", operation])
            .output()
            .expect("valgrind is to be installed");
        let text = fs::read_to_string(&xml).expect("valgrind writes its report");
        fs::remove_file(&xml).expect("the report is ours");
        Self {
            findings: findings(&text),
            status: output.status.code(),
            output: [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat(),
        }
    }
}

fn findings(xml: &str) -> Vec<Finding> {
    let document = roxmltree::Document::parse(xml).expect("valgrind writes XML");
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.has_tag_name(name));
        child.and_then(|child| child.text()).unwrap_or_default().to_owned()
    };
    let errors = document.descendants().filter(|node| node.has_tag_name("error"));
    let findings = errors.map(|error| {
        let stack = error.children().find(|child| child.has_tag_name("stack")).expect("an error has a stack");
        let frames = stack.children().filter(|child| child.has_tag_name("frame")).map(|frame| Frame {
            function: text(frame, "fn"),
            file: PathBuf::from(text(frame, "dir")).join(text(frame, "file")),
            line: text(frame, "line").parse().unwrap_or(0),
        });
        Finding { kind: text(error, "kind"), frames: frames.collect() }
    });
    findings.collect()
}
