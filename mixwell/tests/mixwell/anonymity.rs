//! `mixwell anonymity`.

use crate::run::{fail, run, succeed};
use mixwell_vectors::Hex;
use serde::Deserialize;
use std::fs;

/// The fields of a `document.json` vector that this test uses; the crate `pki-types` reads them
/// all.
#[derive(Deserialize)]
struct Vector {
    certificate: Hex,
    well_formed: bool,
    fields: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    epoch: u64,
    topology: Vec<Vec<serde_json::Value>>,
    gateway_nodes: Vec<serde_json::Value>,
}

/// The output of a short run.
fn simulate(arguments: &[&str]) -> String {
    succeed(&[&["anonymity", "--seconds=20", "--users=20"], arguments].concat())
}

#[test]
fn the_seed_decides() {
    let first = simulate(&["--seed=7"]);
    assert_eq!(first, simulate(&["--seed=7"]));
    assert_ne!(first, simulate(&["--seed=8"]));
    assert!(first.starts_with("3 layers of 3 mixes; 20 users, 20 s, seed 7\n"), "{first}");
}

#[test]
fn documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document");
    let argument = format!("--document={}", path.display());
    for vector in mixwell_vectors::load::<Vector>("document") {
        let Some(fields) = vector.test.fields.filter(|_| vector.test.well_formed) else { continue };
        let certificate = &*vector.test.certificate;
        fs::write(&path, certificate).unwrap();
        // gateways of these documents send many loop decoys
        let text = simulate(&[&argument, "--lambda-g=0"]);
        let sizes: Vec<String> = fields.topology.iter().map(|layer| layer.len().to_string()).collect();
        let gateways = fields.gateway_nodes.len();
        let name =
            format!("document of epoch {}: gateways {gateways}, layers of mixes {}", fields.epoch, sizes.join(" + "));
        assert!(text.starts_with(&name), "{}: {text}", vector.name);

        // the bare document, without its certificate
        let certified = mixwell_pki_types::Certificate::parse(certificate).unwrap().unverified_payload().to_vec();
        fs::write(&path, &certified).unwrap();
        assert_eq!(simulate(&[&argument, "--lambda-g=0"]), text, "{}", vector.name);
        // the document's rates, except one
        assert_ne!(simulate(&[&argument, "--lambda-g=0", "--mu=0.002"]), text, "{}", vector.name);

        fs::write(&path, &certified[..certified.len() - 1]).unwrap();
        assert!(fail(&["anonymity", &argument]).contains("document: "), "{}", vector.name);
    }
}

#[test]
fn plots() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("new").join("plots");
    simulate(&["--plots", plots.to_str().unwrap()]);
    for name in ["latency.svg", "packets-in-a-mix.svg", "sender-entropy.svg"] {
        let text = fs::read_to_string(plots.join(name)).unwrap();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"), "{name}");
        assert!(text.matches("class='bar'").count() > 5 && !text.contains("NaN") && !text.contains("inf"), "{name}");
    }
}

#[test]
fn networks_that_cannot_be() {
    for (arguments, complaint) in [
        (&["--mu=0"][..], "Mu of 0"),
        (&["--lambda-p=0"], "LambdaP of 0"),
        (&["--messages=0.001"], "must be below LambdaP, 0.001"),
        (&["--users=100000", "--layers=20", "--nodes=100"], "100000 users and 2000 nodes"),
        (&["--document=/nowhere/at/all"], "can't read /nowhere/at/all"),
    ] {
        let text = fail(&[&["anonymity"], arguments].concat());
        assert!(text.contains(complaint), "{text}");
    }
    for wrong in ["--mu=-1", "--mu=NaN", "--lambda-l=11", "--users=0", "--lambda-g=0.1", "--mu=x"] {
        assert_eq!(run(&["anonymity", wrong]).status, 2, "{wrong}");
    }
}
