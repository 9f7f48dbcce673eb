//! Downloading a consensus from the gateway: compressed, in chunks.

use crate::ClientError;
use mixwell_pki_types::{Chunk, ConsensusReader, Epoch};
use mixwell_wire::ConsensusStatus;

/// Maximum length of a consensus: that of a thousand nodes has 3 MB.
const MAX_BYTES: usize = 8 << 20;

/// A consensus that was requested from the gateway.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) epoch: Epoch,
    /// The chunks received so far, and the end of each.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Number of chunks, as the first one states it.
    total: u32,
}

impl Download {
    pub(super) const fn new(epoch: Epoch) -> Self {
        Self { epoch, bytes: Vec::new(), ends: Vec::new(), total: 0 }
    }

    /// Whether no chunk has been received yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a chunk.
    pub(super) fn push(&mut self, code: ConsensusStatus, chunk: Chunk<'_>) -> Result<Progress, ClientError> {
        if code != ConsensusStatus::Ok {
            return Ok(Progress::Missing);
        }
        let Chunk { number, total, bytes } = chunk;
        if self.is_empty() {
            self.total = total;
        }
        let room = MAX_BYTES.saturating_sub(self.bytes.len());
        let is_next = usize::try_from(number).ok() == Some(self.ends.len()) && total == self.total;
        if !is_next || bytes.is_empty() || bytes.len() > room {
            return Err(ClientError::Consensus("its chunks are out of order, or too many".to_owned()));
        }
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        if number.saturating_add(1) < total { Ok(Progress::More) } else { self.unzip(total).map(Progress::Whole) }
    }

    fn unzip(&self, total: u32) -> Result<Vec<u8>, ClientError> {
        let failed = |error: mixwell_pki_types::ConsensusError| ClientError::Consensus(error.to_string());
        let mut out = vec![0; MAX_BYTES];
        let mut reader = ConsensusReader::new(&mut out);
        let mut begin = 0;
        for (number, end) in (0..).zip(&self.ends) {
            let bytes = self.bytes.get(begin..*end).unwrap_or_default();
            reader.push(Chunk { number, total, bytes }).map_err(failed)?;
            begin = *end;
        }
        Ok(reader.finish().map_err(failed)?.to_vec())
    }
}

/// The state of a download.
#[derive(Debug)]
pub(super) enum Progress {
    /// More chunks will come.
    More,
    /// The whole certificate.
    Whole(Vec<u8>),
    /// The gateway does not have this consensus.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_node::gzip;

    /// As many bytes as in a certificate, plain and compressed.
    fn zipped() -> (Vec<u8>, Vec<u8>) {
        let bytes: Vec<u8> =
            (0..50_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        let zipped = gzip(&bytes);
        (bytes, zipped)
    }

    #[test]
    fn chunks_in_order_and_no_others() {
        let (bytes, zipped) = zipped();
        let chunks: Vec<Chunk<'_>> = Chunk::cut(&zipped, 3000).collect();
        assert!(chunks.len() > 3);
        let push = |download: &mut Download, chunk: Chunk<'_>| download.push(ConsensusStatus::Ok, chunk);
        let mut download = Download::new(Epoch(7));
        let mut whole = None;
        for chunk in &chunks {
            match push(&mut download, *chunk) {
                Ok(Progress::Whole(bytes)) => whole = Some(bytes),
                other => assert!(matches!(other, Ok(Progress::More))),
            }
        }
        assert_eq!(whole, Some(bytes));
        for wrong in [
            Chunk { number: 2, ..chunks[1] },
            Chunk { number: 0, ..chunks[1] },
            Chunk { total: chunks[1].total.saturating_sub(1), ..chunks[1] },
            Chunk { total: u32::MAX, ..chunks[1] },
            Chunk { bytes: &[], ..chunks[1] },
        ] {
            let mut download = Download::new(Epoch(7));
            assert!(matches!(push(&mut download, chunks[0]), Ok(Progress::More)));
            assert!(push(&mut download, wrong).is_err(), "{} of {}", wrong.number, wrong.total);
        }
        let missing = Chunk { number: 0, total: 1, bytes: &[] };
        let answer = Download::new(Epoch(7)).push(ConsensusStatus::NotFound, missing);
        assert!(matches!(answer, Ok(Progress::Missing)));
    }
}
