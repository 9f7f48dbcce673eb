//! A consensus in chunks: gzip streams with bytes changed, chunks out of order. The limit holds,
//! and the output equals another inflater's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Chunk, ConsensusError, ConsensusReader, GzipError};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    content: Vec<u8>,
    level: u8,
    /// The header's flags and optional fields.
    header: Option<(u8, Vec<u8>)>,
    changes: Vec<(u16, u8)>,
    size: u8,
    /// Output limit in bytes, relative to the content's length.
    room: i8,
    /// A chunk that is sent in another's place.
    swapped: Option<(u8, u8)>,
}

fuzz_target!(|input: Input| {
    let (flags, optional) = input.header.unwrap_or_default();
    let mut gzipped = [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0xff], &optional[..]].concat();
    gzipped.extend(miniz_oxide::deflate::compress_to_vec(&input.content, input.level % 11));
    gzipped.extend(crc32fast::hash(&input.content).to_le_bytes());
    gzipped.extend((input.content.len() as u32).to_le_bytes());
    for (at, change) in &input.changes {
        if let Some(byte) = gzipped.get_mut(usize::from(*at)) {
            *byte ^= change;
        }
    }
    let as_made = input.changes.iter().all(|(_, change)| *change == 0) && flags == 0 && optional.is_empty();
    let limit = input.content.len().saturating_add_signed(input.room.into());

    let mut chunks: Vec<_> = Chunk::cut(&gzipped, usize::from(input.size)).collect();
    let mut in_order = !chunks.is_empty();
    if let Some((a, b)) = input.swapped {
        let (a, b) = (usize::from(a), usize::from(b));
        if a != b && a < chunks.len() && b < chunks.len() {
            chunks.swap(a, b);
            in_order = false;
        }
    }
    // a buffer of exactly that size: one more byte would be out of bounds
    let mut out = vec![0; limit];
    let mut reader = ConsensusReader::new(&mut out);
    let result = chunks.iter().try_for_each(|chunk| reader.push(*chunk)).and_then(|()| reader.finish());
    match result {
        Ok(inflated) => {
            assert!(in_order);
            if as_made {
                assert_eq!(inflated, input.content);
            }
            // without optional fields, the end of the header is known
            if gzipped[3] == 0 {
                let other = miniz_oxide::inflate::decompress_to_vec(&gzipped[10..]).expect("it inflates");
                assert_eq!(inflated, other);
            }
        }
        Err(ConsensusError::Gzip(GzipError::TooLong { limit: named })) => {
            assert_eq!(named, limit);
            assert!(!as_made || input.content.len() > limit);
        }
        Err(error) => assert!(!(as_made && in_order), "{error}"),
    }
});
