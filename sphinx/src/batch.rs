//! Unwrapping several packets at once: each step is done for all packets before the next step
//! begins, so that key exchanges and hashes can use the lanes of vector registers (with X25519 and
//! AVX-512, eight exchanges take the time of about one).

use crate::{
    geometry::Geometry,
    keys::HopKeys,
    open::{Action, FinishError, OpenError, Opened, ProcessedHop, action, replay_tag},
    scheme::{BadKey, Scheme},
    sphinx::Sphinx,
};

impl<S: Scheme> Sphinx<S> {
    /// [`open`](Sphinx::open) for each packet; `None` where there is none.
    ///
    /// # Errors
    /// [`OpenError`] in the packet's slot; that packet is untouched.
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
    /// [`OpenError`] in the packet's slot; that packet is untouched.
    #[expect(clippy::type_complexity, reason = "an array of what `open_any` gives")]
    pub fn open_any_each<'p, const N: usize>(
        &self,
        packets: [Option<&'p mut [u8]>; N],
        keys: &[&S::PrivateKey],
    ) -> [Option<Result<(usize, Opened<'p, S>), OpenError>>; N] {
        let mut attempts = packets.map(|packet| Some(Attempt::new(self, packet?)));
        for (index, key) in keys.iter().enumerate() {
            let elements = attempts.each_ref().map(|attempt| {
                let Some(Attempt::Closed(packet, _)) = attempt else { return None };
                Some(self.header(packet).ok()?.element)
            });
            if elements.iter().all(Option::is_none) {
                break;
            }
            let keys = S::receive_each(key, elements);
            let mut each = keys.iter();
            let authentic = HopKeys::header_mac_is_each(attempts.each_ref().map(|attempt| {
                let keys = each.next()?.as_ref()?.as_ref().ok()?;
                let Some(Attempt::Closed(packet, _)) = attempt else { return None };
                let header = self.header(packet).ok()?;
                Some((keys, header.maced(), header.mac))
            }));
            let mut keys = keys.into_iter().zip(authentic);
            attempts = attempts.map(|attempt| {
                let (keys, authentic) = keys.next().unwrap_or_default();
                Some(attempt?.try_key(self, index, keys, authentic))
            });
        }
        attempts.map(|attempt| attempt.map(Attempt::result))
    }
}

/// A packet and the outcome of the keys tried so far.
#[expect(clippy::large_enum_variant, reason = "there is no heap, and there are but a few")]
enum Attempt<'p, S: Scheme> {
    /// The length or the version is wrong: no key is tried.
    Refused(OpenError),
    /// No key so far has opened the packet; the error with the last key.
    Closed(&'p mut [u8], OpenError),
    Opened(usize, Opened<'p, S>),
}

impl<'p, S: Scheme> Attempt<'p, S> {
    fn new(sphinx: &Sphinx<S>, packet: &'p mut [u8]) -> Self {
        match sphinx.check_length(packet).and_then(|()| sphinx.header(packet).map(|_| ())) {
            Ok(()) => Self::Closed(packet, OpenError::Mac),
            Err(error) => Self::Refused(error),
        }
    }

    fn try_key(self, sphinx: &Sphinx<S>, index: usize, keys: Option<Result<HopKeys, BadKey>>, authentic: bool) -> Self {
        let Self::Closed(packet, error) = self else { return self };
        let (Some(keys), Ok(header)) = (keys, sphinx.header(packet)) else { return Self::Closed(packet, error) };
        match keys {
            Err(BadKey) => Self::Closed(packet, OpenError::GroupElement),
            // declassified: whether the MAC is right
            Ok(_) if !authentic => Self::Closed(packet, OpenError::Mac),
            Ok(keys) => {
                let replay_tag = replay_tag(&header);
                Self::Opened(index, Opened::new(sphinx.geometry, packet, keys, replay_tag))
            }
        }
    }

    fn result(self) -> Result<(usize, Opened<'p, S>), OpenError> {
        match self {
            Self::Refused(error) | Self::Closed(_, error) => Err(error),
            Self::Opened(index, opened) => Ok((index, opened)),
        }
    }
}

impl<'p, S: Scheme> Opened<'p, S> {
    /// [`finish`](Opened::finish) for each packet. Remove replays first, by replacing them with
    /// `None`.
    ///
    /// # Errors
    /// [`FinishError`] in the packet's slot; that packet has been wiped.
    #[must_use = "it says what to do with the packets"]
    pub fn finish_each<const N: usize>(opened: [Option<Self>; N]) -> [Option<Result<Action<'p>, FinishError>>; N] {
        let mut processed = opened.map(|opened| {
            let Self { geometry, packet, keys, .. } = opened?;
            let hop = ProcessedHop::decrypt(&geometry, packet, &keys);
            Some(Processed { geometry, packet, keys, hop })
        });
        let elements = S::next_element_each(processed.each_ref().map(|processed| {
            let Processed { geometry, packet, keys, hop: Ok(hop) } = processed.as_ref()? else { return None };
            let (element, in_block) = hop.next_element_input::<S>(geometry, packet)?;
            Some((element, keys, in_block))
        }));
        for (processed, element) in processed.iter_mut().zip(elements) {
            let Some(Processed { geometry, packet, hop, .. }) = processed else { continue };
            let made = match hop {
                Ok(hop) if hop.is_forward() => match element {
                    Some(Ok(element)) => hop.make_next_header(geometry, packet, element.as_ref()),
                    _ => Err(FinishError::GroupElement),
                },
                _ => Ok(()),
            };
            if let Err(error) = made {
                *hop = Err(error);
            }
        }
        processed.map(|processed| Some(processed?.action()))
    }
}

/// A packet after this hop's layer, or the error.
struct Processed<'p> {
    geometry: Geometry,
    packet: &'p mut [u8],
    keys: HopKeys,
    hop: Result<ProcessedHop, FinishError>,
}

impl<'p> Processed<'p> {
    fn action(self) -> Result<Action<'p>, FinishError> {
        let Self { geometry, packet, hop, .. } = self;
        match hop {
            Ok(hop) => Ok(action(&geometry, packet, hop.commands)),
            Err(error) => {
                packet.fill(0);
                Err(error)
            }
        }
    }
}
