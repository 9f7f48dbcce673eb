//! The operations, each with its secrets marked.

mod aez;
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
    /// Whether it is there to be caught.
    pub(crate) leaks: bool,
}

/// What became of it.
pub(crate) enum Outcome {
    Done,
    /// The machine, as valgrind shows it, lacks the instructions.
    NotRun,
}

/// The exit status for [`Outcome::NotRun`].
pub(crate) const NOT_RUN: u8 = 3;

/// Every operation.
pub(crate) fn all() -> Vec<Operation> {
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
    ]
    .into_iter()
    .flatten()
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
