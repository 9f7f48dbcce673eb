//! Hash addresses (SPHINCS+ r3.1, §2.7.3): a distinct one for each call of the hash within a key
//! pair.

/// The purpose of a call of the hash.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    WotsChain = 0,
    WotsPublicKey = 1,
    Tree = 2,
    ForsTree = 3,
    ForsRoots = 4,
    WotsSecret = 5,
    ForsSecret = 6,
}

/// Eight words, big-endian: layer, tree (three words), use, key pair, chain or height, step or
/// index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    words: [[u8; 4]; 8],
}

impl Address {
    /// An address in a tree of a layer, with the index of a leaf for uses that need one (else 0).
    pub(super) fn new(layer: u32, tree: u64, usage: Use, leaf: u32) -> Self {
        let mut words = [[0; 4]; 8];
        words[0] = layer.to_be_bytes();
        if let [high, low] = tree.to_be_bytes().as_chunks().0 {
            (words[2], words[3]) = (*high, *low);
        }
        words[4] = (usage as u32).to_be_bytes();
        words[5] = leaf.to_be_bytes();
        Self { words }
    }

    /// The chain of a WOTS+ key, or the height of a node.
    #[must_use]
    pub(super) const fn chain_or_height(mut self, value: u32) -> Self {
        self.words[6] = value.to_be_bytes();
        self
    }

    /// The step in a chain, or the index of a node among those of its height.
    #[must_use]
    pub(super) const fn step_or_index(mut self, value: u32) -> Self {
        self.words[7] = value.to_be_bytes();
        self
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        self.words.as_flattened()
    }
}
