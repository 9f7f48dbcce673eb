//! The client's choice at a tick: a waiting message or a decoy
//! (`docs/spec/mixdelay.md#cover-traffic`).

use core::fmt;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::Zeroize;

/// Messages that wait for their tick, as finished packets of one length, in the caller's memory.
///
/// At every tick the client makes a loop decoy, whether or not it is needed, and passes it to
/// [`swap_in`](Self::swap_in), which replaces it by the oldest message if there is one. That reads
/// every byte of every slot and takes the same time whether the outbox is empty or full, so neither
/// the packet nor its timing tells an observer that a message was waiting.
///
/// ```
/// use mixwell_mixdelay::Outbox;
///
/// const PACKET: usize = 3082;
/// let mut memory = vec![0; 16 * PACKET];
/// let mut outbox = Outbox::new(&mut memory, PACKET);
/// outbox.push(&[1; PACKET])?;
///
/// let mut packet = [2; PACKET]; // a loop decoy
/// let was_message = outbox.swap_in(&mut packet)?;
/// // send `packet` here, before looking at `was_message`
/// assert!(was_message && packet == [1; PACKET]);
/// # Ok::<(), mixwell_mixdelay::OutboxError>(())
/// ```
pub struct Outbox<'a> {
    slots: &'a mut [u8],
    packet_len: usize,
    capacity: u64,
    first: u64,
    waiting: u64,
}

/// The reason why a packet was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxError {
    /// Every slot holds a message.
    Full,
    /// The packet does not have the length of the outbox's packets.
    Length {
        /// The outbox's packet length, in bytes.
        want: usize,
        /// The packet's length, in bytes.
        got: usize,
    },
}

impl<'a> Outbox<'a> {
    /// An empty outbox for as many packets of `packet_len` bytes as fit into `memory`, which is
    /// wiped.
    #[must_use]
    pub fn new(memory: &'a mut [u8], packet_len: usize) -> Self {
        memory.zeroize();
        let capacity = memory.len().checked_div(packet_len).unwrap_or(0);
        Self { slots: memory, packet_len, capacity: capacity as u64, first: 0, waiting: 0 }
    }

    /// Appends a message.
    ///
    /// # Errors
    /// [`OutboxError`]; the outbox is unchanged.
    pub fn push(&mut self, packet: &[u8]) -> Result<(), OutboxError> {
        let (want, got) = (self.packet_len, packet.len());
        if want != got {
            return Err(OutboxError::Length { want, got });
        }
        // declassified: whether it is full, which the caller is told
        if self.waiting >= self.capacity {
            return Err(OutboxError::Full);
        }
        let last = self.slot_after(self.waiting);
        for (slot, here) in self.slots.chunks_exact_mut(self.packet_len).zip(0_u64..) {
            assign(slot, packet, here.ct_eq(&last));
        }
        self.waiting = self.waiting.saturating_add(1);
        Ok(())
    }

    /// Replaces `decoy` by the oldest message, if one waits, and wipes its slot. The running time
    /// does not depend on whether a message waits.
    ///
    /// Returns whether `decoy` was replaced, which tells the client to await a reply and is secret:
    /// use it only after the packet has been sent.
    ///
    /// # Errors
    /// [`OutboxError::Length`]; the outbox and `decoy` are unchanged.
    pub fn swap_in(&mut self, decoy: &mut [u8]) -> Result<bool, OutboxError> {
        let (want, got) = (self.packet_len, decoy.len());
        if want != got {
            return Err(OutboxError::Length { want, got });
        }
        let any = !self.waiting.ct_eq(&0);
        if want > 0 {
            for (slot, here) in self.slots.chunks_exact_mut(want).zip(0_u64..) {
                let chosen = here.ct_eq(&self.first) & any;
                for (slot, decoy) in slot.iter_mut().zip(decoy.iter_mut()) {
                    decoy.conditional_assign(slot, chosen);
                    slot.conditional_assign(&0, chosen);
                }
            }
        }
        let taken = u64::from(any.unwrap_u8());
        self.first = self.slot_after(taken);
        self.waiting = self.waiting.wrapping_sub(taken);
        Ok(any.into())
    }

    /// Number of messages that can wait.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Number of messages that wait. A secret: nothing that an observer sees may depend on it.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// The slot `count` slots after the first; `count` is at most the capacity.
    fn slot_after(&self, count: u64) -> u64 {
        let place = self.first.wrapping_add(count);
        let inside = place.ct_lt(&self.capacity);
        u64::conditional_select(&place.wrapping_sub(self.capacity), &place, inside)
    }
}

impl Drop for Outbox<'_> {
    fn drop(&mut self) {
        self.slots.zeroize();
        self.first.zeroize();
        self.waiting.zeroize();
    }
}

impl fmt::Debug for Outbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox(..)")
    }
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the outbox is full"),
            Self::Length { want, got } => write!(f, "the packet is {got} bytes, want {want}"),
        }
    }
}

impl core::error::Error for OutboxError {}

fn assign(to: &mut [u8], from: &[u8], choice: Choice) {
    for (to, from) in to.iter_mut().zip(from) {
        to.conditional_assign(from, choice);
    }
}
