//! The command line as a whole.

use crate::run::{run, succeed};

#[test]
fn version() {
    assert_eq!(succeed(&["--version"]), format!("mixwell {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_has_every_command_and_an_example_of_it() {
    let help = succeed(&["--help"]);
    for command in [
        "authority",
        "demo",
        "document",
        "fetch",
        "genconfig",
        "geometry",
        "genkeypair",
        "node",
        "packet",
        "packets",
        "ping",
        "schemes",
        "speed",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(help.contains(&format!("  mixwell {command}")), "{help}");
    }
    for command in [
        "authority",
        "demo",
        "document",
        "fetch",
        "genconfig",
        "geometry",
        "genkeypair",
        "node",
        "packet",
        "packets",
        "ping",
        "speed",
    ] {
        assert!(succeed(&[command, "--help"]).contains("Examples:\n  mixwell "), "{command}");
    }
    assert!(succeed(&["schemes", "--help"]).contains("KEM"));
}

#[test]
fn wrong_command_lines() {
    let wrong: &[&[&str]] = &[
        &[],
        &["mix"],
        &["--shout"],
        &["packets", "now"],
        &["packets", "--hops", "0"],
        &["packets", "--hops", "33"],
        &["packets", "--payload", "0"],
        &["packets", "--payload", "1048577"],
        &["packets", "--messages", "0"],
        &["packets", "--messages", "1000001"],
        &["packets", "--messages", "2", "--file", "-"],
        &["packets", "--scheme", "rot13"],
        &["speed", "--seconds", "0.04"],
        &["speed", "--seconds", "61"],
        &["speed", "--seconds", "NaN"],
        &["speed", "--threads", "0"],
        &["speed", "--threads", "1025"],
        &["speed", "--payload", "0"],
        &["speed", "--scheme", "rot13"],
        &["speed", "--lambda-p", "0"],
        &["speed", "--lambda-p", "11"],
        &["speed", "--lambda-l", "0.1"],
        &["document"],
        &["document", "a", "b"],
        &["document", "a", "--threshold", "2"],
        &["document", "a", "--epoch", "2"],
        &["document", "a", "--authority", "b", "--threshold", "-1"],
        &["geometry", "--hops", "0"],
        &["geometry", "--hops", "33"],
        &["geometry", "--payload", "-1"],
        &["geometry", "--check", "client.toml", "--hops", "3"],
        &["authority"],
        &["fetch"],
        &["fetch", "--config", "client.toml", "--log", "shout"],
        &["genconfig"],
        &["genconfig", "net", "--layers", "0"],
        &["genconfig", "net", "--authorities", "0"],
        &["genconfig", "net", "--epoch-seconds", "1"],
        &["genconfig", "net", "--port", "65536"],
        &["node"],
        &["packet", "letter.packet"],
        &["genkeypair"],
        &["genkeypair", "name"],
        &["genkeypair", "--scheme", "x25519"],
        &["genkeypair", "--scheme", "x25519", ""],
        &["schemes", "--all"],
    ];
    for arguments in wrong {
        let ran = run(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains("--help"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn schemes_are_taken_in_any_case() {
    assert_eq!(succeed(&["geometry", "--scheme", "XWing"]), succeed(&["geometry", "--scheme", "xwing"]));
}
