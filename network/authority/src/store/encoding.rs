//! The encoding of the store's files: entries of a journal, and files with a checksum.

use crate::journal::Record;
use blake2::{Blake2b256, Digest as _};
use std::{
    fs, io,
    io::{Read as _, Write as _},
    path::Path,
};

/// The end of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// A crash has truncated the last entry. Length of the journal before it.
    CutShort(u64),
    Damaged,
}

pub(super) fn read_entries(bytes: &[u8]) -> (Vec<Record>, End) {
    let mut records = Vec::new();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        let is_cut_short = MAGIC.starts_with(bytes);
        return (records, if is_cut_short { End::CutShort(0) } else { End::Damaged });
    };
    loop {
        let good = (bytes.len() - rest.len()) as u64;
        if rest.is_empty() {
            return (records, End::Whole);
        }
        let Some((head, after)) = rest.split_first_chunk::<HEAD_LEN>() else {
            return (records, End::CutShort(good));
        };
        let Some(len) = read_head(*head) else { return (records, End::Damaged) };
        let Some((body, after)) = after.split_at_checked(len) else { return (records, End::CutShort(good)) };
        let Some((body, sum)) = body.split_last_chunk::<SUM_LEN>() else { return (records, End::Damaged) };
        let record = Some(body).filter(|body| checksum(body) == *sum).and_then(Record::decode);
        let Some(record) = record else { return (records, End::Damaged) };
        records.push(record);
        rest = after;
    }
}

/// Appends a whole entry or nothing: entries after a partial one could not be read.
pub(super) fn append(file: &mut fs::File, entry: &[u8]) -> io::Result<()> {
    let len = file.metadata()?.len();
    file.write_all(entry).inspect_err(|_| {
        // if this fails too, the journal is damaged and no statement is made in the round
        let _ = file.set_len(len);
    })
}

/// An entry of the journal: length, checksum of the length, record, checksum of the record.
pub(super) fn entry(record: &Record) -> Vec<u8> {
    sealed(&record.encode())
}

pub(super) fn sealed(body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len().saturating_add(SUM_LEN)).unwrap_or(u32::MAX).to_be_bytes();
    let [a, b, c, d, ..] = checksum(&len);
    [&len[..], &[a, b, c, d], body, &checksum(body)].concat()
}

fn read_head(head: [u8; HEAD_LEN]) -> Option<usize> {
    let (len, sum) = head.split_first_chunk::<4>()?;
    let len = Some(len).filter(|len| checksum(&len[..]).starts_with(sum))?;
    usize::try_from(u32::from_be_bytes(*len)).ok()
}

fn checksum(bytes: &[u8]) -> [u8; SUM_LEN] {
    let hash: [u8; 32] = Blake2b256::digest(bytes).into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// The body of a file with a checksum; `None` if it is damaged.
pub(super) fn read_sealed(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    let body = bytes.split_first_chunk().and_then(|(head, rest)| {
        let len = read_head(*head).filter(|len| *len == rest.len());
        let (body, sum) = len.and_then(|_| rest.split_last_chunk::<SUM_LEN>())?;
        (checksum(body) == *sum).then(|| body.to_vec())
    });
    Ok(body)
}

/// The first bytes of a journal.
pub(super) const MAGIC: &[u8] = b"mixwell authority journal 1\n";

/// A length and four bytes of its checksum.
const HEAD_LEN: usize = 8;

const SUM_LEN: usize = 16;

/// Maximum length of a file with a checksum.
const MAX_FILE_BYTES: u64 = 16 << 20;
