//! The consensus by way of the gateway: zipped and in chunks.

use super::ClientError;
use mixwell_pki_types::{Chunk, ConsensusReader, Epoch};
use mixwell_wire::ConsensusStatus;

/// The longest consensus that is taken: that of a thousand nodes has 3 MB.
const MOST_BYTES: usize = 8 << 20;

/// A consensus that was asked for.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) epoch: Epoch,
    /// What has come, and where each chunk ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Download {
    pub(super) const fn new(epoch: Epoch) -> Self {
        Self { epoch, bytes: Vec::new(), ends: Vec::new() }
    }

    /// Whether no chunk has come yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Takes a chunk. Gives the certificate with the last one, and `None` if the gateway has no such consensus.
    pub(super) fn push(&mut self, code: ConsensusStatus, chunk: Chunk<'_>) -> Result<Progress, ClientError> {
        if code != ConsensusStatus::Ok {
            return Ok(Progress::Missing);
        }
        let Chunk { number, total, bytes } = chunk;
        let room = MOST_BYTES.saturating_sub(self.bytes.len());
        if usize::try_from(number).ok() != Some(self.ends.len()) || bytes.is_empty() || bytes.len() > room {
            return Err(ClientError::Consensus("its chunks are not in order, or too many".to_owned()));
        }
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        if number.saturating_add(1) < total { Ok(Progress::More) } else { self.unzip(total).map(Progress::Whole) }
    }

    fn unzip(&self, total: u32) -> Result<Vec<u8>, ClientError> {
        let failed = |error: mixwell_pki_types::ConsensusError| ClientError::Consensus(error.to_string());
        let mut out = vec![0; MOST_BYTES];
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

/// How far a download is.
#[derive(Debug)]
pub(super) enum Progress {
    /// Chunks are to come.
    More,
    /// It is here: the certificate.
    Whole(Vec<u8>),
    /// The gateway has none yet.
    Missing,
}
