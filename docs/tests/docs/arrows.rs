//! The allowed dependencies between crates: the folders' table of `ARCHITECTURE.md`, as rules.

use crate::repository::{files, root, shown};
use std::{collections::BTreeSet, fs};
use toml::{Table, Value};

/// The network crates that programs embed.
const EMBEDDED: [&str; 5] = ["net", "node", "authority", "client", "config"];

/// Crates for command lines and terminals.
const TERMINAL: [&str; 7] = ["clap", "ratatui", "crossterm", "indicatif", "anstream", "anstyle", "rpassword"];

const CORE: [&str; 8] = ["aez", "chat", "mixdelay", "pki-types", "pq-kem", "sha256", "sphinx", "wire"];

/// Maximum lines of a command of the tool: its arguments, view and summary. Everything else belongs
/// in crates that programs embed.
const MAX_TOOL_LINES: usize = 150;

/// A crate's dependencies on every target, without dev-dependencies.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a crate's manifest");
    let manifest: Table = text.parse().expect("TOML");
    let mut names = names_of(&manifest);
    let targets = manifest.get("target").and_then(Value::as_table);
    for target in targets.into_iter().flat_map(Table::values) {
        names.extend(names_of(target.as_table().expect("a target's tables")));
    }
    names
}

fn names_of(table: &Table) -> BTreeSet<String> {
    let tables = ["dependencies", "build-dependencies"].into_iter().filter_map(|name| table.get(name)?.as_table());
    tables.flat_map(Table::keys).cloned().collect()
}

#[test]
fn node_authority_and_client_do_not_know_each_other() {
    let roles = ["node", "authority", "client"];
    for role in roles {
        let found = dependencies(&format!("network/{role}"));
        assert!(found.contains("mixwell-net"), "{found:?}");
        for other in roles.iter().filter(|other| **other != role) {
            assert!(!found.contains(&format!("mixwell-{other}")), "{role} depends on {other}");
        }
    }
    let net = dependencies("network/net");
    for upper in ["node", "authority", "client", "config", "testnet", "sim"] {
        assert!(!net.contains(&format!("mixwell-{upper}")), "net depends on {upper}");
    }
}

#[test]
fn no_crate_of_the_network_knows_a_terminal_or_the_tool() {
    for name in EMBEDDED.into_iter().chain(["testnet", "sim"]) {
        let found = dependencies(&format!("network/{name}"));
        for unwanted in TERMINAL.into_iter().chain(["mixwell", "mixwell-chat-tui"]) {
            assert!(!found.contains(unwanted), "network/{name} depends on {unwanted}");
        }
    }
    for name in EMBEDDED {
        let found = dependencies(&format!("network/{name}"));
        assert!(!found.contains("mixwell-testnet") && !found.contains("mixwell-vectors"), "network/{name}");
    }
    let sim = dependencies("network/sim");
    assert!(!sim.contains("tokio") && !sim.contains("mixwell-net"), "{sim:?}");
}

#[test]
fn core_crates_know_no_runtime_but_behind_a_feature() {
    for name in CORE {
        let text = fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a core crate's manifest");
        let manifest: Table = text.parse().expect("TOML");
        let all = manifest.get("dependencies").and_then(Value::as_table).expect("its dependencies");
        for (dependency, value) in all {
            let is_optional = value.get("optional").and_then(Value::as_bool) == Some(true);
            assert!(dependency != "tokio" || is_optional, "{name} needs tokio");
            let is_of_network = ["net", "node", "authority", "client", "config"]
                .iter()
                .any(|upper| *dependency == format!("mixwell-{upper}"));
            assert!(!is_of_network, "{name} depends on {dependency}");
        }
    }
}

#[test]
fn every_file_of_the_tool_is_short() {
    let sources = root().join("mixwell/src");
    let of_tool: Vec<_> = files(&[".rs"]).into_iter().filter(|file| file.starts_with(&sources)).collect();
    assert!(of_tool.len() > 50, "{}", of_tool.len());
    for file in of_tool {
        let lines = fs::read_to_string(&file).expect("a source file").lines().count();
        assert!(
            lines < MAX_TOOL_LINES,
            "{} has {lines} lines: does a crate of network/ want a part of it?",
            shown(&file)
        );
    }
}
