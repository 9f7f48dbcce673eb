//! Consensus chunks: order, totals, the limit on inflated size, and every kind of gzip error.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use mixwell_pki_types::{Chunk, ConsensusError, ConsensusReader, GzipError};
use proptest::prelude::*;

const NAME: u8 = 8;

fn gzip_with(flags: u8, optional: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 0xff];
    out.extend(optional);
    out.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_with(0, &[], bytes)
}

/// A stream whose header has every optional field, the header checksum last.
fn with_every_option(bytes: &[u8]) -> Vec<u8> {
    let optional = b"\x03\x00abcname\0comment\0";
    let header = [&[0x1f, 0x8b, 8, 0x1f, 1, 2, 3, 4, 0, 0xff], &optional[..]].concat();
    let checksum = crc32fast::hash(&header).to_le_bytes();
    gzip_with(0x1f, &[optional, &checksum[..2]].concat(), bytes)
}

/// Inflates a stream in chunks of `size` bytes, into at most `limit` bytes.
fn read(gzipped: &[u8], size: usize, limit: usize) -> Result<Vec<u8>, ConsensusError> {
    let mut out = vec![0; limit];
    let mut reader = ConsensusReader::new(&mut out);
    Chunk::cut(gzipped, size).try_for_each(|chunk| reader.push(chunk))?;
    reader.finish().map(|bytes| bytes.to_vec())
}

fn sample() -> Vec<u8> {
    (0..20_000_u32).flat_map(|n| (n / 7).wrapping_mul(0x9e37_79b9).to_be_bytes()).collect()
}

#[test]
fn any_size_of_chunks() {
    let sample = sample();
    for gzipped in [gzip(&sample), gzip_with(NAME, b"name\0", &sample), with_every_option(&sample)] {
        for size in [1, 2, 3, 11, 3108, gzipped.len(), gzipped.len() + 1] {
            assert!(read(&gzipped, size, sample.len()).unwrap() == sample, "chunks of {size}");
        }
    }
    assert_eq!(Chunk::cut(&sample, 0).count(), 0);
}

#[test]
fn the_bound_holds() {
    let sample = sample();
    for size in [1, 3108, 1 << 20] {
        let limit = sample.len() - 1;
        assert_eq!(read(&gzip(&sample), size, limit), Err(ConsensusError::Gzip(GzipError::TooLong { limit })));
        assert!(read(&gzip(&sample), size, sample.len()).is_ok());
    }
    // a gzip bomb that expands about a thousandfold
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 70_000);
    let limit = 100_000;
    assert_eq!(read(&bomb, 3108, limit), Err(ConsensusError::Gzip(GzipError::TooLong { limit })));
    assert_eq!(read(&gzip(b""), 3108, 0), Ok(Vec::new()));
}

/// Endless streams that produce no output, so that the output limit never ends them.
#[test]
fn a_stream_without_end_is_given_up() {
    let limit = 4096 + 1000 + 125;
    let name = gzip_with(NAME, &vec![b'a'; 10_000], b"");
    let empty_blocks = [&gzip(b"")[..10], &b"\0\0\0\xff\xff".repeat(2000)].concat();
    for endless in [name, empty_blocks] {
        for size in [1, 3108, endless.len()] {
            assert_eq!(read(&endless, size, 1000), Err(ConsensusError::Gzip(GzipError::TooMuchInput { limit })));
        }
    }
    // uncompressed data is within the limit
    let mut stored = gzip(b"")[..10].to_vec();
    for _ in 0..1000 {
        stored.extend(b"\0\x01\0\xfe\xffa");
    }
    stored.extend(b"\x01\0\0\xff\xff");
    stored.extend(crc32fast::hash(&[b'a'; 1000]).to_le_bytes());
    stored.extend(1000_u32.to_le_bytes());
    assert_eq!(stored.len(), 6023);
    assert_eq!(read(&stored, 3108, 2000).map(|bytes| bytes.len()), Ok(1000));
}

#[test]
fn order_and_totals() {
    let gzipped = gzip(&sample());
    let chunks: Vec<_> = Chunk::cut(&gzipped, 3108).collect();
    let (mut out, total) = (vec![0; 100_000], chunks.len() as u32);
    let mut push = |chunks: &[Chunk<'_>]| {
        let mut reader = ConsensusReader::new(&mut out);
        let result = chunks.iter().try_for_each(|chunk| reader.push(*chunk));
        // an error is final
        if result.is_err() {
            assert!(chunks.iter().all(|chunk| reader.push(*chunk).is_err()));
            assert!(reader.finish().is_err());
            return result;
        }
        reader.finish().map(drop)
    };
    let order = |got, want| Err(ConsensusError::Order { got, want, total });
    assert_eq!(push(&chunks), Ok(()));
    assert_eq!(push(&chunks[1..]), order(1, 0));
    assert_eq!(push(&[chunks[0], chunks[0]]), order(0, 1));
    assert_eq!(push(&[chunks[0], chunks[2]]), order(2, 1));
    assert_eq!(push(&chunks[..3]), Err(ConsensusError::Incomplete { taken: 3, total }));
    assert_eq!(push(&[]), Err(ConsensusError::Incomplete { taken: 0, total: 0 }));
    let other = Chunk { total: 9, ..chunks[1] };
    assert_eq!(push(&[chunks[0], other]), Err(ConsensusError::Total { got: 9, want: total }));
    let past = Chunk { number: total, ..chunks[0] };
    assert_eq!(push(&[&chunks[..], &[past]].concat()), order(total, total));
    let empty = Chunk { bytes: &[], ..chunks[0] };
    assert_eq!(push(&[empty]), Err(ConsensusError::EmptyChunk { number: 0 }));
    let none = Chunk { number: 0, total: 0, bytes: b"a" };
    assert_eq!(push(&[none]), Err(ConsensusError::Order { got: 0, want: 0, total: 0 }));
}

#[test]
fn each_error_of_gzip() {
    let sample = sample();
    let good = gzip(&sample);
    let end = good.len();
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        read(&bytes, 3108, sample.len()).unwrap_err()
    };
    let gzip = ConsensusError::Gzip;
    for at in [0, 1, 2] {
        assert_eq!(changed(at, 0xee), gzip(GzipError::Header));
    }
    assert_eq!(changed(3, 0x20), gzip(GzipError::Header));
    assert_eq!(changed(10, 0x07), gzip(GzipError::Deflate));
    let optional = with_every_option(&sample);
    // every header byte except those that say which optional fields follow and where they end
    for at in [4, 5, 6, 7, 8, 9, 12, 14, 15, 18, 20, 25, 28, 29] {
        let mut bytes = optional.clone();
        bytes[at] ^= 1;
        assert_eq!(read(&bytes, 7, sample.len()), Err(gzip(GzipError::HeaderChecksum)), "byte {at}");
    }
    let (crc, len) = (crc32fast::hash(&sample), sample.len() as u64);
    assert_eq!(changed(end - 8, good[end - 8] ^ 1), gzip(GzipError::Checksum { got: crc, want: crc ^ 1 }));
    assert_eq!(changed(end - 4, good[end - 4] ^ 1), gzip(GzipError::Length { got: len, want: len ^ 1 }));
    assert_eq!(read(&good[..end - 1], 3108, sample.len()), Err(gzip(GzipError::Truncated)));
    assert_eq!(read(&good[..9], 3108, sample.len()), Err(gzip(GzipError::Truncated)));
    assert_eq!(read(&[&good[..], b"a"].concat(), 3108, sample.len()), Err(gzip(GzipError::Trailing)));
}

proptest! {
    /// A changed stream never yields different content.
    #[test]
    fn changes_are_seen(at: usize, bit in 0..8, size in 1_usize..5000) {
        let sample = sample();
        let mut gzipped = gzip(&sample);
        let at = at % gzipped.len();
        gzipped[at] ^= 1_u8 << bit;
        let got = read(&gzipped, size, 2 * sample.len());
        // the same content has other encodings: other header bytes, a distance to an equal string,
        // the padding bits of the last byte
        let trailer = at >= gzipped.len() - 8;
        prop_assert!(got.is_err() || (got == Ok(sample) && !trailer), "byte {at}");
    }
}
