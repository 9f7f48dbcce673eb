//! Two users chat, each with a process of the tool, through a network of processes.

use crate::{
    processes::{Configured, Process},
    run::{fail, tool},
};
use core::time::Duration;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
    sync::{Arc, Mutex},
    thread::{self, sleep},
    time::Instant,
};

/// One side, with its terminal controlled by the test.
struct Side {
    child: Child,
    input: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Side {
    fn start(folder: &Path, config: &Path) -> Self {
        let mut command = tool(&["chat", folder.to_str().unwrap(), "--config", config.to_str().unwrap()]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                seen.lock().unwrap().push(line.unwrap());
            }
        });
        Self { child, input: Some(input), lines }
    }

    fn type_in(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line that starts with `start` and returns the rest of that line.
    #[track_caller]
    fn wait_for(&self, start: &str, patience: Duration) -> String {
        let end = Instant::now() + patience;
        loop {
            let lines = self.lines();
            if let Some(rest) = lines.iter().rev().find_map(|line| line.strip_prefix(start)) {
                return rest.to_owned();
            }
            assert!(Instant::now() < end, "no {start:?} in {lines:#?}");
            sleep(Duration::from_millis(100));
        }
    }

    fn said_by(&self, name: &str) -> Vec<String> {
        let start = format!("<{name}> ");
        self.lines().iter().filter_map(|line| line.strip_prefix(&start).map(str::to_owned)).collect()
    }

    /// Ends the side's input, or acts on its process, and waits for a successful exit.
    #[cfg(unix)]
    fn end_by(mut self, act: Option<impl Fn(u32)>) {
        let began = Instant::now();
        match act {
            Some(act) => act(self.child.id()),
            None => drop(self.input.take()),
        }
        assert!(self.child.wait().unwrap().success(), "{:#?}", self.lines());
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    fn quit(mut self) {
        self.type_in("/quit");
        assert!(self.child.wait().unwrap().success(), "{:#?}", self.lines());
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A network with short delays and frequent ticks.
fn quick_network() -> Configured {
    let net = Configured::new(&["--epoch-seconds", "20"]);
    for authority in ["auth1", "auth2", "auth3"] {
        let path = net.path(authority).join("authority.toml");
        let text = fs::read_to_string(&path).unwrap();
        let quick = text.replace("  Mu = 0.005", "  Mu = 0.05").replace("  LambdaP = 0.001", "  LambdaP = 0.01");
        assert_ne!(text, quick);
        fs::write(&path, quick).unwrap();
    }
    net
}

/// `messages` messages each way and a file, while a mix, the service node with all boxes and the
/// gateway are killed and restarted, and one side's program as well.
fn talk_through_kills(messages: usize, file_len: usize, patience: Duration) {
    let net = quick_network();
    let _authorities = ["auth1", "auth2", "auth3"].map(|name| net.start(name));
    let _others = ["mix1", "mix3"].map(|name| net.start(name));
    let mut mix: Option<Process> = Some(net.start("mix2"));
    let mut service = Some(net.start("servicenode1"));
    let mut gateway = Some(net.start("gateway1"));
    assert_eq!(net.fetch(&["--wait", "60"]).status, 0);

    let config = net.path("client.toml");
    let folder = |name: &str| -> PathBuf { net.path(name) };
    let mut alice = Side::start(&folder("alice"), &config);
    let mut bob = Side::start(&folder("bob"), &config);
    alice.type_in("/code");
    let code = alice.wait_for("* code: ", patience);
    // the user who made the code may end the program before the code is entered
    alice.quit();
    let mut alice = Side::start(&folder("alice"), &config);
    alice.wait_for("* a pairing is in progress", patience);
    bob.type_in(&format!("/code {}", code.replacen('-', "-b", 1)));
    bob.wait_for("! word 2 of the code is not one", patience);
    bob.type_in(&format!("/code {code}"));
    assert_eq!(alice.wait_for("* paired with ", patience), "\"bob\"");
    assert_eq!(bob.wait_for("* paired with ", patience), "\"alice\"");
    assert_eq!(alice.wait_for("* safety string: ", patience), bob.wait_for("* safety string: ", patience));

    let content: Vec<u8> = (0..file_len).map(|place| u8::try_from(place * place % 251).unwrap()).collect();
    fs::write(folder("photo.bin"), &content).unwrap();
    alice.type_in(&format!("/send {}", folder("photo.bin").display()));
    bob.wait_for("* file \"photo.bin\" is offered to you", patience);
    bob.type_in("/accept");
    for number in 0..messages {
        match number * 10 / messages {
            1 => drop(mix.take().map(Process::kill)),
            2 if mix.is_none() => mix = Some(net.start("mix2")),
            3 => drop(service.take().map(Process::kill)),
            4 if service.is_none() => service = Some(net.start("servicenode1")),
            6 => drop(gateway.take().map(Process::kill)),
            7 if gateway.is_none() => gateway = Some(net.start("gateway1")),
            8 if (number - 1) * 10 / messages != 8 => {
                // killed, as with `kill -9`
                drop(bob);
                bob = Side::start(&folder("bob"), &config);
            }
            _ => {}
        }
        alice.type_in(&format!("this is number {number}"));
        bob.type_in(&format!("and that is {number}"));
        sleep(Duration::from_millis(200));
    }
    let end = Instant::now() + patience;
    let is_read = |side: &Side, friend: &str| {
        let last = format!("{messages} to \"{friend}\" is read");
        let lasts = format!("-{messages} to \"{friend}\" are read");
        side.lines().iter().any(|line| line.ends_with(&format!(" {last}")) || line.ends_with(&lasts))
    };
    while !(is_read(&alice, "bob") && is_read(&bob, "alice")) {
        assert!(Instant::now() < end, "{:#?}\n{:#?}", alice.lines(), bob.lines());
        sleep(Duration::from_millis(200));
    }
    alice.wait_for("* file \"photo.bin\" has arrived completely", patience);
    assert_eq!(fs::read(folder("bob").join("received/photo.bin")).unwrap(), content);

    let wanted: Vec<_> = (0..messages).map(|number| format!("and that is {number}")).collect();
    assert_eq!(alice.said_by("bob"), wanted);
    // bob's first process has shown the messages that his second one has not
    let heard = bob.said_by("alice");
    let wanted: Vec<_> = (0..messages).map(|number| format!("this is number {number}")).collect();
    assert_eq!(heard, wanted[messages - heard.len()..]);
    alice.quit();
    bob.quit();
}

#[test]
fn two_talk_while_nodes_are_killed() {
    talk_through_kills(24, 40_000, Duration::from_mins(4));
}

#[test]
#[ignore = "some minutes"]
fn two_hundred_messages_and_a_megabyte_while_nodes_are_killed() {
    talk_through_kills(100, 1_000_000, Duration::from_mins(8));
}

/// A folder with other files in it is not touched, whatever else is wrong.
#[test]
fn a_folder_of_others_stays_as_it_is() {
    let net = Configured::new(&[]);
    let config = net.path("client.toml");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("passwd"), "root").unwrap();
    let error = fail(&["chat", folder.path().to_str().unwrap(), "--config", config.to_str().unwrap()]);
    assert!(error.contains("it contains other files"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// While a chat looks for a network that is not there, SIGTERM, SIGINT and the end of input end it
/// at once.
#[cfg(unix)]
#[test]
fn signals_end_a_chat() {
    use rustix::process::{Pid, Signal, kill_process};
    let net = Configured::new(&[]);
    for signal in [Some(Signal::TERM), Some(Signal::INT), None] {
        let side = Side::start(&net.path("alice"), &net.path("client.toml"));
        side.wait_for("* no contacts yet", Duration::from_mins(1));
        side.end_by(signal.map(|signal| {
            move |pid: u32| {
                kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
            }
        }));
    }
}

#[test]
fn what_a_chat_cannot_begin_with_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("client.toml");
    let side = folder.path().join("side");
    let error = fail(&["chat", side.to_str().unwrap(), "--config", missing.to_str().unwrap()]);
    assert!(error.contains("client.toml"), "{error}");
    assert!(!side.exists());
}
