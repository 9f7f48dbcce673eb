//! The files in transfer with one contact, on the disk.

use crate::private;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use mixwell_chat::{FileError, FileHasher, FileId, FileOffer, Files, file_name};
use std::{
    collections::HashMap,
    ffi::OsString,
    fs,
    fs::File,
    io,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// The open files of one contact. Transfers are remembered over restarts.
#[derive(Debug)]
pub(crate) struct TransferFiles {
    folder: PathBuf,
    received: PathBuf,
    outgoing: HashMap<FileId, File>,
    incoming: HashMap<FileId, File>,
}

const SENDING: &str = "sending-";
const RECEIVING: &str = "receiving-";

/// Bytes that are hashed at a time.
const PIECE: usize = 1 << 16;

/// Maximum number of files with one name.
const MAX_SAME_NAME: u32 = 10_000;

impl TransferFiles {
    /// `folder` is the contact's; complete files are moved to `received`.
    pub(crate) fn new(folder: PathBuf, received: PathBuf) -> Self {
        Self { folder, received, outgoing: HashMap::new(), incoming: HashMap::new() }
    }

    /// Remembers the path of a file of ours.
    pub(crate) fn remember(&self, id: FileId, path: &Path) -> io::Result<()> {
        let path = fs::canonicalize(path)?;
        let mut file = private::options().create(true).truncate(true).write(true).open(self.source(id))?;
        file.write_all(path.as_os_str().as_encoded_bytes())
    }

    /// Ends the transfer of a file of ours, successful or not.
    pub(crate) fn forget(&mut self, id: FileId) {
        self.outgoing.remove(&id);
        let _ = private::remove(&self.source(id));
    }

    /// Discards a friend's incomplete file.
    pub(crate) fn discard(&mut self, id: FileId) {
        self.incoming.remove(&id);
        let _ = private::remove(&self.part(id));
    }

    /// Creates the local file that receives a friend's file.
    pub(crate) fn begin(&mut self, id: FileId) -> io::Result<()> {
        self.incoming(id).map(|_| ())
    }

    /// Moves a friend's complete file to the received ones, under its name or one that is free.
    /// Nothing is overwritten.
    pub(crate) fn finalize(&mut self, id: FileId, name: &str) -> io::Result<PathBuf> {
        let part = self.part(id);
        let file = self.incoming.remove(&id).map_or_else(|| File::options().append(true).open(&part), Ok)?;
        file.sync_all()?;
        private::make_folder(&self.received).map_err(io::Error::other)?;
        let name = file_name(name);
        let (stem, end) =
            name.rsplit_once('.').map_or((name.as_str(), String::new()), |(stem, end)| (stem, format!(".{end}")));
        for number in 1..MAX_SAME_NAME {
            let free = if number == 1 { name.clone() } else { format!("{stem} ({number}){end}") };
            let path = self.received.join(free);
            match private::options().write(true).create_new(true).open(&path) {
                Ok(_) => {
                    fs::rename(&part, &path)?;
                    private::sync_folder(&self.received)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many files have that name"))
    }

    /// The path of a friend's incomplete file.
    pub(crate) fn part(&self, id: FileId) -> PathBuf {
        self.folder.join(format!("{RECEIVING}{}", id.0))
    }

    fn source(&self, id: FileId) -> PathBuf {
        self.folder.join(format!("{SENDING}{}", id.0))
    }

    fn outgoing(&mut self, id: FileId) -> io::Result<&mut File> {
        if !self.outgoing.contains_key(&id) {
            let path = path_of(fs::read(self.source(id))?)?;
            self.outgoing.insert(id, open_file(&path)?);
        }
        self.outgoing.get_mut(&id).ok_or_else(|| io::Error::other("just opened"))
    }

    fn incoming(&mut self, id: FileId) -> io::Result<&mut File> {
        if !self.incoming.contains_key(&id) {
            let mut options = private::options();
            let file = options.create(true).truncate(false).read(true).write(true).open(self.part(id))?;
            self.incoming.insert(id, file);
        }
        self.incoming.get_mut(&id).ok_or_else(|| io::Error::other("just opened"))
    }
}

impl Files for TransferFiles {
    fn read(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        let read = |file: &mut File| file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes));
        self.outgoing(file).and_then(read).map_err(|_| FileError)
    }

    fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        let write = |file: &mut File| file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
        self.incoming(file).and_then(write).map_err(|_| FileError)
    }
}

/// Describes a file of ours, which takes as long as reading it; `is_cancelled` aborts.
pub(crate) fn describe(path: &Path, is_cancelled: &AtomicBool) -> io::Result<FileOffer> {
    let file = open_file(path)?;
    let (hash, size) = hash(file, is_cancelled)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(FileOffer { name: file_name(&name), size, hash })
}

/// The hash of a friend's file.
pub(crate) fn hash_of(path: &Path, is_cancelled: &AtomicBool) -> io::Result<[u8; 32]> {
    hash(open_file(path)?, is_cancelled).map(|(hash, _)| hash)
}

fn hash(mut file: File, is_cancelled: &AtomicBool) -> io::Result<([u8; 32], u64)> {
    let (mut hasher, mut size) = (FileHasher::new(), 0_u64);
    let mut piece = vec![0; PIECE];
    loop {
        if is_cancelled.load(Relaxed) {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(piece.get(..count).unwrap_or_default());
        size += count as u64;
    }
}

/// Opens a regular file. The kind is checked first, since opening a FIFO would wait for a writer.
fn open_file(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
fn path_of(bytes: Vec<u8>) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> io::Result<PathBuf> {
    String::from_utf8(bytes).map(|path| PathBuf::from(OsString::from(path))).map_err(io::Error::other)
}
