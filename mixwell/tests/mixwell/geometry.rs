//! `mixwell geometry`.

use crate::run::{fail, run, run_with_input, scheme_value, succeed};
use mixwell_vectors::Hex;
use serde::Deserialize;
use std::fs;

/// The fields of a `geometry.json` vector that this test uses; the crate `sphinx` reads them all.
#[derive(Deserialize)]
struct Vector {
    nike_name: String,
    kem_name: String,
    nr_hops: u64,
    user_forward_payload_length: u64,
    with_surb: bool,
    hash: Hex,
    toml: Option<String>,
}

impl Vector {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            "geometry".to_owned(),
            format!("--scheme={}", scheme_value(&self.nike_name, &self.kem_name)),
            format!("--hops={}", self.nr_hops),
            format!("--payload={}", self.user_forward_payload_length),
        ];
        if !self.with_surb {
            arguments.push("--no-surb".to_owned());
        }
        arguments
    }
}

fn as_strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn vectors() {
    for vector in mixwell_vectors::load::<Vector>("geometry") {
        let (name, test) = (vector.name, vector.test);
        let mut arguments = test.arguments();
        let toml = succeed(&as_strs(&arguments));
        if let Some(expected) = &test.toml {
            assert_eq!(&toml, expected, "{name}");
        }
        arguments.push("--hash".to_owned());
        let hash = format!("{:?}\n", test.hash);
        assert_eq!(succeed(&as_strs(&arguments)), hash, "{name}");

        let checked = run_with_input(&["geometry", "--check", "-", "--hash"], toml.as_bytes());
        assert_eq!((checked.status, checked.stdout, checked.stderr), (0, hash, String::new()), "{name}");
    }
}

/// A complete client configuration with the geometry in the middle.
fn client_toml() -> String {
    let geometry = succeed(&["geometry"]);
    format!(
        "DisableDecoyTraffic = true\n\n[Logging]\n  File = \"\"\n  Level = \"NOTICE\"\n\n{geometry}\n\
             [PinnedGateways]\n\n  [[PinnedGateways.Gateways]]\n    Name = \"gateway1\"\n    Addresses = [\"tcp://127.0.0.1:30004\"]\n"
    )
}

#[test]
fn a_whole_client_toml_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.toml");
    fs::write(&path, client_toml()).unwrap();
    let verdict = succeed(&["geometry", "--check", path.to_str().unwrap()]);
    assert!(verdict.starts_with(&format!("ok {}: x25519 (NIKE), 5 hops", path.display())), "{verdict}");
    assert!(verdict.contains(succeed(&["geometry", "--hash"]).trim_end()), "{verdict}");
}

/// The error message about a geometry on standard input.
fn complaint(toml: &str) -> String {
    let ran = run_with_input(&["geometry", "--check", "-"], toml.as_bytes());
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{toml}");
    assert!(ran.stderr.starts_with("error: standard input: "), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn a_wrong_length_is_named() {
    let toml = client_toml();
    let lengths: Vec<(&str, u64)> = (toml.lines())
        .filter_map(|line| line.trim().split_once(" = "))
        .filter_map(|(key, value)| Some((key, value.parse().ok()?)))
        .collect();
    assert_eq!(lengths.len(), 12);
    for (key, length) in lengths {
        let wrong = toml.replace(&format!("  {key} = {length}\n"), &format!("  {key} = {}\n", length + 1));
        let complaint = complaint(&wrong);
        // all other fields follow from these two, so the first of the others is reported as
        // different
        let named = if matches!(key, "NrHops" | "UserForwardPayloadLength") { "PacketLength" } else { key };
        assert!(complaint.contains(&format!("SphinxGeometry: {named} is ")), "{key}: {complaint}");
    }
}

#[test]
fn every_field_has_to_be_there_once_and_no_other() {
    let toml = succeed(&["geometry"]);
    for line in toml.lines().skip(1) {
        let key = line.trim().split(' ').next().unwrap();
        let without = toml.replace(&format!("{line}\n"), "");
        assert!(complaint(&without).contains(&format!("missing field `{key}`")), "{key}");
        assert!(complaint(&format!("{toml}{line}\n")).contains("duplicate key"), "{key}");
        let of_another_kind = toml.replace(line, &format!("  {key} = [1.5]"));
        let complaint = complaint(&of_another_kind);
        assert!(complaint.contains(key) && complaint.contains("invalid type"), "{key}: {complaint}");
    }
    assert!(complaint(&format!("{toml}  Hops = 5\n")).contains("unknown field `Hops`"));
    assert!(complaint(&toml.replace("NrHops = 5", "NrHops = -5")).contains("NrHops"));
    assert!(complaint(&toml.replace("NrHops = 5", "NrHops = 33")).contains("NrHops is 33, want 1 to 32"));
    assert!(complaint(&toml.replace("NrHops = 5", "NrHops = 99999999999999999999")).contains("NrHops"));
    for names in ["NIKEName = \"rot13\"\nKEMName = \"\"", "NIKEName = \"x25519\"\nKEMName = \"XWING\""] {
        let wrong = toml.replace("NIKEName = \"x25519\"\n  KEMName = \"\"", names);
        assert!(complaint(&wrong).contains("NIKEName"), "{wrong}");
    }
}

#[test]
fn files_without_a_geometry() {
    assert!(complaint("").contains("there is no section [SphinxGeometry]"));
    assert!(complaint("[Logging]\nLevel = \"NOTICE\"\n").contains("there is no section [SphinxGeometry]"));
    assert!(complaint("SphinxGeometry = 3").contains("invalid type"));
    assert!(complaint("this is no TOML").contains("TOML parse error"));
    let ran = run_with_input(&["geometry", "--check", "-"], b"\xff\xfe");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("utf-8"), "{}", ran.stderr);

    assert!(fail(&["geometry", "--check", "/nowhere/client.toml"]).contains("can't read /nowhere/client.toml: "));
    assert!(fail(&["geometry", "--check", "/"]).contains("can't read /: "));
}

#[test]
#[cfg(unix)]
fn a_file_without_end_is_given_up() {
    let complaint = fail(&["geometry", "--check", "/dev/zero"]);
    assert!(complaint.contains("can't read /dev/zero: it is a device, want a regular file"), "{complaint}");
    let ran = run_with_input(&["geometry", "--check", "-"], &vec![b'#'; (16 << 20) + 1]);
    assert!(ran.status == 1 && ran.stderr.contains("can't read standard input: file too large"), "{}", ran.stderr);
}

#[test]
fn packets_beyond_the_address_space() {
    let ran = run(&["geometry", "--payload", &usize::MAX.to_string()]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr, "error: a packet would not fit the address space\n");
}
