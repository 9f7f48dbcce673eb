//! Unwrapping several packets at once: each step is done for up to [`WIDTH`] packets before the
//! next step begins, so that key exchanges and hashes can use the lanes of vector registers (with
//! X25519 and AVX-512, eight exchanges take the time of about one).

mod slot;

pub use slot::BatchSlot;

use crate::{
    keys::HopKeys,
    open::{Action, FinishError, OpenError, Opened, ProcessedHop, action, replay_tag},
    scheme::{BadKey, Scheme},
    sphinx::Sphinx,
};
use core::{array::from_fn, mem::take};

/// Number of packets that share a step: the lanes of the widest key exchange.
const WIDTH: usize = 8;

impl<S: Scheme> Sphinx<S> {
    /// [`open`](Sphinx::open) for each packet; `None` where there is none.
    ///
    /// # Errors
    /// [`OpenError`] in the packet's place; that packet is untouched.
    pub fn open_each<'p, const N: usize>(
        &self,
        packets: [Option<&'p mut [u8]>; N],
        key: &S::PrivateKey,
    ) -> [Option<Result<Opened<'p, S>, OpenError>>; N] {
        self.open_any_each(packets, &[key]).map(|result| result.map(|result| result.map(|(_, opened)| opened)))
    }

    /// [`open_any`](Sphinx::open_any) for each packet: a key is tried on the packets that no
    /// earlier key has opened.
    ///
    /// # Errors
    /// [`OpenError`] in the packet's place; that packet is untouched.
    #[expect(clippy::type_complexity, reason = "an array of what `open_any` gives")]
    pub fn open_any_each<'p, const N: usize>(
        &self,
        packets: [Option<&'p mut [u8]>; N],
        keys: &[&S::PrivateKey],
    ) -> [Option<Result<(usize, Opened<'p, S>), OpenError>>; N] {
        let mut slots = packets.map(BatchSlot::from);
        self.open_slice(&mut slots, keys);
        slots.map(|slot| match slot {
            BatchSlot::Opened { key, opened } => Some(Ok((key, opened))),
            BatchSlot::NotOpened(error) => Some(Err(error)),
            _ => None,
        })
    }

    /// Opens the packets of a batch of any length, each with the first of the keys that fits.
    ///
    /// Every [`BatchSlot::Packet`] becomes [`BatchSlot::Opened`] or [`BatchSlot::NotOpened`]; other
    /// slots stay as they are. Packets share the lanes of this processor wherever in the slice they
    /// are. Remove replays, then call [`Opened::finish_slice`].
    ///
    /// The README has an example.
    pub fn open_slice(&self, batch: &mut [BatchSlot<'_, S>], keys: &[&S::PrivateKey]) {
        for slot in &mut *batch {
            if let BatchSlot::Packet(packet) = slot
                && let Err(error) = self.check_length(packet).and_then(|()| self.header(packet).map(|_| ()))
            {
                *slot = BatchSlot::NotOpened(error);
            }
        }
        for (index, key) in keys.iter().enumerate() {
            let attempt = Attempt { sphinx: self, key, keys: keys.get(index..).unwrap_or_default(), index };
            let mut closed = batch.iter_mut().filter(|slot| matches!(slot, BatchSlot::Packet(_)));
            loop {
                match from_fn::<_, WIDTH, _>(|_| closed.next()) {
                    [None, ..] => break,
                    [Some(slot), None, ..] => attempt.on_one(slot),
                    [a, b, c, d, None, ..] => attempt.on_each([a, b, c, d]),
                    slots => attempt.on_each(slots),
                }
            }
        }
        if keys.is_empty() {
            for slot in batch.iter_mut().filter(|slot| matches!(slot, BatchSlot::Packet(_))) {
                *slot = BatchSlot::NotOpened(OpenError::Mac);
            }
        }
    }
}

/// One key, tried on packets that no key before it has opened.
struct Attempt<'a, S: Scheme> {
    sphinx: &'a Sphinx<S>,
    key: &'a S::PrivateKey,
    /// This key and those that are tried after it.
    keys: &'a [&'a S::PrivateKey],
    /// The key's place among all.
    index: usize,
}

impl<S: Scheme> Attempt<'_, S> {
    /// Tries the keys after this one too: one packet alone shares a preparation among them.
    fn on_one(&self, slot: &mut BatchSlot<'_, S>) {
        *slot = match take(slot) {
            BatchSlot::Packet(packet) => match self.sphinx.open_header(packet, self.keys) {
                Ok((later, opened)) => BatchSlot::Opened { key: self.index.saturating_add(later), opened },
                Err(error) => BatchSlot::NotOpened(error),
            },
            slot => slot,
        };
    }

    fn on_each<const N: usize>(&self, slots: [Option<&mut BatchSlot<'_, S>>; N]) {
        let headers = slots.each_ref().map(|slot| match slot {
            Some(BatchSlot::Packet(packet)) => self.sphinx.header(packet).ok(),
            _ => None,
        });
        let keys = S::receive_each(self.key, headers.each_ref().map(|header| Some(header.as_ref()?.element)));
        let mut each = headers.iter().zip(&keys);
        let is_authentic = HopKeys::header_mac_is_each::<N>(from_fn(|_| {
            let (header, keys) = each.next()?;
            let (header, Ok(keys)) = (header.as_ref()?, keys.as_ref()?) else { return None };
            Some((keys, header.maced(), header.mac))
        }));
        for ((slot, keys), is_authentic) in slots.into_iter().zip(keys).zip(is_authentic) {
            let (Some(slot), Some(keys)) = (slot, keys) else { continue };
            // declassified: whether the MAC is right
            let keys = match keys {
                Err(BadKey) => Err(OpenError::GroupElement),
                Ok(_) if !is_authentic => Err(OpenError::Mac),
                Ok(keys) => Ok(keys),
            };
            self.settle(slot, keys);
        }
    }

    fn settle(&self, slot: &mut BatchSlot<'_, S>, keys: Result<HopKeys, OpenError>) {
        *slot = match (take(slot), keys) {
            (BatchSlot::Packet(packet), Ok(keys)) => match self.sphinx.header(packet) {
                Ok(header) => {
                    let replay_tag = replay_tag(&header);
                    let opened = Opened::new(self.sphinx.geometry, packet, keys, replay_tag);
                    BatchSlot::Opened { key: self.index, opened }
                }
                Err(error) => BatchSlot::NotOpened(error),
            },
            (BatchSlot::Packet(_), Err(error)) if self.keys.len() == 1 => BatchSlot::NotOpened(error),
            (slot, _) => slot,
        };
    }
}

impl<'p, S: Scheme> Opened<'p, S> {
    /// [`finish`](Opened::finish) for each packet. Remove replays first, by replacing them with
    /// `None`.
    ///
    /// # Errors
    /// [`FinishError`] in the packet's place; that packet has been wiped.
    #[must_use = "it says what to do with the packets"]
    pub fn finish_each<const N: usize>(opened: [Option<Self>; N]) -> [Option<Result<Action<'p>, FinishError>>; N] {
        let mut slots =
            opened.map(|opened| opened.map_or(BatchSlot::Empty, |opened| BatchSlot::Opened { key: 0, opened }));
        Self::finish_slice(&mut slots);
        slots.map(|slot| match slot {
            BatchSlot::Finished(action) => Some(Ok(action)),
            BatchSlot::NotFinished(error) => Some(Err(error)),
            _ => None,
        })
    }

    /// Removes this hop's layer of the packets in a batch that [`Sphinx::open_slice`] has opened.
    ///
    /// Every [`BatchSlot::Opened`] becomes [`BatchSlot::Finished`] or [`BatchSlot::NotFinished`];
    /// other slots stay as they are. Remove replays first, by replacing them with
    /// [`BatchSlot::Empty`].
    pub fn finish_slice(batch: &mut [BatchSlot<'p, S>]) {
        let mut opened = batch.iter_mut().filter(|slot| matches!(slot, BatchSlot::Opened { .. }));
        loop {
            match from_fn::<_, WIDTH, _>(|_| opened.next()) {
                [None, ..] => break,
                [Some(slot), None, ..] => finish_one(slot),
                [a, b, c, d, None, ..] => finish_each([a, b, c, d]),
                slots => finish_each(slots),
            }
        }
    }
}

fn finish_one<S: Scheme>(slot: &mut BatchSlot<'_, S>) {
    *slot = match take(slot) {
        BatchSlot::Opened { opened, .. } => BatchSlot::finished(opened.finish()),
        slot => slot,
    };
}

fn finish_each<S: Scheme, const N: usize>(mut slots: [Option<&mut BatchSlot<'_, S>>; N]) {
    let mut hops = slots.each_mut().map(|slot| match slot {
        Some(BatchSlot::Opened { opened, .. }) => {
            Some(ProcessedHop::decrypt(&opened.geometry, opened.packet, &opened.keys))
        }
        _ => None,
    });
    let mut each = slots.iter().zip(&hops);
    let elements = S::next_element_each::<N>(from_fn(|_| {
        let (Some(BatchSlot::Opened { opened, .. }), Some(Ok(hop))) = each.next()? else { return None };
        let (element, in_block) = hop.next_element_input::<S>(&opened.geometry, opened.packet)?;
        Some((element, &opened.keys, in_block))
    }));
    for ((slot, hop), element) in slots.into_iter().zip(&mut hops).zip(elements) {
        let (Some(slot), Some(hop)) = (slot, hop.take()) else { continue };
        let BatchSlot::Opened { opened, .. } = take(slot) else { continue };
        let Opened { geometry, packet, .. } = opened;
        let commands = hop.and_then(|mut hop| {
            if hop.is_forward() {
                let element = element.and_then(Result::ok).ok_or(FinishError::GroupElement)?;
                hop.make_next_header(&geometry, packet, element.as_ref())?;
            }
            Ok(hop.commands)
        });
        *slot = BatchSlot::finished(match commands {
            Ok(commands) => Ok(action(&geometry, packet, commands)),
            Err(error) => {
                packet.fill(0);
                Err(error)
            }
        });
    }
}
