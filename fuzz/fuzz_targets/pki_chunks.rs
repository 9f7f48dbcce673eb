//! A consensus in chunks: gzip streams with bytes changed, chunks out of order. The limit holds,
//! and what comes out is what another inflater makes of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Chunk, ConsensusError, ConsensusReader, GzipError};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    content: Vec<u8>,
    level: u8,
    /// Flags and optional fields of the header.
    header: Option<(u8, Vec<u8>)>,
    changes: Vec<(u16, u8)>,
    size: u8,
    /// How many bytes more or less than the content there is room for.
    room: i8,
    /// A chunk to be sent in another's place.
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
    // a buffer of just that size: one byte too many would be past its end
    let mut out = vec![0; limit];
    let mut reader = ConsensusReader::new(&mut out);
    let result = chunks.iter().try_for_each(|chunk| reader.push(*chunk)).and_then(|()| reader.finish());
    match result {
        Ok(inflated) => {
            assert!(in_order);
            if as_made {
                assert_eq!(inflated, input.content);
            }
            // where a header with nothing optional ends is plain
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
