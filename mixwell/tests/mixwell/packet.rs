//! `mixwell packet`.

use crate::run::{fail, succeed};
use mixwell_pq_kem::{X25519, nike::PrivateKey, pem};
use mixwell_vectors::Hex;
use serde::Deserialize;
use std::{fs, path::Path};

/// The fields of a `sphinx_*.json` vector that this test uses; the crate `sphinx` reads them all.
#[derive(Deserialize)]
struct Vector {
    geometry: Geometry,
    path: Vec<Hop>,
    /// The packet as each hop receives it.
    packets: Vec<Hex>,
    replay_tags: Vec<Hex>,
    kind: String,
}

#[derive(Deserialize)]
struct Geometry {
    nike_name: String,
    nr_hops: u64,
    user_forward_payload_length: u64,
    forward_payload_length: u64,
}

#[derive(Deserialize)]
struct Hop {
    id: Hex,
    private_key: Hex,
}

fn write_key(path: &Path, key: &[u8]) {
    let key = PrivateKey::<X25519>::from_bytes(key.try_into().unwrap());
    let mut text = [0; pem::encoded_len::<PrivateKey<X25519>>()];
    fs::write(path, pem::encode(&key, &mut text).unwrap()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn every_hop_of_the_vectors() {
    let mut hops = 0;
    for vector in mixwell_vectors::load::<Vector>("sphinx") {
        let (name, test) = (vector.name, vector.test);
        if test.geometry.nike_name != "x25519" {
            continue;
        }
        let Geometry { nr_hops, user_forward_payload_length: user, forward_payload_length: all, .. } = test.geometry;
        let (first, user_text) = (&test.packets[0].0, user.to_string());
        let mut arguments = vec!["geometry", "--payload", &user_text, "--hops"];
        let nr_hops = nr_hops.to_string();
        arguments.push(&nr_hops);
        if user == all {
            arguments.push("--no-surb");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("geometry.toml"), succeed(&arguments)).unwrap();
        fs::write(path("packet"), first).unwrap();
        let (packet, config, out) = (path("packet"), path("geometry.toml"), path("out"));
        let mut arguments = vec!["packet".to_owned(), packet, "--config".to_owned(), config];
        for (number, hop) in test.path.iter().enumerate() {
            let key = path(&format!("{number}.pem"));
            write_key(Path::new(&key), &hop.private_key.0);
            arguments.extend(["--key".to_owned(), key]);
            let more = ["--out".to_owned(), out.clone()];
            let said = succeed(&arguments.iter().chain(&more).map(String::as_str).collect::<Vec<_>>());
            assert!(said.contains(&format!("{:?}", test.replay_tags[number])), "{name}: {said}");
            if let Some(next) = test.path.get(number + 1) {
                assert!(said.contains(&format!("{:?}", next.id)), "{name}: {said}");
                assert_eq!(fs::read(&out).unwrap(), test.packets[number + 1].0, "{name}, hop {number}");
            } else {
                let last = if test.kind == "surb_reply" { "SURB id" } else { "recipient" };
                assert!(said.contains(last), "{name}: {said}");
            }
            hops += 1;
        }
        // the same packet in hexadecimal, and with a key that is not the first hop's
        fs::write(path("packet"), format!("{:?}\n", test.packets[0])).unwrap();
        succeed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        if let Some(second) = arguments.get(7).filter(|_| test.path.len() > 1).cloned() {
            let ran = crate::run::run(&["packet", &arguments[1], "--config", &arguments[3], "--key", &second]);
            assert_eq!(ran.status, 1, "{name}: {}", ran.stdout);
        }
    }
    assert!(hops > 0 || std::env::var_os("MIXWELL_VECTORS").is_some());
}

#[test]
fn what_is_no_packet() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("geometry.toml"), succeed(&["geometry"])).unwrap();
    for bytes in [&b""[..], b"junk", &[0; 3081], &[0; 3083], &[b'0'; 6163]] {
        fs::write(path("packet"), bytes).unwrap();
        let said = fail(&["packet", &path("packet"), "--config", &path("geometry.toml")]);
        assert!(said.contains("want 3082"), "{said}");
    }
}
