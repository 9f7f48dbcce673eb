//! The chat's program, apart from the network and the command line: it needs [`mixwell_chat`], a terminal or pipes, and a
//! [`Network`].
//!
//! Two parts work side by side. The [`App`] has the conversations, on a thread of its own that may wait for the disk. The loop here has the
//! terminal; it never waits for anything but its events, and signals and keys come first.

mod app;
mod command;
mod error;
mod folder;
mod history;
mod layout;
mod lines;
mod model;
pub(crate) mod network;
mod outbox;
mod plain;
mod private;
mod screen;
mod script;
#[cfg(test)]
mod tests;
mod time;
mod transfers;
mod view;

pub(crate) use error::Error;
pub(crate) use script::Script;

use app::{App, AppConfig, Request, Update};
use core::{fmt, pin::Pin, time::Duration};
use folder::Folder;
use history::HistoryFile;
use lines::{Kind, Line};
use mixwell_chat::{Cost, person_name};
use model::{Model, Question};
use network::{Connection, ConnectionStatus, Network};
use outbox::Outbox;
use plain::{Output, Plain};
use rand_core::CryptoRng;
use screen::Screen;
use script::ScriptView;
use std::{
    path::PathBuf,
    sync::{Arc, mpsc as std_mpsc},
    thread,
    time::Instant,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use view::{Action, Input, View};
use zeroize::Zeroizing;

/// What the user asks for.
#[derive(Debug)]
pub(crate) struct Options {
    /// The folder of this side's keys, state and files.
    pub(crate) folder: PathBuf,
    /// The name that friends see. It counts when the folder is made.
    pub(crate) name: Option<String>,
    pub(crate) history: Option<PathBuf>,
    /// Moves a damaged history aside and goes on with its whole entries.
    pub(crate) repairs_history: bool,
    /// The largest file that may be accepted, in bytes.
    pub(crate) max_file: u64,
    pub(crate) mode: Mode,
    /// Whether the terminal rings for a text.
    pub(crate) rings: bool,
}

/// How the program is used.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// On the full screen of a terminal.
    Screen,
    /// By plain lines.
    Plain,
    /// By a script, for one purpose.
    Script(Script),
}

/// Makes random generators.
#[derive(Clone)]
pub(crate) struct Entropy(Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>);

impl Entropy {
    pub(crate) fn new(make: impl Fn() -> Box<dyn CryptoRng + Send> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.0)()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

/// How often it is looked at what has changed without an event.
const LOOK: Duration = Duration::from_millis(250);

/// How long the connection's status has to last before the user is told: it changes for a moment between two consensuses.
const LASTING: Duration = Duration::from_secs(5);

/// How long the end of the program waits for the disk, and for the network.
const PATIENCE: Duration = Duration::from_secs(3);

/// From so many keys at once on they are taken for a paste.
const PASTE: usize = 16;

/// Runs the program until the user quits or `stop` is ready.
///
/// # Errors
/// Why it can't start, or had to stop.
pub(crate) async fn run(
    options: Options,
    network: impl Network,
    entropy: Entropy,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let folder = Folder::open(&options.folder, &entropy)?;
    let stop = core::pin::pin!(stop);
    match options.mode.clone() {
        Mode::Plain => {
            let (plain, inputs) = Plain::open();
            Talk::new(plain, inputs, stop).run(options, folder, network, entropy).await
        }
        Mode::Screen => {
            let (screen, inputs) = Screen::open(options.rings).map_err(Error::Terminal)?;
            Talk::new(screen, inputs, stop).run(options, folder, network, entropy).await
        }
        Mode::Script(script) => {
            let (view, inputs) = ScriptView::new(script, Output::new(std::io::stdout()));
            Talk::new(view, inputs, stop).run(options, folder, network, entropy).await
        }
    }
}

/// The loop of a view.
struct Talk<'a, V, S> {
    view: V,
    model: Model,
    inputs: mpsc::Receiver<Input>,
    stop: Pin<&'a mut S>,
    /// The next time the program ends without a question.
    has_asked_to_quit: bool,
}

/// The user wants to quit, or a signal came.
struct Stopped;

impl<'a, V: View, S: Future<Output = ()>> Talk<'a, V, S> {
    const fn new(view: V, inputs: mpsc::Receiver<Input>, stop: Pin<&'a mut S>) -> Self {
        Self { view, model: Model::new(), inputs, stop, has_asked_to_quit: false }
    }

    async fn run(
        mut self,
        options: Options,
        folder: Folder,
        network: impl Network,
        entropy: Entropy,
    ) -> Result<(), Error> {
        let Ok(history) = self.open_history(&options, &entropy).await? else { return Ok(()) };
        let name = if let Some(name) = folder.profile()? {
            name
        } else {
            let name = person_name(&options.name.unwrap_or_else(|| folder.own_name()));
            folder.save_profile(&name, &entropy)?;
            name
        };
        let (requests, receiver) = std_mpsc::channel();
        let (reports, updates) = mpsc::unbounded_channel();
        let to_app = requests.clone();
        // a thread that has ended takes nothing
        let outbox = Outbox::new(move |number| drop(to_app.send(Request::Taken(number))));
        let config = AppConfig {
            folder,
            name,
            box_len: network.box_len(),
            history,
            entropy,
            max_file: options.max_file,
            outbox: Arc::clone(&outbox),
            updates: reports,
            requests: requests.clone(),
        };
        let app = App::open(config)?;
        thread::spawn(move || app.run(&receiver));
        let (connection, mut answers) = network.connect(move |number| outbox.take(number)).map_err(Error::Network)?;
        let to_app = requests.clone();
        tokio::spawn(async move {
            while let Some(answer) = answers.recv().await {
                if to_app.send(Request::Answer(answer)).is_err() {
                    break;
                }
            }
        });
        let ended = self.talk(&requests, updates, &connection).await;
        let closed = self.view.close(&mut self.model);
        drop(self);
        // a network that does not hang up does not keep the program
        let _ = timeout(PATIENCE, connection.close()).await;
        ended.and(closed)
    }

    /// Shows and asks until the end.
    async fn talk(
        &mut self,
        requests: &std_mpsc::Sender<Request>,
        mut updates: mpsc::UnboundedReceiver<Update>,
        connection: &impl Connection,
    ) -> Result<(), Error> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut watch = ConnectionWatch::new();
        loop {
            self.draw()?;
            tokio::select! {
                // signals and keys first, whatever else there is
                biased;
                () = &mut self.stop => break,
                Some(input) = self.inputs.recv() => {
                    match self.take_inputs(input, requests) {
                        Ok(()) => {}
                        Err(Stopped) => break,
                    }
                }
                Some(update) = updates.recv() => {
                    let mut next = Some(update);
                    while let Some(update) = next {
                        if self.update(update)? {
                            return Ok(());
                        }
                        next = updates.try_recv().ok();
                    }
                }
                _ = looks.tick() => {}
            }
            self.model.connection = connection.status();
            if let Some((kind, text)) = watch.change(&self.model.connection, Instant::now()) {
                self.add(Line { time: time::now(), kind, text });
            }
        }
        let _ = requests.send(Request::Quit { asks: false });
        // until all is saved
        let saved = async {
            while let Some(update) = updates.recv().await {
                if self.update(update)? {
                    break;
                }
            }
            Ok(())
        };
        timeout(PATIENCE, saved).await.unwrap_or(Ok(()))
    }

    /// Processes all inputs that are here.
    fn take_inputs(&mut self, first: Input, requests: &std_mpsc::Sender<Request>) -> Result<(), Stopped> {
        let mut batch = vec![first];
        while let Ok(input) = self.inputs.try_recv() {
            batch.push(input);
        }
        let many = batch.len() > PASTE;
        let last = batch.len().saturating_sub(1);
        for (place, input) in batch.into_iter().enumerate() {
            match self.view.input(input, many && place < last, &self.model) {
                Action::Line(line) => {
                    let _ = requests.send(Request::Line(line));
                }
                Action::Switch(places) => {
                    if let Some(id) = self.model.neighbour(places) {
                        let _ = requests.send(Request::Select(id));
                    }
                }
                Action::Select(id) => drop(requests.send(Request::Select(id))),
                Action::Quit { asks: true } if !self.has_asked_to_quit => {
                    self.has_asked_to_quit = true;
                    let _ = requests.send(Request::Quit { asks: true });
                }
                Action::Quit { .. } => return Err(Stopped),
                Action::Suspend => {
                    if self.view.suspend().is_err() {
                        return Err(Stopped);
                    }
                }
                Action::Nothing => {}
            }
        }
        Ok(())
    }

    /// Processes an update. Gives whether it was the last one.
    fn update(&mut self, update: Update) -> Result<bool, Error> {
        match update {
            Update::Line(contact, line) => {
                self.view.line_added(contact, &line, &self.model);
                self.model.push(contact, line);
            }
            Update::Contacts(contacts) => self.model.set_contacts(contacts),
            Update::Select(contact) => self.model.select(contact),
            Update::Question(text) => {
                // who has said no to quitting may be asked again
                self.has_asked_to_quit &= text.is_some();
                self.ask(text.map(|text| Question { text, is_hidden: false }))?;
            }
            Update::Done => return Ok(true),
        }
        Ok(false)
    }

    fn add(&mut self, line: Line) {
        self.view.line_added(None, &line, &self.model);
        self.model.push(None, line);
    }

    fn ask(&mut self, question: Option<Question>) -> Result<(), Error> {
        self.view.question_changed(question.as_ref()).map_err(Error::Terminal)?;
        self.model.question = question;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), Error> {
        self.view.draw(&mut self.model).map_err(Error::Terminal)
    }

    /// Opens the history, if there is to be one. The key is derived on a thread of its own, while nothing is shown that is typed, and nothing of
    /// it is kept.
    async fn open_history(
        &mut self,
        options: &Options,
        entropy: &Entropy,
    ) -> Result<Result<Option<HistoryFile>, Stopped>, Error> {
        let Some(path) = options.history.clone() else { return Ok(Ok(None)) };
        let is_new = !path.exists();
        let question = if is_new { "A passphrase for the new history:" } else { "The history's passphrase:" };
        let Ok(passphrase) = self.ask_hidden(question).await? else { return Ok(Err(Stopped)) };
        if passphrase.is_empty() {
            return Err(Error::Passphrase("the passphrase of a history must not be empty"));
        }
        // who pipes it in can't mistype it
        if is_new && self.view.is_terminal() {
            let Ok(again) = self.ask_hidden("The same passphrase again:").await? else { return Ok(Err(Stopped)) };
            if again != passphrase {
                return Err(Error::Passphrase("the two passphrases differ; there is no history yet"));
            }
        }
        self.ask(Some(Question { text: "Opening the history ...".to_owned(), is_hidden: true }))?;
        let (repairs, entropy) = (options.repairs_history, entropy.clone());
        let open = move || HistoryFile::open(&path, &passphrase, Cost::RECOMMENDED, repairs, &entropy);
        let mut opening = tokio::task::spawn_blocking(open);
        let opened = loop {
            self.draw()?;
            let is_terminal = self.view.is_terminal();
            tokio::select! {
                biased;
                () = &mut self.stop => return Ok(Err(Stopped)),
                Some(input) = self.inputs.recv(), if is_terminal => {
                    if matches!(self.view.input(input, true, &self.model), Action::Quit { .. }) {
                        return Ok(Err(Stopped));
                    }
                }
                opened = &mut opening => break opened,
            }
        };
        if self.view.is_terminal() {
            self.view.discard_typed();
            while self.inputs.try_recv().is_ok() {}
        }
        self.ask(None)?;
        let failed = |_| Error::Passphrase("the history's key could not be derived");
        Ok(Ok(Some(opened.map_err(failed)??)))
    }

    /// Asks for a line that is not shown.
    async fn ask_hidden(&mut self, question: &str) -> Result<Result<Zeroizing<String>, Stopped>, Error> {
        self.ask(Some(Question { text: question.to_owned(), is_hidden: true }))?;
        loop {
            self.draw()?;
            let action = tokio::select! {
                biased;
                () = &mut self.stop => return Ok(Err(Stopped)),
                Some(input) = self.inputs.recv() => self.view.input(input, false, &self.model),
            };
            match action {
                Action::Line(line) => {
                    let text = core::str::from_utf8(&line).map(|text| Zeroizing::new(text.to_owned()));
                    return text.map(Ok).map_err(|_| Error::Passphrase("the passphrase is not UTF-8 text"));
                }
                Action::Quit { .. } => return Ok(Err(Stopped)),
                Action::Suspend => self.view.suspend().map_err(Error::Terminal)?,
                Action::Switch(_) | Action::Select(_) | Action::Nothing => {}
            }
        }
    }
}

/// Tells the user of a connection's changes that last.
struct ConnectionWatch {
    status: Option<(ConnectionStatus, Instant)>,
    told: Option<ConnectionStatus>,
}

impl ConnectionWatch {
    const fn new() -> Self {
        Self { status: None, told: None }
    }

    fn change(&mut self, status: &ConnectionStatus, now: Instant) -> Option<(Kind, String)> {
        if self.status.as_ref().is_none_or(|(before, _)| before != status) {
            self.status = Some((status.clone(), now));
        }
        let lasts = self.status.as_ref().is_some_and(|(_, since)| now.duration_since(*since) >= LASTING);
        let is_first = self.told.is_none() && *status == ConnectionStatus::Connected;
        if self.told.as_ref() == Some(status) || !(is_first || lasts) {
            return None;
        }
        self.told = Some(status.clone());
        Some(match status {
            ConnectionStatus::Connecting => (Kind::Note, "connecting to the network".to_owned()),
            ConnectionStatus::Connected => (Kind::Note, "connected".to_owned()),
            ConnectionStatus::NoConsensus => {
                (Kind::Warning, "a gateway is connected, but has no consensus of this epoch yet".to_owned())
            }
            ConnectionStatus::ClockOff(offset) => {
                (Kind::Warning, format!("{offset}; nothing can be sent until this machine's clock is set"))
            }
            ConnectionStatus::NoService => {
                (Kind::Warning, "the network has no rendezvous service that can be reached".to_owned())
            }
            ConnectionStatus::Outdated => (
                Kind::Warning,
                "the network's configuration has changed since the start: /quit, and start again to connect".to_owned(),
            ),
        })
    }
}
