//! A consensus as sent by a gateway: gzipped, and split into chunks of the link's down-command
//! size.

mod gzip;

pub use gzip::GzipError;

use core::fmt;
use gzip::Gunzip;

/// One chunk of a consensus, as the command `consensus2` carries it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the command has these fields")]
pub struct Chunk<'a> {
    /// The chunk's number, from 0.
    pub number: u32,
    /// The number of chunks.
    pub total: u32,
    /// The chunk's bytes.
    pub bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Splits a gzipped certificate into chunks of `size` bytes; the last may be shorter. Yields
    /// none if `size` is 0.
    pub fn cut(gzipped: &'a [u8], size: usize) -> impl Iterator<Item = Self> {
        let total = gzipped.len().checked_div(size).map_or(0, |_| gzipped.len().div_ceil(size));
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        (0..total).zip(gzipped.chunks(size.max(1))).map(move |(number, bytes)| Self { number, total, bytes })
    }
}

/// Receives the chunks of a consensus in order and inflates each into the caller's buffer, whose
/// length limits the memory that a gateway can make us use.
///
/// The reader itself has some 10.4 kB, for the inflater's tables.
///
/// ```
/// # let gzipped = [
/// #     0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 5, 0, 0xfa, 0xff, b'h', b'e', b'l', b'l', b'o', 0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0,
/// # ];
/// use mixwell_pki_types::{Chunk, ConsensusReader};
///
/// let mut buffer = [0; 100]; // the most that is accepted
/// let mut reader = ConsensusReader::new(&mut buffer);
/// for chunk in Chunk::cut(&gzipped, 10) {
///     reader.push(chunk)?; // each as a `consensus2` command brings it
/// }
/// assert_eq!(reader.finish()?, b"hello");
/// # Ok::<(), mixwell_pki_types::ConsensusError>(())
/// ```
#[derive(Debug)]
pub struct ConsensusReader<'a> {
    gunzip: Gunzip<'a>,
    next: u32,
    total: Option<u32>,
}

impl<'a> ConsensusReader<'a> {
    /// Inflates into `out`.
    #[must_use]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { gunzip: Gunzip::new(out), next: 0, total: None }
    }

    /// Processes the next chunk. After an error the consensus is lost, and every further call
    /// fails.
    ///
    /// # Errors
    /// If a chunk is missing, is repeated or has another total than the first one, or if the chunks
    /// do not inflate.
    pub fn push(&mut self, chunk: Chunk<'_>) -> Result<(), ConsensusError> {
        let result = self.take(chunk);
        if result.is_err() {
            // no chunk has this number
            (self.next, self.total) = (u32::MAX, Some(0));
        }
        result
    }

    /// The certificate, once every chunk has been processed.
    ///
    /// # Errors
    /// If a chunk is missing, or the last one is not the end of the gzip stream.
    pub fn finish(self) -> Result<&'a mut [u8], ConsensusError> {
        let (taken, total) = (self.next, self.total.unwrap_or(0));
        if taken != total || total == 0 {
            return Err(ConsensusError::Incomplete { taken, total });
        }
        Ok(self.gunzip.finish()?)
    }

    fn take(&mut self, chunk: Chunk<'_>) -> Result<(), ConsensusError> {
        let Chunk { number, total, bytes } = chunk;
        let want = *self.total.get_or_insert(total);
        if total != want {
            return Err(ConsensusError::Total { got: total, want });
        }
        if number != self.next || number >= total {
            return Err(ConsensusError::Order { got: number, want: self.next, total });
        }
        if bytes.is_empty() {
            return Err(ConsensusError::EmptyChunk { number });
        }
        self.gunzip.push(bytes)?;
        self.next = number.saturating_add(1);
        Ok(())
    }
}

/// The reason why chunks are not a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsensusError {
    /// A chunk is not the next one.
    Order {
        /// The chunk's number.
        got: u32,
        /// The next chunk's number.
        want: u32,
        /// The number of chunks.
        total: u32,
    },
    /// A chunk has another total than the first one.
    Total {
        /// The chunk's total.
        got: u32,
        /// The first chunk's total.
        want: u32,
    },
    /// A chunk is empty, by which a gateway reports an error.
    EmptyChunk {
        /// The chunk's number.
        number: u32,
    },
    /// Not every chunk has been processed.
    Incomplete {
        /// Number of chunks processed.
        taken: u32,
        /// The number of chunks.
        total: u32,
    },
    /// The chunks are not a gzip stream, or a stream that is too long.
    Gzip(GzipError),
}

impl From<GzipError> for ConsensusError {
    fn from(error: GzipError) -> Self {
        Self::Gzip(error)
    }
}

impl fmt::Display for ConsensusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { got, want, total } => write!(f, "chunk is number {got}, want {want} of {total}"),
            Self::Total { got, want } => write!(f, "chunk is one of {got}, want one of {want}"),
            Self::EmptyChunk { number } => write!(f, "chunk {number} is empty"),
            Self::Incomplete { taken, total } => write!(f, "{taken} chunks of {total}"),
            Self::Gzip(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConsensusError {}
