//! FORS, the few-time signature (SPHINCS+ r3.1, §5): it reveals the secret of one leaf of each of
//! many trees.

use super::{
    Node,
    address::{Address, Use},
    hash::{Digest, Secrets, Tweaked, tweaked},
    merkle::Tree,
};
use zeroize::Zeroize;

/// Signs a digest into [`NODES`] nodes, and returns the public key, which the hypertree signs.
pub(super) fn sign(secrets: &Secrets<'_>, digest: &Digest, signature: &mut [Node]) -> Node {
    let address = |usage| Address::new(0, digest.tree, usage, digest.leaf);
    let mut roots = Tweaked::new(secrets.public_seed, address(Use::ForsRoots));
    for ((tree, leaf), part) in trees(secrets.public_seed, digest).zip(signature.chunks_exact_mut(PART)) {
        let [revealed, path @ ..] = part else { continue };
        let secret = |leaf: u32| secrets.secret(address(Use::ForsSecret).step_or_index(tree.first.wrapping_add(leaf)));
        *revealed = secret(leaf);
        roots.absorb(&tree.root_and_path(leaf, path, |leaf| {
            let mut secret = secret(leaf);
            let hashed = leaf_of(&tree, leaf, &secret);
            secret.zeroize();
            hashed
        }));
    }
    roots.finish()
}

/// The public key under which the signature is valid.
pub(super) fn public_key(public_seed: &Node, digest: &Digest, signature: &[Node]) -> Node {
    let address = Address::new(0, digest.tree, Use::ForsRoots, digest.leaf);
    let mut roots = Tweaked::new(public_seed, address);
    for ((tree, leaf), part) in trees(public_seed, digest).zip(signature.chunks_exact(PART)) {
        let [revealed, path @ ..] = part else { continue };
        roots.absorb(&tree.root_of_path(leaf, path, leaf_of(&tree, leaf, revealed)));
    }
    roots.finish()
}

/// Each tree, and the leaf in it that the digest selects.
fn trees<'a>(public_seed: &'a Node, digest: &Digest) -> impl Iterator<Item = (Tree<'a>, u32)> {
    let address = Address::new(0, digest.tree, Use::ForsTree, digest.leaf);
    (0..).zip(digest.few).map(move |(tree, leaf): (u32, u32)| {
        (Tree { public_seed, address, height: HEIGHT, first: tree << HEIGHT }, leaf)
    })
}

fn leaf_of(tree: &Tree<'_>, leaf: u32, secret: &Node) -> Node {
    tweaked(tree.public_seed, tree.address.step_or_index(tree.first.wrapping_add(leaf)), &[secret])
}

/// Number of trees.
pub(super) const TREES: usize = 35;

/// Height of each tree.
pub(super) const HEIGHT: u32 = 9;

/// Nodes of a signature.
pub(super) const NODES: usize = TREES * PART;

/// Nodes of a signature for one tree: the secret and its path.
const PART: usize = 1 + HEIGHT as usize;
