//! Standard output that is closed, full or not a terminal.

use crate::run::{Ran, tool};
use std::{fs::OpenOptions, process::Command};

const PRINTING: [&[&str]; 4] = [&["schemes"], &["geometry"], &["geometry", "--hash"], &["packets", "--messages", "1"]];

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for arguments in PRINTING {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = Ran::from(tool(arguments).stdout(writer).output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    for arguments in PRINTING {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = Ran::from(tool(arguments).stdout(full).output().unwrap());
        assert_eq!(ran.status, 1, "{arguments:?}");
        assert!(ran.stderr.starts_with("error: can't write to standard output: "), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
#[cfg(unix)]
fn everything_may_be_closed() {
    for arguments in PRINTING {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"exec "$@" <&- >&- 2>&-"#, "sh", env!("CARGO_BIN_EXE_mixwell")]).args(arguments);
        assert_eq!(shell.status().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn colours_are_for_terminals() {
    for arguments in PRINTING {
        let plain = Ran::from(tool(arguments).output().unwrap());
        assert!(!plain.stdout.contains('\x1b') && !plain.stderr.contains('\x1b'), "{arguments:?}");
    }
    // by convention this variable forces colours
    let forced = Ran::from(tool(&["schemes"]).env("CLICOLOR_FORCE", "1").output().unwrap());
    assert!(forced.stdout.contains('\x1b'));
}

#[test]
fn tables_fit_a_terminal_of_80_columns() {
    for arguments in [&["schemes"][..], &["packets", "--messages", "2", "--scheme", "mlkem768-x25519"]] {
        let printed = crate::run::succeed(arguments);
        let widest = printed.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{widest:?} columns\n{printed}");
    }
}
