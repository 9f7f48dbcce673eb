//! The operations that AEZ requires of a back end.

use crate::{
    block::{Block, Pair},
    offsets::Offsets,
};

/// AES4, AES10, and the two passes over the pairs of a message, under the subkeys I, J and L that
/// the engine holds.
pub(crate) trait Engine {
    type Block: Block;

    /// State that `pass1` keeps for `pass2` outside of the message.
    type Stash;

    fn offsets(&self) -> &Offsets<Self::Block>;

    /// Four AES rounds with the keys J, I, L, 0 on each block, whose offset the caller has added;
    /// then ⊕ the block's mask.
    ///
    /// With AES instructions the mask is free: it takes the place of the last key. Callers
    /// therefore pass as the mask what they would XOR onto the result.
    fn aes4<const N: usize>(&self, blocks: [Self::Block; N], masks: [Self::Block; N]) -> [Self::Block; N];

    /// Ten AES rounds with the keys I, J, L, I, J, L, I, J, L, I on each block, whose offset the
    /// caller has added; then ⊕ the block's mask.
    fn aes10<const N: usize>(&self, blocks: [Self::Block; N], masks: [Self::Block; N]) -> [Self::Block; N];

    /// The first pass, in place: replaces each (M_i, M_i') by (W_i, X_i), in a form and order known
    /// only to `pass2`, and returns the sum of all X_i.
    ///
    /// ```text
    /// W_i = M_i ⊕ E(1, i, M_i')      X_i = M_i' ⊕ E(0, 0, W_i)
    /// ```
    fn pass1(&self, pairs: &mut [Pair]) -> (Self::Block, Self::Stash);

    /// The second pass, in place: replaces each (W_i, X_i) by (C_i, C_i') and returns the sum of
    /// all Y_i.
    ///
    /// ```text
    /// S' = E(2, i, S)      Y_i = W_i ⊕ S'      Z_i = X_i ⊕ S'      C_i' = Y_i ⊕ E(0, 0, Z_i)      C_i = Z_i ⊕ E(1, i, C_i')
    /// ```
    fn pass2(&self, pairs: &mut [Pair], stash: Self::Stash, s: Self::Block) -> Self::Block;
}
