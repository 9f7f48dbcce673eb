//! Parsing the lines that the user types.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Say(&'a str),
    /// Make a code, or enter one.
    Code(Option<&'a str>),
    Contacts,
    /// Bring a contact into view.
    To(&'a str),
    /// Rename the contact.
    Name(&'a str),
    Safety,
    /// Remember whether the safety strings are the same.
    Verify(bool),
    Send(PathBuf),
    Files,
    /// Files by number; the first if none is given.
    Accept(Option<u32>),
    Decline(Option<u32>),
    Cancel(Option<u32>),
    Find(&'a str),
    Export(PathBuf),
    Forget,
    Help(Option<&'a str>),
    Quit,
    /// Not a command.
    Unknown(&'a str),
    /// Bytes that are not UTF-8.
    NotText,
    Nothing,
}

/// All commands, for completion.
pub(crate) const NAMES: [&str; 16] = [
    "/accept",
    "/cancel",
    "/code",
    "/contacts",
    "/decline",
    "/export",
    "/files",
    "/find",
    "/forget",
    "/help",
    "/name",
    "/quit",
    "/safety",
    "/send",
    "/to",
    "/verify",
];

/// The topics of `/help`.
pub(crate) const TOPICS: [(&str, &[&str]); 5] = [
    (
        "pairing",
        &[
            "/code            make a code for a friend; tell it to them over the phone, or in person",
            "/code WORDS      enter a friend's code",
            "/safety          the safety string: the same for both, unless someone is in the middle",
            "/verify          remember that you have compared it; /verify no undoes that",
        ],
    ),
    (
        "contacts",
        &[
            "/contacts        all contacts and their status",
            "/to NAME         bring a contact into view (Alt-Up, Alt-Down, or a click)",
            "/name NAME       rename this contact",
            "/forget          forget this contact, and wipe all keys",
        ],
    ),
    (
        "files",
        &[
            "/send FILE       offer a file",
            "/files           files offered or in transfer, with their numbers",
            "/accept [N]      accept a file; /decline [N] declines it",
            "/cancel [N]      cancel the transfer of a file",
        ],
    ),
    (
        "history",
        &[
            "/find TEXT       search the texts",
            "/export FILE     write this conversation to a file, unencrypted",
            "A history is kept if the program was started with --history.",
        ],
    ),
    (
        "keys",
        &[
            "Enter sends, Alt-Enter begins a new line, Tab completes commands, paths and names",
            "Up and Down      lines that you sent before; PageUp and PageDown scroll",
            "Ctrl-A, Ctrl-E, Ctrl-W, Ctrl-K, Ctrl-Y, Alt-B, Alt-F edit as in a shell",
            "Ctrl-C or /quit  end the program; your contacts are kept",
            "//text           send /text as a text",
        ],
    ),
];

/// The meaning of the marks before our own lines.
pub(crate) const MARKS: &str = "marks: … waiting, ↑ sent, · stored by the service, ✓ read by your friend's program";

impl<'a> Command<'a> {
    /// Parses a line without its line break.
    pub(crate) fn parse(line: &'a [u8]) -> Self {
        if let Some(path) = line.strip_prefix(b"/send ").map(<[u8]>::trim_ascii).filter(|path| !path.is_empty()) {
            return path_of(path).map_or(Self::NotText, Self::Send);
        }
        let Ok(line) = core::str::from_utf8(line) else { return Self::NotText };
        let Some(command) = line.strip_prefix('/') else {
            return if line.trim().is_empty() { Self::Nothing } else { Self::Say(line) };
        };
        if command.starts_with('/') {
            return Self::Say(command);
        }
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
        let number = rest.map(str::parse::<u32>);
        match (word, rest, number) {
            ("code", words, _) => Self::Code(words),
            ("contacts", None, _) => Self::Contacts,
            ("to", Some(name), _) => Self::To(name),
            ("name", Some(name), _) => Self::Name(name),
            ("safety", None, _) => Self::Safety,
            ("verify", None | Some("yes"), _) => Self::Verify(true),
            ("verify", Some("no"), _) => Self::Verify(false),
            ("files", None, _) => Self::Files,
            ("accept", _, None) => Self::Accept(None),
            ("accept", _, Some(Ok(number))) => Self::Accept(Some(number)),
            ("decline", _, None) => Self::Decline(None),
            ("decline", _, Some(Ok(number))) => Self::Decline(Some(number)),
            ("cancel", _, None) => Self::Cancel(None),
            ("cancel", _, Some(Ok(number))) => Self::Cancel(Some(number)),
            ("find", Some(text), _) => Self::Find(text),
            ("export", Some(path), _) => Self::Export(at_home(Path::new(path)).into_owned()),
            ("forget", None, _) => Self::Forget,
            ("help", topic, _) => Self::Help(topic),
            ("quit", None, _) => Self::Quit,
            _ => Self::Unknown(line),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "there may be none on other systems")]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(at_home(Path::new(std::ffi::OsStr::from_bytes(bytes))).into_owned())
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    core::str::from_utf8(bytes).ok().map(|path| at_home(Path::new(path)).into_owned())
}

/// Expands a path whose first part is `~` to the user's home.
pub(crate) fn at_home(path: &Path) -> Cow<'_, Path> {
    let home = path.strip_prefix("~").ok().zip(std::env::home_dir());
    home.map_or(Cow::Borrowed(path), |(rest, home)| Cow::Owned(home.join(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (line, command) in [
            ("hello /code", Command::Say("hello /code")),
            ("//code", Command::Say("/code")),
            ("  ", Command::Nothing),
            ("/code", Command::Code(None)),
            ("/code  lusab babad ", Command::Code(Some("lusab babad"))),
            ("/send a file.txt", Command::Send(PathBuf::from("a file.txt"))),
            ("/send", Command::Unknown("/send")),
            ("/accept", Command::Accept(None)),
            ("/accept 3", Command::Accept(Some(3))),
            ("/accept x", Command::Unknown("/accept x")),
            ("/verify no", Command::Verify(false)),
            ("/help files", Command::Help(Some("files"))),
            ("/quit now", Command::Unknown("/quit now")),
            ("/quit", Command::Quit),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), command);
        }
        assert_eq!(Command::parse(b"caf\xe9"), Command::NotText);
        let home = std::env::home_dir().unwrap();
        assert_eq!(Command::parse(b"/send ~/a"), Command::Send(home.join("a")));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9")).to_path_buf();
        assert_eq!(Command::parse(b"/send caf\xe9"), Command::Send(path));
    }

    #[test]
    fn every_command_is_known_to_completion_and_help() {
        for name in NAMES {
            let shown = TOPICS.iter().flat_map(|(_, lines)| *lines).any(|line| line.contains(name));
            assert!(shown || name == "/help", "{name}");
        }
    }
}
