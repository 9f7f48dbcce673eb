//! The hash functions over SHAKE256 (SPHINCS+ r3.1, §7.2.1), robust: the input of each is masked
//! with a hash of its address.

use super::{Node, address::Address, fors, hypertree};
use shake::{ExtendableOutput, Shake256, Shake256Reader, Update, XofReader};

/// The secrets of signing.
pub(super) struct Secrets<'a> {
    pub(super) public_seed: &'a Node,
    pub(super) seed: &'a Node,
}

impl Secrets<'_> {
    /// PRF: a secret value of an address.
    pub(super) fn secret(&self, address: Address) -> Node {
        shake(&[self.public_seed, address.as_bytes(), self.seed])
    }
}

/// T: the tweakable hash of any number of nodes, absorbed one by one.
pub(super) struct Tweaked {
    mask: Shake256Reader,
    hasher: Shake256,
}

impl Tweaked {
    pub(super) fn new(public_seed: &Node, address: Address) -> Self {
        let mut hasher = Shake256::default();
        hasher.update(public_seed);
        hasher.update(address.as_bytes());
        Self { mask: hasher.clone().finalize_xof(), hasher }
    }

    pub(super) fn absorb(&mut self, node: &Node) {
        let mut masked = Node::default();
        self.mask.read(&mut masked);
        masked.iter_mut().zip(node).for_each(|(masked, byte)| *masked ^= byte);
        self.hasher.update(&masked);
    }

    pub(super) fn finish(self) -> Node {
        let mut node = Node::default();
        self.hasher.finalize_xof().read(&mut node);
        node
    }
}

/// F and H: the tweakable hash of one or two nodes.
pub(super) fn tweaked(public_seed: &Node, address: Address, nodes: &[&Node]) -> Node {
    let mut hash = Tweaked::new(public_seed, address);
    for node in nodes {
        hash.absorb(node);
    }
    hash.finish()
}

/// `PRF_msg`: the randomizer of a message.
pub(super) fn randomizer(prf_key: &Node, random: &Node, message: &[&[u8]]) -> Node {
    let mut hasher = Shake256::default();
    hasher.update(prf_key);
    hasher.update(random);
    for part in message {
        hasher.update(part);
    }
    let mut randomizer = Node::default();
    hasher.finalize_xof().read(&mut randomizer);
    randomizer
}

/// `H_msg`: the message digest, split into the FORS leaves, the tree and its leaf.
pub(super) struct Digest {
    /// The leaf of each FORS tree.
    pub(super) few: [u32; fors::TREES],
    /// The tree of the lowest layer.
    pub(super) tree: u64,
    /// Its leaf.
    pub(super) leaf: u32,
}

impl Digest {
    pub(super) fn new(randomizer: &Node, public_seed: &Node, root: &Node, message: &[&[u8]]) -> Self {
        let mut hasher = Shake256::default();
        for node in [randomizer, public_seed, root] {
            hasher.update(node);
        }
        for part in message {
            hasher.update(part);
        }
        let mut reader = hasher.finalize_xof();
        let (mut few, mut tree, mut leaf) = ([0; FEW_LEN], [0; 8], [0; 1]);
        reader.read(&mut few);
        reader.read(&mut tree);
        reader.read(&mut leaf);
        let leaf = u32::from(leaf[0]) & hypertree::LEAF_MASK;
        Self { few: indices(&few), tree: u64::from_be_bytes(tree), leaf }
    }
}

/// Reads indices of [`fors::HEIGHT`] bits, each the lower bits first. (Here SLH-DSA differs.)
fn indices(digest: &[u8; FEW_LEN]) -> [u32; fors::TREES] {
    let mut bits = digest.iter().flat_map(|byte| (0..8).map(move |bit| u32::from(byte >> bit) & 1));
    core::array::from_fn(|_| (0..fors::HEIGHT).fold(0, |index, bit| index | (bits.next().unwrap_or(0) << bit)))
}

fn shake(parts: &[&[u8]]) -> Node {
    let mut hasher = Shake256::default();
    for part in parts {
        hasher.update(part);
    }
    let mut node = Node::default();
    hasher.finalize_xof().read(&mut node);
    node
}

/// Bytes of the digest that hold the FORS leaves.
const FEW_LEN: usize = (fors::TREES * fors::HEIGHT as usize).div_ceil(8);
