//! Saved replay filters: arbitrary files, with a MAC that is right where it would be in the way,
//! beside a reader of the format that only says what has to come of them.
#![no_main]

use blake2::{
    Blake2b512, Blake2bMac, Digest,
    digest::{FixedOutput, KeyInit, Update, consts::U32},
};
use libfuzzer_sys::fuzz_target;
use mixwell_sphinx::{LoadError, SaveKey, SharedReplayFilter};
use std::collections::HashSet;

const MIX_KEY: [u8; 32] = [7; 32];

fn mac(bytes: &[u8]) -> [u8; 32] {
    let key = Blake2b512::new().chain_update(b"mixwell-filter-1").chain_update(MIX_KEY).finalize();
    let mut mac = Blake2bMac::<U32>::new(&key);
    Update::update(&mut mac, bytes);
    mac.finalize_fixed().into()
}

/// Number of tags in a file, or why it is none.
fn expected(file: &[u8], max: usize) -> Result<usize, LoadError> {
    let Some((b"mixwell-filter-1", rest)) = file.split_first_chunk::<16>() else { return Err(LoadError::Format) };
    let (id, rest) = rest.split_at_checked(16).ok_or(LoadError::Truncated)?;
    if id != &mac(b"id")[..16] {
        return Err(LoadError::OtherKey);
    }
    let (_, mut rest) = rest.split_at_checked(16).ok_or(LoadError::Truncated)?;
    let (mut hashes, mut total) = (HashSet::new(), 0);
    loop {
        let (count, after) = rest.split_first_chunk().ok_or(LoadError::Truncated)?;
        let count = u32::from_le_bytes(*count) as usize;
        if count > 512 {
            return Err(LoadError::Damaged);
        }
        let (record, after) = after.split_at_checked(count * 8).ok_or(LoadError::Truncated)?;
        rest = after;
        if count == 0 {
            break;
        }
        total += count;
        if total > max {
            return Err(LoadError::Full { max });
        }
        hashes.extend(record.chunks(8).map(<[u8]>::to_vec));
    }
    match rest.len() {
        ..32 => Err(LoadError::Truncated),
        // 0 is a free slot, not a hash
        32 if *rest == mac(&file[..file.len() - 32]) && !hashes.contains(&[0; 8][..]) => Ok(hashes.len()),
        _ => Err(LoadError::Damaged),
    }
}

fuzz_target!(|input: (bool, u16, &[u8])| {
    let (sealed, max, bytes) = input;
    let (key, max) = (SaveKey::of(&MIX_KEY), usize::from(max));
    let mut file = bytes.to_vec();
    if sealed {
        // the bytes are a hash key and records
        file = [b"mixwell-filter-1", &mac(b"id")[..16], bytes].concat();
        file.extend(mac(&file));
    }
    let loaded = SharedReplayFilter::load(&key, max, file.as_slice());
    assert_eq!(loaded.as_ref().map(SharedReplayFilter::len).map_err(|error| *error), expected(&file, max));
    let Ok(filter) = loaded else { return };
    let mut again = Vec::new();
    filter.save(&key, &mut again).unwrap();
    assert_eq!(SharedReplayFilter::load(&key, max, again.as_slice()).unwrap().len(), filter.len());
});
