//! The places of a batch.

use crate::{
    open::{Action, FinishError, OpenError, Opened},
    scheme::Scheme,
};
use core::fmt;

/// A place in a batch, with a packet on its way through [`Sphinx::open_slice`] and
/// [`Opened::finish_slice`].
///
/// ```
/// use mixwell_sphinx::{Action, BatchSlot, Opened, Scheme, Sphinx};
///
/// /// The number of packets that go on to another hop.
/// fn forwarded<S: Scheme>(sphinx: &Sphinx<S>, packets: &mut [Vec<u8>], mix_key: &S::PrivateKey) -> usize {
///     let mut batch: Vec<_> = packets.iter_mut().map(|packet| BatchSlot::Packet(packet)).collect();
///     sphinx.open_slice(&mut batch, &[mix_key]);
///     // here come the replay checks
///     Opened::finish_slice(&mut batch);
///     batch.iter().filter(|slot| matches!(slot, BatchSlot::Finished(Action::Forward { .. }))).count()
/// }
/// ```
///
/// [`Sphinx::open_slice`]: crate::Sphinx::open_slice
#[derive(Default)]
#[non_exhaustive]
pub enum BatchSlot<'p, S: Scheme> {
    /// No packet.
    #[default]
    Empty,
    /// A packet that has just arrived.
    Packet(&'p mut [u8]),
    /// A packet whose header is authentic: check the replay tag.
    Opened {
        /// The index of the key that opened it.
        key: usize,
        /// The packet.
        opened: Opened<'p, S>,
    },
    /// Why the packet can't be opened with the last of the keys. The packet is untouched.
    NotOpened(OpenError),
    /// The action that the hop takes with the packet.
    Finished(Action<'p>),
    /// Why the packet can't be processed. It has been wiped.
    NotFinished(FinishError),
}

impl<'p, S: Scheme> BatchSlot<'p, S> {
    pub(super) fn finished(finished: Result<Action<'p>, FinishError>) -> Self {
        finished.map_or_else(Self::NotFinished, Self::Finished)
    }
}

impl<'p, S: Scheme> From<Option<&'p mut [u8]>> for BatchSlot<'p, S> {
    fn from(packet: Option<&'p mut [u8]>) -> Self {
        packet.map_or(Self::Empty, Self::Packet)
    }
}

impl<S: Scheme> fmt::Debug for BatchSlot<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Packet(_) => f.write_str("Packet(..)"),
            Self::Opened { key, .. } => write!(f, "Opened {{ key: {key}, .. }}"),
            Self::NotOpened(error) => f.debug_tuple("NotOpened").field(error).finish(),
            Self::Finished(action) => f.debug_tuple("Finished").field(action).finish(),
            Self::NotFinished(error) => f.debug_tuple("NotFinished").field(error).finish(),
        }
    }
}
