//! Writes `fuzz/corpus/<target>/vector-<hash>` from the test vectors, so that runs start from real
//! inputs.

mod authority;
mod input;
mod pki;
mod sphinx;
mod wire;

use arbitrary::Arbitrary;
use input::Write;
use mixwell_vectors::{Hex, load};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

fn main() {
    let mut corpus = Corpus::default();
    sphinx::seed(&mut corpus);
    wire::seed(&mut corpus);
    pki::seed(&mut corpus);
    authority::seed(&mut corpus);
    for (target, hashes) in corpus.written {
        println!("{target}: {} inputs", hashes.len());
    }
}

/// The corpora of all targets, and the hashes of the inputs written for each.
#[derive(Default)]
struct Corpus {
    written: BTreeMap<&'static str, BTreeSet<u64>>,
}

impl Corpus {
    /// Longer inputs would make every run slow.
    const MOST: usize = 16 * 1024;

    /// Adds an input for a target that takes a value of this type.
    fn add<T: Write + for<'a> Arbitrary<'a> + PartialEq + Debug>(&mut self, target: &'static str, value: &T) {
        let mut bytes = Vec::new();
        input::input(value, &mut bytes);
        self.add_bytes(target, &bytes);
    }

    /// Adds an input for a target whose input ends in bytes.
    fn add_with<T: Write>(&mut self, target: &'static str, front: &T, rest: &[u8]) {
        let mut bytes = Vec::new();
        front.write(&mut bytes);
        bytes.extend(rest);
        self.add_bytes(target, &bytes);
    }

    fn add_bytes(&mut self, target: &'static str, bytes: &[u8]) {
        if bytes.len() > Self::MOST {
            return;
        }
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let hash = hasher.finish();
        if self.written.entry(target).or_default().insert(hash) {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
            fs::create_dir_all(&folder).expect("the corpus can be written to");
            fs::write(folder.join(format!("vector-{hash:016x}")), bytes).expect("the corpus can be written to");
        }
    }
}

/// A vector's test, whatever its fields are.
#[derive(Deserialize)]
#[serde(transparent)]
struct Test(Value);

impl Test {
    fn all(family: &str) -> impl Iterator<Item = Self> {
        load(family).into_iter().map(|vector| vector.test)
    }

    /// The bytes at a path such as `/messages/0`, if there are any.
    fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        Hex::deserialize(self.0.pointer(path)?).ok().map(|hex| hex.0)
    }

    fn text(&self, path: &str) -> &str {
        self.0.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, path: &str) -> u64 {
        self.0.pointer(path).and_then(Value::as_u64).unwrap_or_default()
    }

    /// The bytes in a list.
    fn list(&self, path: &str) -> Vec<Vec<u8>> {
        (0..).map_while(|index| self.bytes(&format!("{path}/{index}"))).collect()
    }
}
