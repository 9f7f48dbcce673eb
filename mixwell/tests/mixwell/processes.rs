//! Networks whose authorities and nodes are processes of the real tool.

use crate::run::{Ran, run, succeed, tool};
use core::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};
use std::{
    collections::HashMap,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    thread::{self, sleep},
    time::Instant,
};
use tempfile::TempDir;

/// The configuration of a small network in its own folder.
pub(crate) struct Configured {
    folder: TempDir,
}

/// The first of `count` ports that appear to be free.
///
/// They are below the range that the system uses for outgoing connections, because a restarting
/// node must find its port free.
pub(crate) fn free_ports(count: u16) -> u16 {
    const RANGES: u32 = 160;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let range = (process::id() + NEXT.fetch_add(1, Relaxed)) % RANGES;
        let port = 10_240 + 128 * u16::try_from(range).unwrap();
        if (port..port + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}

impl Configured {
    /// Three authorities, three layers of one mix each, a gateway and a service node, unless `more`
    /// says otherwise.
    pub(crate) fn new(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("net");
        let port = free_ports(60).to_string();
        let mut arguments = vec!["genconfig", net.to_str().unwrap(), "--port", &port];
        if !more.contains(&"--mixes") {
            arguments.extend_from_slice(&["--mixes", "1"]);
        }
        arguments.extend_from_slice(more);
        assert!(succeed(&arguments).starts_with("ok "));
        Self { folder }
    }

    /// The path of one of the network's files or folders.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("net").join(name)
    }

    pub(crate) fn client_toml(&self) -> String {
        self.path("client.toml").to_str().unwrap().to_owned()
    }

    /// The path of an authority's or node's configuration.
    pub(crate) fn config(&self, name: &str) -> PathBuf {
        let file = if name.starts_with("auth") { "authority.toml" } else { "katzenpost.toml" };
        self.path(name).join(file)
    }

    /// Edits the configuration of an authority or node.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&str) -> String) {
        let path = self.config(name);
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "nothing was changed");
        fs::write(path, changed).unwrap();
    }

    /// The value of the first setting that starts with `begin` in a configuration.
    pub(crate) fn setting(&self, name: &str, begin: &str) -> String {
        let text = fs::read_to_string(self.config(name)).unwrap();
        text.split_once(begin).unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    /// The names of the authorities' and nodes' folders.
    pub(crate) fn names(&self) -> Vec<String> {
        let folders = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap());
        let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
        let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Starts an authority or a node.
    pub(crate) fn start(&self, name: &str) -> Process {
        self.start_but(name, |_| {})
    }

    /// Like [`start`](Self::start), with a modified command.
    pub(crate) fn start_but(&self, name: &str, change: impl FnOnce(&mut Command)) -> Process {
        let command = if name.starts_with("auth") { "authority" } else { "node" };
        let log = fs::File::options().create(true).append(true).open(self.path(name).join("log")).unwrap();
        let mut command = tool(&[command, "--log", "debug", "--config", self.config(name).to_str().unwrap()]);
        change(&mut command);
        Process(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Starts a node that cannot write to any file, as on a full disk. Its log is read from a pipe,
    /// which the limit does not affect.
    #[cfg(unix)]
    pub(crate) fn start_without_disk(&self, name: &str) -> (Process, thread::JoinHandle<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 0 && exec \"$0\" node --config \"$1\"", env!("CARGO_BIN_EXE_mixwell")]);
        command.arg(self.config(name)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        (Process(child), log)
    }

    pub(crate) fn fetch(&self, more: &[&str]) -> Ran {
        run(&[&["fetch", "--config", &self.client_toml()], more].concat())
    }

    /// A node's metrics; empty while the node cannot be reached.
    pub(crate) fn metrics(&self, name: &str) -> HashMap<String, u64> {
        let Ok(mut stream) = TcpStream::connect(self.setting(name, "MetricsAddress = \"")) else {
            return HashMap::new();
        };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = String::new();
        if stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").is_err() || stream.read_to_string(&mut answer).is_err() {
            return HashMap::new();
        }
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let lines = body.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, n)| (name.to_owned(), n.parse().unwrap())).collect()
    }

    /// The last lines of all logs, for failing tests.
    pub(crate) fn logs(&self) -> String {
        self.names().iter().fold(String::new(), |all, name| {
            let log = fs::read_to_string(self.path(name).join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            all + &format!("\n== {name}\n{}", lines[lines.len().saturating_sub(15)..].join("\n"))
        })
    }
}

/// A process that is killed at the end of the test.
pub(crate) struct Process(Child);

impl Process {
    /// Kills the process, like `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Terminates the process, like `kill`; it has to exit with success.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("the process does not stop");
    }

    /// Sends a signal: `-STOP` hangs the process, `-CONT` lets it continue.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl From<Child> for Process {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
