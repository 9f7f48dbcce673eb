//! Gunzip (RFC 1952) into a buffer, with the input in pieces. The header's checksum is verified if
//! there is one, the content's always.

use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};

/// A stream of one member, inflated piece by piece.
pub(super) struct Gunzip<'a> {
    out: &'a mut [u8],
    len: usize,
    /// Input bytes that are still accepted: incompressible content is hardly longer when
    /// compressed.
    input_left: usize,
    /// Checksum of the header so far.
    header: Digest<'static, u32, Table<1>>,
    state: State,
    inflater: DecompressorOxide,
}

/// The part of the stream that the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum State {
    /// The fixed part of the header, and the number of its bytes seen.
    Header {
        seen: u8,
        flags: u8,
    },
    /// An optional part of the header, with the flags of those that follow.
    ExtraLen {
        low: Option<u8>,
        flags: u8,
    },
    Extra {
        left: u16,
        flags: u8,
    },
    Text {
        flags: u8,
    },
    HeaderCrc {
        low: Option<u8>,
    },
    Body,
    /// Checksum and length, and the number of their bytes seen.
    Trailer {
        seen: u8,
        bytes: [u8; 8],
    },
    Failed,
}

impl<'a> Gunzip<'a> {
    /// Not inlined, so that the compiler writes the inflater's 10 kB to their final place without a
    /// second copy.
    #[inline(never)]
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        Self {
            input_left: most_input(out.len()),
            out,
            len: 0,
            header: CRC.digest(),
            state: State::Header { seen: 0, flags: 0 },
            inflater: inflater(),
        }
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, mut input: &[u8]) -> Result<(), GzipError> {
        let most = most_input(self.out.len());
        self.input_left = self.input_left.checked_sub(input.len()).ok_or(GzipError::TooMuchInput { limit: most })?;
        while !input.is_empty() {
            let state = core::mem::replace(&mut self.state, State::Failed);
            self.state = match (state, input.split_first()) {
                (State::Body, _) => self.inflate(&mut input)?,
                (State::HeaderCrc { low }, Some((&byte, rest))) => {
                    input = rest;
                    self.header_crc(low, byte)?
                }
                (state, Some((&byte, rest))) => {
                    input = rest;
                    self.header.update(&[byte]);
                    state.step(byte)?
                }
                (state, None) => state,
            };
        }
        Ok(())
    }

    /// The inflated data, if the stream is complete.
    pub(super) fn finish(self) -> Result<&'a mut [u8], GzipError> {
        let State::Trailer { seen: 8, bytes } = self.state else { return Err(GzipError::Truncated) };
        let out = self.out.get_mut(..self.len).unwrap_or_default();
        let [checksum, length] = *bytes.as_chunks::<4>().0 else { return Err(GzipError::Truncated) };
        let (got, want) = (CRC.checksum(out), u32::from_le_bytes(checksum));
        if got != want {
            return Err(GzipError::Checksum { got, want });
        }
        // the length modulo 2^32
        let (got, want) = ((out.len() as u64) & 0xffff_ffff, u32::from_le_bytes(length).into());
        if got != want {
            return Err(GzipError::Length { got, want });
        }
        Ok(out)
    }

    /// Takes a byte of the header's checksum: the lower half of the CRC-32 of all before it.
    fn header_crc(&self, low: Option<u8>, byte: u8) -> Result<State, GzipError> {
        let Some(low) = low else { return Ok(State::HeaderCrc { low: Some(byte) }) };
        let [first, second, ..] = self.header.clone().finalize().to_le_bytes();
        if [first, second] == [low, byte] { Ok(State::Body) } else { Err(GzipError::HeaderChecksum) }
    }

    fn inflate(&mut self, input: &mut &[u8]) -> Result<State, GzipError> {
        let (status, read, written) = decompress(&mut self.inflater, input, self.out, self.len, FLAGS);
        *input = input.get(read..).unwrap_or_default();
        self.len = self.len.saturating_add(written);
        match status {
            TINFLStatus::Done => Ok(State::Trailer { seen: 0, bytes: [0; 8] }),
            // with the buffer full and the input used up, only further input shows whether this is
            // the end
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput if input.is_empty() => Ok(State::Body),
            TINFLStatus::HasMoreOutput => Err(GzipError::TooLong { limit: self.out.len() }),
            _ => Err(GzipError::Deflate),
        }
    }
}

impl State {
    /// Takes a byte of the header or the trailer.
    fn step(self, byte: u8) -> Result<Self, GzipError> {
        Ok(match self {
            Self::Header { seen, flags } => match (seen, byte) {
                (0, 0x1f) | (1, 0x8b) | (2, DEFLATE) | (4..=8, _) => {
                    Self::Header { seen: seen.saturating_add(1), flags }
                }
                (3, flags) if flags & RESERVED == 0 => Self::Header { seen: 4, flags },
                (9, _) => Self::after_header(flags),
                _ => return Err(GzipError::Header),
            },
            Self::ExtraLen { low: None, flags } => Self::ExtraLen { low: Some(byte), flags },
            Self::ExtraLen { low: Some(low), flags } => match u16::from_le_bytes([low, byte]) {
                0 => Self::after_header(flags),
                left => Self::Extra { left, flags },
            },
            Self::Extra { left: ..=1, flags } => Self::after_header(flags),
            Self::Extra { left, flags } => Self::Extra { left: left.saturating_sub(1), flags },
            Self::Text { flags } if byte == 0 => Self::after_header(flags),
            Self::Text { flags } => Self::Text { flags },
            Self::HeaderCrc { .. } | Self::Body => self,
            Self::Trailer { seen, mut bytes } => {
                *bytes.get_mut(usize::from(seen)).ok_or(GzipError::Trailing)? = byte;
                Self::Trailer { seen: seen.saturating_add(1), bytes }
            }
            Self::Failed => return Err(GzipError::Deflate),
        })
    }

    /// The state after a part of the header, given the flags of the parts that follow.
    const fn after_header(flags: u8) -> Self {
        if flags & EXTRA != 0 {
            Self::ExtraLen { low: None, flags: flags & !EXTRA }
        } else if flags & NAME != 0 {
            Self::Text { flags: flags & !NAME }
        } else if flags & COMMENT != 0 {
            Self::Text { flags: flags & !COMMENT }
        } else if flags & HEADER_CRC != 0 {
            Self::HeaderCrc { low: None }
        } else {
            Self::Body
        }
    }
}

impl fmt::Debug for Gunzip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gunzip({} bytes of {}, {:?})", self.len, self.out.len(), self.state)
    }
}

/// The reason why bytes are not an acceptable gzip stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GzipError {
    /// The stream does not begin with an acceptable gzip header.
    Header,
    /// The header's checksum does not match.
    HeaderChecksum,
    /// The compressed data is malformed.
    Deflate,
    /// The content is longer than the buffer.
    TooLong {
        /// Length of the buffer.
        limit: usize,
    },
    /// The stream is longer than any reasonable one whose content fits the buffer.
    TooMuchInput {
        /// Maximum length of the input.
        limit: usize,
    },
    /// The stream ends early.
    Truncated,
    /// The CRC-32 does not match.
    Checksum {
        /// The CRC-32 of the inflated bytes.
        got: u32,
        /// The CRC-32 at the end of the stream.
        want: u32,
    },
    /// The length does not match.
    Length {
        /// Number of inflated bytes, modulo 2^32.
        got: u64,
        /// The number at the end of the stream.
        want: u64,
    },
    /// Bytes follow the end of the stream.
    Trailing,
}

impl fmt::Display for GzipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("no gzip header"),
            Self::HeaderChecksum => f.write_str("checksum of the header is of other bytes"),
            Self::Deflate => f.write_str("compressed bytes are malformed"),
            Self::TooLong { limit } => write!(f, "inflates to more than {limit} bytes"),
            Self::TooMuchInput { limit } => write!(f, "more than {limit} compressed bytes"),
            Self::Truncated => f.write_str("gzip stream ends early"),
            Self::Checksum { got, want } => write!(f, "inflated bytes have the CRC-32 {got:08x}, want {want:08x}"),
            Self::Length { got, want } => write!(f, "inflates to {got} bytes, want {want}"),
            Self::Trailing => f.write_str("bytes follow the gzip stream"),
        }
    }
}

impl core::error::Error for GzipError {}

/// Not inlined, as above.
#[inline(never)]
fn inflater() -> DecompressorOxide {
    DecompressorOxide::new()
}

/// Maximum length of a stream with this much content. Compressors store what they cannot compress,
/// at 5 bytes in 65,535; this allows for worse ones, and for a file's name in the header. This
/// limit ends a stream that continues forever without filling the buffer.
const fn most_input(content: usize) -> usize {
    content.saturating_add(content >> 3).saturating_add(4096)
}

/// The input comes in pieces; the output is contiguous.
const FLAGS: u32 = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

/// The only compression method there is.
const DEFLATE: u8 = 8;

/// Flags of the header.
const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// The checksum of gzip, by a table of 1 KiB.
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
