//! The hypertree (SPHINCS+ r3.1, §4): layers of Merkle trees of WOTS+ keys, where each leaf signs
//! the root of a tree below.

use super::{
    Node,
    address::{Address, Use},
    hash::{Digest, Secrets},
    merkle::Tree,
    wots::{self, Place},
};

/// The highest layer.
#[expect(clippy::cast_possible_truncation, reason = "17 layers")]
const TOP: u32 = LAYERS as u32 - 1;

/// The root of the only tree of the highest layer: the public key.
pub(super) fn root(secrets: &Secrets<'_>) -> Node {
    let place = Place { layer: TOP, tree: 0, leaf: 0 };
    // only the root is needed, not a leaf's path
    tree(secrets.public_seed, place).root_and_path(0, &mut [], |leaf| Place { leaf, ..place }.public_key(secrets))
}

/// Signs a FORS public key into [`NODES`] nodes.
pub(super) fn sign(secrets: &Secrets<'_>, digest: &Digest, signed: Node, signature: &mut [Node]) {
    let mut signed = signed;
    for (place, part) in places(digest).zip(signature.chunks_exact_mut(PART)) {
        let (one_time, path) = part.split_at_mut_checked(wots::CHAINS).unwrap_or_default();
        signed = tree(secrets.public_seed, place).root_and_path(place.leaf, path, |leaf| {
            // declassified: which leaf signs, as the signature reveals it
            if leaf == place.leaf {
                place.sign(secrets, &signed, one_time)
            } else {
                Place { leaf, ..place }.public_key(secrets)
            }
        });
    }
}

/// The root under which a signature of a FORS public key is valid.
pub(super) fn root_of_signature(public_seed: &Node, digest: &Digest, signed: Node, signature: &[Node]) -> Node {
    places(digest).zip(signature.chunks_exact(PART)).fold(signed, |signed, (place, part)| {
        let (one_time, path) = part.split_at_checked(wots::CHAINS).unwrap_or_default();
        let leaf = place.public_key_of_signature(public_seed, &signed, one_time);
        tree(public_seed, place).root_of_path(place.leaf, path, leaf)
    })
}

/// The leaf that signs in each layer, from the lowest up.
fn places(digest: &Digest) -> impl Iterator<Item = Place> {
    let lowest = Place { layer: 0, tree: digest.tree, leaf: digest.leaf };
    core::iter::successors(Some(lowest), |below| {
        #[expect(clippy::cast_possible_truncation, reason = "masked to the lowest bits")]
        let leaf = below.tree as u32 & LEAF_MASK;
        Some(Place { layer: below.layer.wrapping_add(1), tree: below.tree >> HEIGHT, leaf })
    })
}

fn tree(public_seed: &Node, place: Place) -> Tree<'_> {
    let address = Address::new(place.layer, place.tree, Use::Tree, 0);
    Tree { public_seed, address, height: HEIGHT, first: 0 }
}

/// Number of layers.
const LAYERS: usize = 17;

/// The height of each layer's trees: 68 in all.
const HEIGHT: u32 = 4;

/// The bits of a leaf's index.
pub(super) const LEAF_MASK: u32 = (1 << HEIGHT) - 1;

/// Nodes of a signature.
pub(super) const NODES: usize = LAYERS * PART;

/// Nodes of a signature for one layer: the one-time signature and the path.
const PART: usize = wots::CHAINS + HEIGHT as usize;
