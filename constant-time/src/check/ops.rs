//! The operations, each with its secrets marked.

mod aez;
mod chat;
mod delays;
mod kems;
mod leaks;
mod links;
mod nikes;
mod packets;
mod pem;
mod signatures;

/// One line of the table.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn() -> Outcome + Sync + Send>,
    /// Whether the operation leaks deliberately and must be reported.
    pub(crate) leaks: bool,
}

/// The outcome.
pub(crate) enum Outcome {
    Done,
    /// The processor that valgrind emulates lacks the instructions.
    NotRun,
}

/// The exit status for [`Outcome::NotRun`].
pub(crate) const NOT_RUN: u8 = 3;

/// Every operation whose code differs in this build, and the deliberate leaks.
pub(crate) fn all() -> Vec<Operation> {
    let starts_with = |name: &str, starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    let is_in_this_build = |operation: &Operation| {
        let name = operation.name.as_str();
        operation.leaks
            || if cfg!(mixwell_mlkem = "rustcrypto") {
                let kems = starts_with(name, &["KEM MLKEM768", "KEM XWING"]);
                let x25519 = name.starts_with("NIKE x25519");
                kems || x25519 || !cfg!(target_feature = "avx2") && name.starts_with("link")
            } else if cfg!(mixwell_backend = "portable") {
                let same = ["KEM x448", "NIKE x448", "PEM", "delay", "outbox", "shared random", "signature Sphincs+"];
                !starts_with(name, &same)
            } else {
                true
            }
    };
    [
        leaks::all(),
        aez::all(),
        nikes::all(),
        kems::all(),
        packets::all(),
        links::all(),
        signatures::all(),
        delays::all(),
        pem::all(),
        chat::all(),
    ]
    .into_iter()
    .flatten()
    .filter(is_in_this_build)
    .collect()
}

impl Operation {
    fn new(name: impl Into<String>, run: impl Fn() + Sync + Send + 'static) -> Self {
        let run = move || {
            run();
            Outcome::Done
        };
        Self { name: name.into(), run: Box::new(run), leaks: false }
    }
}
