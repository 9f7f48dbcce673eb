//! The choice of the conversation whose exchange a tick carries, among many on one connection.

use crate::chat::Chat;
use rand_core::CryptoRng;

/// The weights of a conversation with a recently active friend, and of a quiet one.
const LIVELY: u32 = 4;
const QUIET: u32 = 1;

/// Ticks without a box of the friend's, or of a pairing without an answer, after which a
/// conversation counts as quiet.
const QUIET_TICKS: u64 = 256;

/// Draws the conversation whose exchange the next tick carries, at random. One with a recently
/// active friend is four times as likely as a quiet one. None if there are no conversations: send
/// an [`Exchange::cover`](crate::Exchange::cover) then.
///
/// The choice does not depend on whether there is anything to send, so the service learns no more
/// from many conversations than from one: the times at which boxes are written and read.
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

/// A random number below a limit, uniform up to a bias of 1 in 2³².
fn below(limit: u32, rng: &mut dyn CryptoRng) -> Option<u32> {
    if limit == 0 {
        return None;
    }
    let scaled = u128::from(rng.next_u64()).saturating_mul(u128::from(limit)) >> 64;
    u32::try_from(scaled).ok()
}
