//! The loop of the program: keys, updates of the application, and the status of the connection,
//! until the user quits.

mod connection_watch;
mod history_key;

use crate::{
    Entropy, Mode, Options,
    app::{App, AppConfig, Request, Update},
    error::Error,
    folder::Folder,
    lines::Line,
    model::{Model, Question},
    network::{Connection, Network},
    outbox::Outbox,
    plain::{Output, Plain},
    screen::Screen,
    script::ScriptView,
    time,
    view::{Action, Input, View},
};
use connection_watch::ConnectionWatch;
use core::{pin::Pin, time::Duration};
use mixwell_chat::person_name;
use std::{
    sync::{Arc, mpsc as std_mpsc},
    thread,
    time::Instant,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

/// Polling interval of the connection's status, which changes without an event.
const LOOK: Duration = Duration::from_millis(250);

/// Maximum time for which the program waits for the disk and the network at its end.
const PATIENCE: Duration = Duration::from_secs(3);

/// More keys than this at once are a paste.
const PASTE: usize = 16;

/// Runs the program until the user quits or `stop` is ready.
///
/// # Errors
/// The reason why it can't start, or had to stop.
pub async fn run(
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
pub(crate) struct Talk<'a, V, S> {
    view: V,
    model: Model,
    inputs: mpsc::Receiver<Input>,
    stop: Pin<&'a mut S>,
    /// Whether the next request to quit ends the program without a question.
    has_asked_to_quit: bool,
}

/// The user wants to quit, or a signal came.
pub(crate) struct Stopped;

impl<'a, V: View, S: Future<Output = ()>> Talk<'a, V, S> {
    pub(crate) const fn new(view: V, inputs: mpsc::Receiver<Input>, stop: Pin<&'a mut S>) -> Self {
        Self { view, model: Model::new(), inputs, stop, has_asked_to_quit: false }
    }

    pub(crate) async fn run(
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
        // the thread may have ended
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
        // do not wait for ever for the network to close
        let _ = timeout(PATIENCE, connection.close()).await;
        ended.and(closed)
    }

    /// Runs the loop until the end.
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
                // signals and keys first, however many updates wait
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
        // until everything is saved
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

    /// Processes an update. Returns whether it was the last one.
    fn update(&mut self, update: Update) -> Result<bool, Error> {
        match update {
            Update::Line(contact, line) => {
                self.view.line_added(contact, &line, &self.model);
                self.model.push(contact, line);
            }
            Update::Contacts(contacts) => self.model.set_contacts(contacts),
            Update::Select(contact) => self.model.select(contact),
            Update::Question(text) => {
                // after a no, quitting may be asked for again
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
}
