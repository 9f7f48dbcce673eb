//! Merkle trees (SPHINCS+ r3.1, §3.1.3, §5.3): a root with the path of a leaf, and a root from a
//! leaf and its path.

use super::{Node, address::Address, hash::tweaked};

/// A tree, or one of several trees whose nodes are counted together.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) public_seed: &'a Node,
    /// The address of the tree's nodes.
    pub(super) address: Address,
    pub(super) height: u32,
    /// The index of the tree's first leaf.
    pub(super) first: u32,
}

impl Tree<'_> {
    /// The root, from all leaves; `path` receives the siblings on the way up from the leaf
    /// `signed`.
    pub(super) fn root_and_path(&self, signed: u32, path: &mut [Node], mut leaf: impl FnMut(u32) -> Node) -> Node {
        // the left siblings that wait for their right ones, by height
        let mut left = [Node::default(); MAX_HEIGHT];
        let mut node = Node::default();
        for index in 0..1_u32 << self.height {
            node = leaf(index);
            for (waiting, level) in left.iter_mut().zip(0..self.height) {
                // declassified: which leaf signs, as the signature reveals it
                if (index >> level) ^ 1 == signed >> level
                    && let Some(sibling) = path.get_mut(level as usize)
                {
                    *sibling = node;
                }
                if (index >> level) & 1 == 0 {
                    *waiting = node;
                    break;
                }
                let height = level.saturating_add(1);
                node = self.parent(height, index >> height, waiting, &node);
            }
        }
        node
    }

    /// The root, from a leaf and its path.
    pub(super) fn root_of_path(&self, signed: u32, path: &[Node], leaf: Node) -> Node {
        path.iter().zip(1..).fold(leaf, |node, (sibling, height): (_, u32)| {
            let (left, right) =
                if (signed >> height.saturating_sub(1)) & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
            self.parent(height, signed >> height, left, right)
        })
    }

    fn parent(&self, height: u32, index: u32, left: &Node, right: &Node) -> Node {
        let index = (self.first >> height).wrapping_add(index);
        let address = self.address.chain_or_height(height).step_or_index(index);
        tweaked(self.public_seed, address, &[left, right])
    }
}

/// The height of the highest tree, a FORS tree.
const MAX_HEIGHT: usize = super::fors::HEIGHT as usize;
