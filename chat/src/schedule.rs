//! Many conversations over one connection: whose exchange a tick carries.

use crate::chat::Chat;
use rand_core::CryptoRng;

/// The share of ticks of a conversation whose friend was heard lately, and of one whose friend was
/// not.
const LIVELY: u32 = 4;
const QUIET: u32 = 1;

/// After so many ticks without a box of the friend's, or of a pairing without an answer, a
/// conversation is quiet.
const QUIET_TICKS: u64 = 256;

/// Draws the conversation whose exchange the next tick carries: at random, where one whose friend
/// was heard lately is four times as likely as a quiet one. None if there are no conversations;
/// [`Exchange::cover`](crate::Exchange::cover) is due then.
///
/// It does not depend on what there is to say, so that the service sees no more of many
/// conversations than of one: when boxes are written and read.
pub fn choose<'a, Id>(chats: impl Iterator<Item = (Id, &'a Chat)> + Clone, rng: &mut dyn CryptoRng) -> Option<Id> {
    let total = chats.clone().fold(0, |total: u32, (_, chat)| total.saturating_add(weight(chat)));
    let mut draw = below(total, rng)?;
    for (id, chat) in chats {
        let Some(left) = draw.checked_sub(weight(chat)) else { return Some(id) };
        draw = left;
    }
    None
}

fn weight(chat: &Chat) -> u32 {
    let quiet_ticks = chat.pairing().map_or_else(|| chat.quiet_ticks(), |pairing| pairing.ticks);
    if quiet_ticks >= QUIET_TICKS || chat.ended().is_some() { QUIET } else { LIVELY }
}

/// A random number below a limit, each with the same probability but for 1 in 2³².
fn below(limit: u32, rng: &mut dyn CryptoRng) -> Option<u32> {
    if limit == 0 {
        return None;
    }
    let scaled = u128::from(rng.next_u64()).saturating_mul(u128::from(limit)) >> 64;
    u32::try_from(scaled).ok()
}
