//! What the user types.

use std::path::PathBuf;

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Say(&'a str),
    /// Make a code, or enter one.
    Code(Option<&'a str>),
    Safety,
    Send(PathBuf),
    Forget,
    Help,
    Quit,
    /// None of these.
    Unknown(&'a str),
    Nothing,
}

pub(crate) const HELP: [&str; 8] = [
    "/code          make a code for your friend to enter",
    "/code WORDS    enter your friend's code",
    "/safety        the words that you both compare",
    "/send FILE     send a file",
    "/forget        forget your friend, and all keys",
    "/quit          end the program; your friend stays",
    "//text         say /text",
    "marks: … waits, ↑ sent, · stored by the service, ✓ read by your friend's program",
];

impl<'a> Command<'a> {
    pub(crate) fn parse(line: &'a str) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        let Some(command) = line.strip_prefix('/') else {
            return if line.trim().is_empty() { Self::Nothing } else { Self::Say(line) };
        };
        if command.starts_with('/') {
            return Self::Say(command);
        }
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match (word, rest.is_empty()) {
            ("code", true) => Self::Code(None),
            ("code", false) => Self::Code(Some(rest)),
            ("safety", true) => Self::Safety,
            ("send", false) => Self::Send(PathBuf::from(rest)),
            ("forget", true) => Self::Forget,
            ("help", true) => Self::Help,
            ("quit", true) => Self::Quit,
            _ => Self::Unknown(line),
        }
    }
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
            ("/send a file.txt\r\n", Command::Send(PathBuf::from("a file.txt"))),
            ("/send", Command::Unknown("/send")),
            ("/quit now", Command::Unknown("/quit now")),
            ("/quit", Command::Quit),
        ] {
            assert_eq!(Command::parse(line), command);
        }
    }
}
