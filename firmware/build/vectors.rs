//! Generates constants from the test vectors that the client's image needs. Their bytes are in a
//! section of their own, so that they do not count as the client's flash.

use mixwell_vectors::{Hex, Vector, load};
use serde::Deserialize;
use serde_json::Value;
use std::{fmt::Write as _, fs, path::PathBuf};

/// A test in a vector file, with any fields.
#[derive(Deserialize)]
#[serde(transparent)]
struct Test(Value);

impl Test {
    /// The field at a path such as `/messages/0`.
    fn value(&self, path: &str) -> &Value {
        self.0.pointer(path).unwrap_or_else(|| panic!("no field {path} in the vector"))
    }

    fn text(&self, path: &str) -> &str {
        self.value(path).as_str().unwrap_or_else(|| panic!("{path} is no text"))
    }

    fn list(&self, path: &str) -> &[Value] {
        self.value(path).as_array().unwrap_or_else(|| panic!("{path} is no list"))
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        Hex::deserialize(self.value(path)).unwrap_or_else(|e| panic!("{path}: {e}")).0
    }
}

/// The first test of a family that `wanted` accepts.
fn find(family: &str, wanted: impl Fn(&Test) -> bool) -> Test {
    let found = load::<Test>(family).into_iter().map(|Vector { test, .. }| test).find(wanted);
    found.unwrap_or_else(|| panic!("no vector of {family} fits the client"))
}

/// Writes `vectors.rs` and the files that it includes.
pub(crate) fn write() {
    let mut out = Out { folder: std::env::var_os("OUT_DIR").expect("cargo sets it").into(), code: String::new() };
    out.session(&find("noise_session", |test| test.text("/kem") == "XWING" && test.text("/session") == "mixnet"));
    out.consensus(&find("document", |test| test.value("/well_formed") == true));
    let default = |test: &Test, kind: &str| {
        test.text("/kind") == kind
            && test.text("/geometry/nike_name") == "x25519"
            && test.value("/geometry/packet_length") == 3082
            && test.list("/path").len() == 5
    };
    out.path("REPLY", &find("sphinx", |test| default(test, "surb_reply")));
    out.path("FORWARD", &find("sphinx", |test| default(test, "forward_with_surb")));
    fs::write(out.folder.join("vectors.rs"), &out.code).expect("the folder of the build can be written to");
    for file in mixwell_vectors::files() {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-env-changed={}", mixwell_vectors::FOLDER_VARIABLE);
}

struct Out {
    folder: PathBuf,
    code: String,
}

impl Out {
    /// Writes a constant of bytes.
    fn blob(&mut self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.join(name), bytes).expect("the folder of the build can be written to");
        let length = bytes.len();
        writeln!(
            self.code,
            "// SAFETY: a section of constants, which the linker script places in flash\n\
             #[unsafe(link_section = \".vectors\")]\n\
             pub(crate) static {name}: [u8; {length}] = *include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"));"
        )
        .expect("a string can be written to");
    }

    /// Writes a field of a test as a constant of the same name.
    fn field(&mut self, test: &Test, prefix: &str, field: &str) {
        self.blob(&format!("{prefix}{}", field.to_uppercase()), &test.bytes(&format!("/{field}")));
    }

    /// Writes a constant that is a list of items.
    fn list(&mut self, name: &str, kind: &str, items: &[String]) {
        let (length, items) = (items.len(), items.join(", "));
        writeln!(self.code, "pub(crate) static {name}: [{kind}; {length}] = [{items}];").expect("as above");
    }

    fn session(&mut self, test: &Test) {
        for field in ["initiator_ad", "responder_ad", "initiator_static_private", "responder_static_private"] {
            self.field(test, "", field);
        }
        self.blob("EPHEMERAL_SEED", &test.bytes("/initiator_ephemeral/seed"));
        self.blob("ENCAPSULATED", &test.bytes("/initiator_encapsulations/0/ciphertext"));
        self.blob("ENCAPSULATED_SECRET", &test.bytes("/initiator_encapsulations/0/shared_secret"));
        for index in 0..test.list("/messages").len() {
            self.blob(&format!("MESSAGE_{}", index + 1), &test.bytes(&format!("/messages/{index}")));
        }
        for (name, field) in [("SENT", "initiator_commands"), ("RECEIVED", "responder_commands")] {
            let mut items = Vec::new();
            for index in 0..test.list(&format!("/{field}")).len() {
                for part in ["plaintext", "wire"] {
                    let blob = format!("{name}_{index}_{}", part.to_uppercase());
                    self.blob(&blob, &test.bytes(&format!("/{field}/{index}/{part}")));
                }
                items.push(format!("(&{name}_{index}_PLAINTEXT, &{name}_{index}_WIRE)"));
            }
            self.list(name, "(&[u8], &[u8])", &items);
        }
    }

    fn consensus(&mut self, test: &Test) {
        self.field(test, "", "certificate");
        let mut chunks = Vec::new();
        for index in 0..test.list("/chunks").len() {
            self.blob(&format!("CHUNK_{index}"), &test.bytes(&format!("/chunks/{index}")));
            chunks.push(format!("&CHUNK_{index}"));
        }
        self.list("CHUNKS", "&[u8]", &chunks);
        let mut keys = Vec::new();
        for index in 0..test.list("/authorities").len() {
            self.blob(&format!("AUTHORITY_{index}"), &test.bytes(&format!("/authorities/{index}/public_key")));
            keys.push(format!("&AUTHORITY_{index}"));
        }
        self.list("AUTHORITIES", "&[u8; 32]", &keys);
        let epoch = test.value("/fields/epoch").as_u64().expect("an epoch is a number");
        writeln!(self.code, "pub(crate) const EPOCH: u64 = {epoch};").expect("as above");
        let layers = (0..test.list("/fields/topology").len()).map(|layer| (format!("/fields/topology/{layer}"), layer));
        let ends = [("/fields/service_nodes".to_owned(), 254), ("/fields/gateway_nodes".to_owned(), 255)];
        let mut nodes = Vec::new();
        for (path, layer) in layers.chain(ends) {
            for index in 0..test.list(&path).len() {
                let (id, keys) = (format!("{path}/{index}/node_id"), format!("{path}/{index}/mix_keys"));
                for epoch in test.value(&keys).as_object().expect("keys by epoch").keys() {
                    let name = format!("{layer}_{index}_{epoch}");
                    self.blob(&format!("NODE_{name}"), &test.bytes(&id));
                    self.blob(&format!("MIX_KEY_{name}"), &test.bytes(&format!("{keys}/{epoch}")));
                    nodes.push(format!("({layer}, {epoch}, &NODE_{name}, &MIX_KEY_{name})"));
                }
            }
        }
        self.list("NODES", "(u8, u64, &[u8; 32], &[u8; 32])", &nodes);
    }

    fn path(&mut self, kind: &str, test: &Test) {
        let prefix = format!("{kind}_");
        self.field(test, &prefix, "ephemeral_private_key");
        self.field(test, &prefix, "payload");
        self.blob(&format!("{kind}_PACKET"), &test.bytes("/packets/0"));
        if kind == "REPLY" {
            for field in ["surb", "surb_keys", "surb_random", "final_payload"] {
                self.field(test, &prefix, field);
            }
        }
        let mut hops = Vec::new();
        for (index, hop) in test.list("/path").iter().enumerate() {
            for field in ["id", "public_key"] {
                self.blob(
                    &format!("{kind}_{field}_{index}").to_uppercase(),
                    &test.bytes(&format!("/path/{index}/{field}")),
                );
            }
            let mut delay = String::from("None");
            for number in 0..hop["commands"].as_array().map_or(0, Vec::len) {
                let command = test.bytes(&format!("/path/{index}/commands/{number}"));
                match command.split_first().expect("a command has an id") {
                    (0x80, body) => {
                        delay = format!("Some({})", u32::from_be_bytes(body.try_into().expect("four bytes")));
                    }
                    (0x02, body) => self.blob(&format!("{kind}_RECIPIENT"), body),
                    (0x03, body) => self.blob(&format!("{kind}_SURB_ID"), body),
                    (id, _) => panic!("command {id:#04x} in a vector"),
                }
            }
            hops.push(format!("(&{kind}_ID_{index}, &{kind}_PUBLIC_KEY_{index}, {delay})"));
        }
        self.list(&format!("{kind}_HOPS"), "(&[u8; 32], &[u8; 32], Option<u32>)", &hops);
    }
}
