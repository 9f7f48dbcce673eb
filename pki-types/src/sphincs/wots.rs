//! WOTS+, the one-time signature (SPHINCS+ r3.1, §3): hash chains of 16 values, one per nibble of
//! the message and its checksum.

use super::{
    Node,
    address::{Address, Use},
    hash::{Secrets, Tweaked, tweaked},
};
use zeroize::Zeroize;

/// One key pair: a leaf of a tree of a layer.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) layer: u32,
    pub(super) tree: u64,
    pub(super) leaf: u32,
}

impl Place {
    fn address(self, usage: Use) -> Address {
        Address::new(self.layer, self.tree, usage, self.leaf)
    }

    /// The compressed public key.
    pub(super) fn public_key(self, secrets: &Secrets<'_>) -> Node {
        self.sign(secrets, &Node::default(), &mut [])
    }

    /// Signs a node into [`CHAINS`] nodes, or into an empty slice, and returns the compressed
    /// public key.
    pub(super) fn sign(self, secrets: &Secrets<'_>, message: &Node, signature: &mut [Node]) -> Node {
        let mut compressed = Tweaked::new(secrets.public_seed, self.address(Use::WotsPublicKey));
        let mut signature = signature.iter_mut();
        for (chain, steps) in (0..).zip(lengths(message)) {
            let mut node = secrets.secret(self.address(Use::WotsSecret).chain_or_height(chain));
            self.advance(secrets.public_seed, chain, 0..steps, &mut node);
            if let Some(place) = signature.next() {
                *place = node;
            }
            self.advance(secrets.public_seed, chain, steps..LAST, &mut node);
            compressed.absorb(&node);
            node.zeroize();
        }
        compressed.finish()
    }

    /// The compressed public key under which a signature is valid.
    pub(super) fn public_key_of_signature(self, public_seed: &Node, message: &Node, signature: &[Node]) -> Node {
        let mut compressed = Tweaked::new(public_seed, self.address(Use::WotsPublicKey));
        for ((chain, steps), node) in (0..).zip(lengths(message)).zip(signature) {
            let mut node = *node;
            self.advance(public_seed, chain, steps..LAST, &mut node);
            compressed.absorb(&node);
        }
        compressed.finish()
    }

    fn advance(self, public_seed: &Node, chain: u32, steps: core::ops::Range<u32>, node: &mut Node) {
        let address = self.address(Use::WotsChain).chain_or_height(chain);
        // declassified: the step of a chain at which the signature reveals a node
        for step in steps {
            *node = tweaked(public_seed, address.step_or_index(step), &[node]);
        }
    }
}

/// The step of each signature node in its chain.
fn lengths(message: &Node) -> [u32; CHAINS] {
    let nibbles = message.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(u32::from);
    let checksum = nibbles.clone().fold(0_u32, |sum, nibble| sum.wrapping_add(LAST).wrapping_sub(nibble));
    let mut all = nibbles.chain([(checksum >> 8) & 15, (checksum >> 4) & 15, checksum & 15]);
    core::array::from_fn(|_| all.next().unwrap_or(0))
}

/// Nodes of a signature: 64 of the message, 3 of the checksum.
pub(super) const CHAINS: usize = 67;

/// The last value of a chain.
const LAST: u32 = 15;
