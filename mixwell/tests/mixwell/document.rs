//! `mixwell document`.

use crate::run::{Ran, fail, run, run_with_input, succeed};
use mixwell_pki_types::{
    Certificate, Ed25519, Epoch, KeyHash, SigningKey, VerifyingKey, build::DocumentBuilder, certify, majority,
};
use mixwell_vectors::{Hex, ReplayRng, load};
use pem_rfc7468::LineEnding;
use serde::Deserialize;
use serde_json::Value;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// The fields of a `document.json` vector that this test uses; the crate `pki-types` reads them
/// all.
#[derive(Deserialize)]
struct Vector {
    authorities: Vec<AuthorityVector>,
    certificate: Hex,
    well_formed: bool,
    why: Option<String>,
    fields: Option<Value>,
}

#[derive(Deserialize)]
struct AuthorityVector {
    public_key: Hex,
    private_key: Option<Hex>,
}

/// Files with a consensus and its authorities' keys.
struct Files {
    folder: TempDir,
    vector: Vector,
}

impl Files {
    fn new(vector: Vector) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap(), vector };
        fs::write(files.path("consensus.cbor"), &*files.vector.certificate).unwrap();
        let scheme = Certificate::parse(&files.vector.certificate).unwrap().key_type().to_uppercase();
        let label = format!("{scheme} PUBLIC KEY");
        for (index, authority) in files.vector.authorities.iter().enumerate() {
            let pem = pem_rfc7468::encode_string(&label, LineEnding::LF, &authority.public_key).unwrap();
            fs::write(files.path(&format!("auth{index}.pem")), pem).unwrap();
        }
        files
    }

    /// A vector that has the authorities' private keys.
    fn ours() -> Option<Self> {
        load::<Vector>("document")
            .into_iter()
            .map(|vector| vector.test)
            .find(|test| {
                let is_ed25519 = Certificate::parse(&test.certificate).unwrap().key_type() == "Ed25519";
                let keys = test.authorities.iter().all(|authority| authority.private_key.is_some());
                test.well_formed && is_ed25519 && keys
            })
            .map(Self::new)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments for the consensus, these authorities, and further ones.
    fn arguments(&self, authorities: core::ops::Range<usize>, more: &[&str]) -> Vec<String> {
        let mut arguments = vec!["document".to_owned(), self.path("consensus.cbor").display().to_string()];
        for index in authorities {
            arguments.push("--authority".to_owned());
            arguments.push(self.path(&format!("auth{index}.pem")).display().to_string());
        }
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments
    }

    fn run(&self, authorities: core::ops::Range<usize>, more: &[&str]) -> Ran {
        let arguments = self.arguments(authorities, more);
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs the tool and expects only this error message about the consensus.
    fn refused(&self, authorities: core::ops::Range<usize>, more: &[&str], complaint: &str) {
        let ran = self.run(authorities, more);
        let want = format!("error: {}: {complaint}\n", self.path("consensus.cbor").display());
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (1, "", want.as_str()));
    }

    fn payload(&self) -> &[u8] {
        Certificate::parse(&self.vector.certificate).unwrap().unverified_payload()
    }
}

fn json(text: &str) -> Value {
    assert!(text.is_ascii() && text.ends_with("}\n"), "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn vectors() {
    for vector in load::<Vector>("document") {
        let (name, files) = (vector.name, Files::new(vector.test));
        let all = files.vector.authorities.len();
        let ran = files.run(0..0, &[]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{name}");
        let claimed = json(&ran.stdout);
        assert_eq!(claimed["certificate"]["verified"], false, "{name}");
        assert!(claimed["certificate"]["signers"].as_array().unwrap().iter().all(|s| s["signature"] == "not verified"));
        if let Some(fields) = &files.vector.fields {
            check_fields(&claimed, fields, &name);
        }

        // given the keys, the document is printed if and only if it is well-formed
        let ran = files.run(0..all, &["--threshold", "1"]);
        assert_eq!(ran.status == 0, files.vector.well_formed, "{name}: {:?} {}", files.vector.why, ran.stderr);
        if files.vector.well_formed {
            assert_eq!(claimed["well_formed"], true, "{name}");
            let verified = json(&ran.stdout);
            assert_eq!(verified["certificate"]["verified"], true, "{name}");
            assert_eq!(verified["layers"], claimed["layers"], "{name}");
            let signers = verified["certificate"]["signers"].as_array().unwrap();
            assert!(
                signers.len() >= majority(all) && signers.iter().all(|signer| signer["signature"] == "good"),
                "{name}"
            );
        } else {
            assert_eq!(ran.stdout, "", "{name}");
            assert!(ran.stderr.contains(": the document is not well-formed: "), "{name}: {}", ran.stderr);
            // faults that can be detected without keys are reported without them, next to the
            // document
            let needs_keys = claimed["well_formed"] == true;
            assert_eq!(claimed["fault"].is_null(), needs_keys, "{name}");
            assert_eq!(ran.stderr.contains("shared random of ") || ran.stderr.contains("reveal"), needs_keys, "{name}");
        }
    }
}

/// Checks that the output has the document's fields.
fn check_fields(printed: &Value, fields: &Value, name: &str) {
    for (key, want) in [
        ("epoch", "epoch"),
        ("genesis_epoch", "genesis_epoch"),
        ("version", "version"),
        ("signature_scheme", "pki_signature_scheme"),
        ("sphinx_geometry_hash", "sphinx_geometry_hash"),
    ] {
        assert_eq!(printed[key], fields[want], "{name}: {key}");
    }
    for rate in ["mu", "lambda_p", "lambda_l", "lambda_m", "lambda_g", "lambda_r"] {
        assert_eq!(printed["rates"][rate]["per_millisecond"].as_f64(), fields[rate].as_f64(), "{name}: {rate}");
    }
    let mean = 1.0 / fields["mu"].as_f64().unwrap();
    assert_eq!(printed["rates"]["mu"]["mean_milliseconds"].as_f64(), Some(mean), "{name}");
    assert_eq!(printed["shared_random"]["value"], fields["shared_random_value"], "{name}");
    let layers = fields["topology"].as_array().unwrap();
    assert_eq!(printed["layers"].as_array().unwrap().len(), layers.len(), "{name}");
    for (printed, wanted) in printed["layers"].as_array().unwrap().iter().zip(layers) {
        check_nodes(printed, wanted, name);
    }
    check_nodes(&printed["gateways"], &fields["gateway_nodes"], name);
    check_nodes(&printed["services"], &fields["service_nodes"], name);
    let replicas = fields["storage_replicas"].as_array().map_or(0, Vec::len);
    assert_eq!(printed["storage_replicas"].as_array().map_or(0, Vec::len), replicas, "{name}");
}

fn check_nodes(printed: &Value, wanted: &Value, name: &str) {
    let (printed, wanted) = (printed.as_array().unwrap(), wanted.as_array().unwrap());
    assert_eq!(printed.len(), wanted.len(), "{name}");
    for (printed, wanted) in printed.iter().zip(wanted) {
        assert_eq!(printed["name"], wanted["name"], "{name}");
        assert_eq!(printed["id"], wanted["node_id"], "{name}");
        assert_eq!(printed["link_key_hash"], wanted["link_key_blake2b256"], "{name}");
        assert_eq!(printed["addresses"], wanted["addresses"], "{name}");
        let keys = wanted["mix_keys"].as_object().unwrap();
        assert_eq!(printed["mix_key_hashes"].as_object().unwrap().len(), keys.len(), "{name}");
        for (epoch, key) in keys {
            let key: Hex = serde_json::from_value(key.clone()).unwrap();
            assert_eq!(printed["mix_key_hashes"][epoch], KeyHash::of(&key).to_string(), "{name}");
        }
        // an empty map is not printed
        let services = wanted["kaetzchen"].as_object().filter(|services| !services.is_empty());
        assert_eq!(printed["services"].as_object(), services, "{name}");
    }
}

/// Compresses as a gateway does.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".to_vec();
    out.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}

#[test]
fn bare_documents_gzip_and_standard_input() {
    let Some(files) = Files::ours() else { return };
    let of_file = files.run(0..0, &[]).stdout;
    for bytes in [files.vector.certificate.to_vec(), gzip(&files.vector.certificate)] {
        let ran = run_with_input(&["document", "-"], &bytes);
        assert_eq!((ran.status, ran.stdout, ran.stderr.as_str()), (0, of_file.clone(), ""));
    }
    let mut without = json(&of_file);
    without.as_object_mut().unwrap().remove("certificate");
    for bytes in [files.payload().to_vec(), gzip(files.payload())] {
        let ran = run_with_input(&["document", "-"], &bytes);
        assert_eq!((ran.status, json(&ran.stdout), ran.stderr.as_str()), (0, without.clone(), ""));
    }
    fs::write(files.path("consensus.cbor"), files.payload()).unwrap();
    files.refused(0..1, &[], "the document has no certificate, so no signature to verify");
}

#[test]
fn signatures_are_counted() {
    let Some(files) = Files::ours() else { return };
    let all = files.vector.authorities.len();
    assert!(all >= 3);
    let document = json(&files.run(0..all, &[]).stdout);
    assert_eq!(document["certificate"]["threshold"], majority(all));
    // all authorities contribute to the shared random value, so all must be known, whatever the
    // threshold
    let unknown = files.run(0..all - 1, &[]);
    assert!(unknown.stderr.contains("not well-formed: shared random of an unknown authority"), "{}", unknown.stderr);

    // a certificate with two signatures, one of them invalid
    let keys: Vec<_> = files
        .vector
        .authorities
        .iter()
        .map(|authority| VerifyingKey::new(&Ed25519, &authority.public_key).unwrap())
        .collect();
    let sign = |index: usize, certificate: &[u8]| {
        let private = files.vector.authorities[index].private_key.as_ref().unwrap();
        let key = SigningKey::new(private, keys[index]).unwrap();
        let (expiration, rng) =
            (Certificate::parse(&files.vector.certificate).unwrap().expiration(), &mut ReplayRng::new(&[]));
        let mut out = vec![0; files.vector.certificate.len()];
        let len = match certificate {
            [] => certify(files.payload(), expiration, &key, rng, &mut out),
            signed => Certificate::parse(signed).unwrap().add_own_signature(&key, Epoch(0), rng, &mut out),
        };
        out.truncate(len.unwrap());
        out
    };
    let mut signed = sign(1, &sign(0, &[]));
    let bad = Certificate::parse(&signed).unwrap().signature_by(keys[1].hash()).unwrap().to_vec();
    let at = signed.windows(64).position(|window| window == bad).unwrap();
    signed[at] ^= 1;
    fs::write(files.path("consensus.cbor"), &signed).unwrap();
    let missing = all - 2;
    let want = majority(all);
    files.refused(0..all, &[], &format!("1 good signatures, want {want}; 1 are bad and {missing} missing"));
    let range = format!("threshold is {}, want 1 to the number of keys, {all}", all + 1);
    files.refused(0..all, &["--threshold", &(all + 1).to_string()], &range);
    let document = json(&files.run(0..all, &["--threshold", "1"]).stdout);
    let certificate = &document["certificate"];
    for signer in certificate["signers"].as_array().unwrap() {
        let want = if signer["key_hash"] == keys[0].hash().to_string() { "good" } else { "bad" };
        assert_eq!(signer["signature"], want);
    }
    let missing: Vec<_> = keys[2..].iter().map(|key| key.hash().to_string()).collect();
    assert_eq!(certificate["missing"], serde_json::json!(missing));

    let expiration = Certificate::parse(&signed).unwrap().expiration();
    let late = format!("certificate expired with epoch {expiration}, the epoch is {expiration}");
    files.refused(0..all, &["--threshold", "1", "--epoch", &expiration.to_string()], &late);
}

#[test]
fn a_vote_is_called_one() {
    let Some(files) = Files::ours() else { return };
    let document = mixwell_pki_types::Document::parse(files.payload()).unwrap();
    let mut built = DocumentBuilder::from(&document);
    built.reveals = None;
    let first = built.commits.as_ref().unwrap().iter().next().map(|(key, commit)| (*key, commit.clone()));
    built.commits = Some(first.into_iter().collect());
    let vote = json(&run_with_input(&["document", "-"], &built.encode()).stdout);
    assert_eq!((&vote["kind"], &vote["well_formed"]), (&"vote".into(), &true.into()));
    assert_eq!(json(&files.run(0..0, &[]).stdout)["kind"], "consensus");
}

#[derive(Deserialize)]
struct CertificateVector {
    certificate: Hex,
    scheme: String,
    keys: Vec<KeyVector>,
}

#[derive(Deserialize)]
struct KeyVector {
    public_pem: String,
}

/// Keys of every scheme in the reference's format. (The payloads of these certificates are not
/// documents.)
#[test]
fn keys_of_every_scheme() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, file) = (folder.path().join("key.pem"), folder.path().join("certificate"));
    for vector in load::<CertificateVector>("certificate") {
        fs::write(&file, &*vector.test.certificate).unwrap();
        for key in &vector.test.keys {
            fs::write(&pem, &key.public_pem).unwrap();
            let arguments = ["document", file.to_str().unwrap(), "--authority", pem.to_str().unwrap()];
            let complaint = fail(&arguments);
            let about_the_file = format!("error: {}: cannot decode document: ", file.display());
            assert!(complaint.starts_with(&about_the_file), "{}: {complaint}", vector.test.scheme);
        }
    }
}

#[test]
fn keys_that_are_none() {
    let Some(files) = Files::ours() else { return };
    let pem = files.path("auth0.pem");
    let good = fs::read_to_string(&pem).unwrap();
    let complaint = |text: &str| {
        fs::write(&pem, text).unwrap();
        let ran = files.run(0..1, &[]);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.starts_with(&format!("error: {}: ", pem.display())), "{}", ran.stderr);
        ran.stderr
    };
    let no_key = "not a PEM text with a signature public key";
    assert!(complaint(&good.replace("PUBLIC", "PRIVATE")).contains(no_key));
    assert!(complaint(&good.replace("ED25519", "XWING")).contains(no_key));
    let short = complaint(&good.replace("ED25519", "SPHINCS+"));
    assert!(short.contains("not a key of type SPHINCS+ PUBLIC KEY: line 1 of the key is malformed"), "{short}");
    assert!(complaint("").contains(no_key));
    let no_end = complaint(&good.replace("-----END", "----END"));
    assert!(no_end.contains("the last line does not end a key of this type"), "{no_end}");
}

#[test]
fn files_that_are_no_document() {
    let complaint = |bytes: &[u8]| {
        let ran = run_with_input(&["document", "-"], bytes);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
        ran.stderr.strip_prefix("error: standard input: ").unwrap().trim_end().to_owned()
    };
    assert_eq!(complaint(b""), "cannot decode document: item at byte 0 takes 1 bytes more, 0 are left");
    assert_eq!(complaint(b"\x80"), "cannot decode document: Document is a list, want a map");
    assert_eq!(complaint(b"\xa0\x00"), "cannot decode document: 1 bytes follow the item that ends at byte 1");
    assert_eq!(complaint(b"\xa1\x69Certified\x41\x80"), "certificate names no signature scheme");
    assert_eq!(complaint(b"\x1f\x8b"), "gzip stream ends early");
    assert_eq!(complaint(b"\x1f\x8bzip"), "no gzip header");
    assert_eq!(complaint(&gzip(&vec![0; (64 << 20) + 1])), "inflates to more than 67108864 bytes");
    assert!(fail(&["document", "/nowhere/consensus"]).contains("can't read /nowhere/consensus: "));
    #[cfg(unix)]
    assert!(fail(&["document", "/dev/zero"]).contains("can't read /dev/zero: it is a device, want a regular file"));
}

/// An empty document is printed with its fault.
#[test]
fn an_empty_map_is_a_document_that_is_not_well_formed() {
    let ran = run_with_input(&["document", "-"], b"\xa0");
    let document = json(&ran.stdout);
    assert_eq!(
        (ran.status, &document["well_formed"], &document["fault"]),
        (0, &false.into(), &"version is not v1".into())
    );
    assert_eq!(document["rates"]["mu"]["mean_milliseconds"], Value::Null);
    assert!(succeed(&["document", "--help"]).contains("gzipped"));
}
