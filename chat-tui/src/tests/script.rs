//! Scripts that send one text or receive texts.

use crate::{
    Error,
    network::{Connection, ConnectionStatus, Network},
    plain::Output,
    script::{Script, ScriptView},
    talk::Talk,
    tests::{talk::options, *},
};
use std::{io, sync::Mutex, thread};

/// A network with a service in memory.
struct Local(Arc<Mutex<Service>>);

struct LocalConnection;

impl Network for Local {
    type Connection = LocalConnection;

    fn box_len(&self) -> BoxLen {
        box_len()
    }

    fn connect(
        self,
        mut next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(LocalConnection, UnboundedReceiver<Answer>), String> {
        let (answers, receiver) = tokio::sync::mpsc::unbounded_channel();
        thread::spawn(move || {
            for number in 0.. {
                thread::sleep(Duration::from_millis(5));
                let request = next(number);
                let outcome = if request.is_empty() { Outcome::Lost } else { self.0.lock().unwrap().serve(&request) };
                if answers.send(Answer { number, outcome }).is_err() {
                    return;
                }
            }
        });
        Ok((LocalConnection, receiver))
    }
}

impl Connection for LocalConnection {
    fn status(&self) -> ConnectionStatus {
        ConnectionStatus::Connected
    }

    async fn close(self) {}
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn run(path: &Path, service: &Arc<Mutex<Service>>, script: Script) -> (Result<(), Error>, String) {
    let written = Written::default();
    let entropy = entropy();
    let folder = open_folder(path, &entropy);
    let (view, inputs) = ScriptView::new(script, Output::new(written.clone()));
    let stop = core::pin::pin!(core::future::pending());
    let network = Local(Arc::clone(service));
    let ended = Talk::new(view, inputs, stop).run(options(path, None), folder, network, entropy).await;
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    (ended, text)
}

fn send(friend: &str, text: &str, patience: u64) -> Script {
    let (friend, text) = (friend.to_owned(), text.to_owned().into());
    // a program that ends at once has no time to acknowledge
    Script::Send { friend, text, until_read: false, patience: Some(Duration::from_secs(patience)) }
}

fn receive(count: u64, patience: u64) -> Script {
    Script::Receive { friend: None, is_json: true, count: Some(count), patience: Some(Duration::from_secs(patience)) }
}

#[tokio::test]
async fn a_bot_sends_and_receives() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut service = Service::default();
    drop(paired(folder.path(), &mut service));
    let service = Arc::new(Mutex::new(service));
    let (alice, bob) = (at("alice"), at("bob"));
    let ((sent, printed), (received, lines)) = tokio::join!(
        run(&alice, &service, send("BOB", "/etc/motd:\n\"hi\"", 300)),
        run(&bob, &service, receive(1, 300))
    );
    assert!(sent.is_ok() && received.is_ok(), "{sent:?} {received:?}");
    assert_eq!(printed, "");
    let json: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((&json["from"], &json["text"]), (&"alice".into(), &"/etc/motd:\n\"hi\"".into()));
    assert_eq!(json["verified"], false);
    assert!(json["time"].as_str().unwrap().ends_with('Z'));

    let (ended, _) = run(&alice, &service, send("carol", "hello", 60)).await;
    assert!(ended.unwrap_err().to_string().contains("no contact is called \"carol\""));
    let (ended, _) = run(&alice, &service, send("bob", "  ", 60)).await;
    assert!(ended.unwrap_err().to_string().contains("nothing to send"));
    let long = "x".repeat(mixwell_chat::MAX_TEXT_LEN + 1);
    let (ended, _) = run(&alice, &service, send("bob", &long, 60)).await;
    assert!(ended.unwrap_err().to_string().contains("want at most"));
    // the text is not read, and no text arrives
    let mut unread = send("bob", "hello", 1);
    if let Script::Send { until_read, .. } = &mut unread {
        *until_read = true;
    }
    let (ended, _) = run(&alice, &service, unread).await;
    assert!(ended.unwrap_err().to_string().contains("not delivered yet"));
    let (ended, _) = run(&at("nobody"), &service, receive(1, 1)).await;
    assert!(ended.unwrap_err().to_string().contains("only 0 texts arrived"));
}
