//! The main loop: signals and keys have priority, and nothing waits for the disk or the network.

use crate::{
    Error, Mode, Options,
    lines::Line,
    model::{Model, Question},
    network::{Connection, ConnectionStatus, Network},
    talk::Talk,
    tests::*,
    view::{Action, Input, View},
};
use std::{io, sync::Mutex, thread, time::Instant};
use tokio::sync::{mpsc as tokio_mpsc, oneshot};
use zeroize::Zeroizing;

/// Everything that the test's view was shown.
#[derive(Default)]
struct Shown {
    lines: Vec<String>,
    questions: Vec<Option<String>>,
}

struct TestView {
    shown: Arc<Mutex<Shown>>,
    is_terminal: bool,
}

impl View for TestView {
    fn input(&mut self, input: Input, _: bool, _: &Model) -> Action {
        match input {
            Input::Line(line) => Action::Line(line),
            Input::End => Action::Quit { asks: true },
            Input::Terminal(_) => Action::Nothing,
        }
    }

    fn line_added(&mut self, _: Option<ContactId>, line: &Line, _: &Model) {
        self.shown.lock().unwrap().lines.push(line.text.clone());
    }

    fn question_changed(&mut self, question: Option<&Question>) -> io::Result<()> {
        self.shown.lock().unwrap().questions.push(question.map(|question| question.text.clone()));
        Ok(())
    }

    fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    fn discard_typed(&mut self) {}

    fn draw(&mut self, _: &mut Model) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self, _: &mut Model) -> Result<(), Error> {
        Ok(())
    }
}

/// A network that answers nothing; with `floods`, it reports lost answers without end.
struct Silent {
    floods: bool,
}

struct SilentConnection;

impl Network for Silent {
    type Connection = SilentConnection;

    fn box_len(&self) -> BoxLen {
        box_len()
    }

    fn connect(
        self,
        mut next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(SilentConnection, UnboundedReceiver<Answer>), String> {
        let (answers, receiver) = tokio_mpsc::unbounded_channel();
        thread::spawn(move || {
            for number in 0.. {
                next(number);
                let outcome = Outcome::Lost;
                if answers.send(Answer { number, outcome }).is_err() {
                    return;
                }
                let pause = if self.floods { Duration::from_micros(50) } else { Duration::from_millis(20) };
                thread::sleep(pause);
            }
        });
        Ok((SilentConnection, receiver))
    }
}

impl Connection for SilentConnection {
    fn status(&self) -> ConnectionStatus {
        ConnectionStatus::Connected
    }

    async fn close(self) {}
}

pub(super) fn options(path: &Path, history: Option<&Path>) -> Options {
    Options {
        folder: path.to_path_buf(),
        name: None,
        history: history.map(Path::to_path_buf),
        repairs_history: false,
        max_file: 0,
        mode: Mode::Plain,
        rings: false,
    }
}

fn was_told(shown: &Shown, start: &str) -> bool {
    shown.lines.iter().any(|line| line.starts_with(start))
}

struct Running {
    inputs: tokio_mpsc::Sender<Input>,
    stop: Option<oneshot::Sender<()>>,
    shown: Arc<Mutex<Shown>>,
    task: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Running {
    fn start(path: &Path, history: Option<&Path>, is_terminal: bool, floods: bool) -> Self {
        let (inputs, typed) = tokio_mpsc::channel(64);
        let (stop, stopped) = oneshot::channel();
        let shown = Arc::new(Mutex::new(Shown::default()));
        let view = TestView { shown: Arc::clone(&shown), is_terminal };
        let options = options(path, history);
        let path = path.to_path_buf();
        let task = tokio::spawn(async move {
            let entropy = entropy();
            let folder = open_folder(&path, &entropy);
            let stop = core::pin::pin!(async {
                let _ = stopped.await;
            });
            Talk::new(view, typed, stop).run(options, folder, Silent { floods }, entropy).await
        });
        Self { inputs, stop: Some(stop), shown, task }
    }

    async fn type_in(&self, line: &str) {
        self.inputs.send(Input::Line(Zeroizing::new(line.as_bytes().to_vec()))).await.unwrap();
    }

    async fn wait_for(&self, what: &str, is_seen: impl Fn(&Shown) -> bool) {
        let end = Instant::now() + Duration::from_mins(2);
        while !is_seen(&self.shown.lock().unwrap()) {
            assert!(
                Instant::now() < end,
                "{what}: {:?} {:?}",
                self.shown.lock().unwrap().lines,
                self.task.is_finished()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn asked(&self, number: usize, start: &str) {
        self.wait_for(start, |shown| {
            shown.questions.iter().flatten().nth(number).is_some_and(|question| question.starts_with(start))
        })
        .await;
    }

    async fn end(self) -> Result<(), Error> {
        tokio::time::timeout(Duration::from_mins(1), self.task).await.expect("it ends").unwrap()
    }
}

#[tokio::test]
async fn a_signal_ends_it_whatever_else_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::start(folder.path(), None, true, true);
    running.type_in("/code").await;
    running.wait_for("a code", |shown| shown.lines.iter().any(|line| line.starts_with("code: "))).await;
    running.stop.take().unwrap().send(()).unwrap();
    running.end().await.unwrap();
}

/// A file that takes longer to read than the test waits: the program continues, and ends at once.
#[cfg(unix)]
#[tokio::test]
async fn reading_a_large_file_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice");
    let mut service = Service::default();
    drop(paired(folder.path(), &mut service));
    let sparse = folder.path().join("large");
    std::fs::File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
    let running = Running::start(&path, None, true, false);
    running.type_in(&format!("/send {}", sparse.display())).await;
    running.wait_for("reading", |shown| shown.lines.iter().any(|line| line.starts_with("reading "))).await;
    running.type_in("a text").await;
    running.wait_for("a text", |shown| shown.lines.iter().any(|line| line == "a text")).await;
    // a text is still queued, so the program asks first; the second end of input counts
    running.inputs.send(Input::End).await.unwrap();
    running.inputs.send(Input::End).await.unwrap();
    running.end().await.unwrap();
}

#[tokio::test]
async fn a_new_passphrase_is_asked_twice() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history");
    let path = folder.path().join("alice");
    let running = Running::start(&path, Some(&history), true, false);
    running.asked(0, "A passphrase").await;
    running.type_in("one").await;
    running.asked(1, "Repeat the passphrase").await;
    running.type_in("other").await;
    let error = running.end().await.unwrap_err();
    assert!(matches!(error, Error::Passphrase(_)), "{error}");
    assert!(!history.exists());
    let running = Running::start(&path, Some(&history), true, false);
    running.asked(0, "A passphrase").await;
    running.type_in("").await;
    assert!(matches!(running.end().await, Err(Error::Passphrase(_))));
}

/// Input typed while the key is derived is neither kept nor sent; from a pipe, all input counts.
#[tokio::test]
async fn what_is_typed_while_the_key_is_derived_is_thrown_away() {
    for is_terminal in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history");
        let running = Running::start(&folder.path().join("alice"), Some(&history), is_terminal, false);
        running.type_in("words").await;
        if is_terminal {
            running.asked(1, "Repeat").await;
            running.type_in("words").await;
        }
        running.asked(if is_terminal { 2 } else { 1 }, "Opening the history").await;
        running.type_in("/help pairing").await;
        running.wait_for("the end of it", |shown| shown.questions.last() == Some(&None)).await;
        running.type_in("/help files").await;
        running.wait_for("help", |shown| was_told(shown, "/send FILE")).await;
        assert_eq!(was_told(&running.shown.lock().unwrap(), "/code WORDS"), !is_terminal);
        // the history is bound to its passphrase even while it is empty
        running.inputs.send(Input::End).await.unwrap();
        running.end().await.unwrap();
        let running = Running::start(&folder.path().join("alice"), Some(&history), is_terminal, false);
        running.type_in("wrong words").await;
        let error = running.end().await.unwrap_err().to_string();
        assert!(error.contains("passphrase is wrong"), "{error}");
    }
}
