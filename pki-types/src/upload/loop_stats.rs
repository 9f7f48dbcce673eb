//! A node's measurements with its loop decoys.

use crate::{
    Epoch, KeyHash,
    cbor::{BufferTooSmall, Item, Kind, Map, Writer},
    decode::{DecodeError, Field, fields},
};

/// The share of loop decoys that came back over each segment of their routes. Borrows the bytes.
#[derive(Debug, Clone, Copy)]
pub struct LoopStats<'a> {
    mix: Option<KeyHash>,
    epoch: Epoch,
    ratios: Option<Map<'a>>,
}

impl<'a> LoopStats<'a> {
    pub(super) fn read(field: Field<'a>) -> Result<Option<Self>, DecodeError> {
        if let Kind::Null = field.item.kind() {
            return Ok(None);
        }
        let mut read = Self { mix: None, epoch: Epoch(0), ratios: None };
        for (name, item) in fields(field.name, field.item)? {
            match (name, item.kind()) {
                ("MixIdentityHash", Kind::Null) => {}
                ("MixIdentityHash", _) => read.mix = Some(Field::new("MixIdentityHash", item).hash()?),
                ("Epoch", _) => read.epoch = Field::new("Epoch", item).epoch()?,
                ("SegmentRatios", _) => {
                    read.ratios = Field::new("SegmentRatios", item).map_of(segment, Field::float)?;
                }
                _ => {}
            }
        }
        Ok(Some(read))
    }

    /// Writes loop statistics for [`Upload::sign`](super::Upload::sign), as one item. Sorts the
    /// ratios by segment; each segment must occur once.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn write(
        mix: Option<&KeyHash>,
        epoch: Epoch,
        ratios: &mut [([u8; 64], f64)],
        out: &mut [u8],
    ) -> Result<usize, BufferTooSmall> {
        ratios.sort_unstable_by_key(|(segment, _)| *segment);
        let mut writer = Writer::new(out);
        writer.map(3).text("Epoch").unsigned(epoch.0).text("SegmentRatios").map(ratios.len());
        for (segment, ratio) in ratios {
            writer.bytes(segment).float(*ratio);
        }
        writer.text("MixIdentityHash");
        match mix {
            Some(mix) => writer.bytes(&mix.0),
            None => writer.null(),
        };
        writer.finish()
    }

    /// The node id of the mix that measured.
    #[must_use]
    pub const fn mix(&self) -> Option<KeyHash> {
        self.mix
    }

    /// The epoch of the measurements.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Each segment, two node ids, and the share of decoys that came back over it.
    pub fn ratios(&self) -> impl Iterator<Item = (&'a [u8; 64], f64)> + use<'a> {
        self.ratios.unwrap_or_default().filter_map(|(key, value): (Item<'a>, Item<'a>)| {
            let ratio = Field::new("SegmentRatios", value).float().ok()?;
            Some((segment(Field::new("SegmentRatios", key)).ok()?, ratio))
        })
    }
}

fn segment(field: Field<'_>) -> Result<&[u8; 64], DecodeError> {
    field.bytes()?.try_into().or_else(|_| field.is_but(crate::decode::OTHER_LENGTH, "64 bytes"))
}
