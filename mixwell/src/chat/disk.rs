//! Files on their way, on the disk.

use mixwell_chat::{FileError, FileHasher, FileId, FileOffer, Files, file_name};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// The friend's files that have begun, and where ours are.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    ours: HashMap<FileId, File>,
    theirs: HashMap<FileId, File>,
}

/// Where the friend's files come.
const RECEIVED: &str = "received";

/// How much is hashed at once.
const PIECE: usize = 1 << 16;

/// So many files of one name are told apart.
const MOST_NAMES: u32 = 10_000;

impl Disk {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), ours: HashMap::new(), theirs: HashMap::new() }
    }

    /// What there is to say of a file before it is sent.
    pub(crate) fn look_at(path: &Path) -> io::Result<FileOffer> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let (mut hasher, mut size) = (FileHasher::new(), 0_u64);
        let mut piece = vec![0; PIECE];
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                break;
            }
            hasher.update(piece.get(..count).unwrap_or_default());
            size = size.saturating_add(count as u64);
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(FileOffer { name: file_name(&name), size, hash: hasher.finish() })
    }

    /// Remembers where a file of ours is, over restarts too.
    pub(crate) fn remember(&self, id: FileId, path: &Path) -> io::Result<()> {
        let path = fs::canonicalize(path)?;
        fs::write(self.source(id), path.as_os_str().as_encoded_bytes())
    }

    /// A file of ours has arrived, or never will.
    pub(crate) fn forget(&mut self, id: FileId) {
        self.ours.remove(&id);
        let _ = fs::remove_file(self.source(id));
    }

    /// A file of the friend's will not come whole.
    pub(crate) fn discard(&mut self, id: FileId) {
        self.theirs.remove(&id);
        let _ = fs::remove_file(self.part(id));
    }

    /// A file of the friend's begins.
    pub(crate) fn begin(&mut self, id: FileId) -> io::Result<()> {
        self.theirs(id).map(|_| ())
    }

    /// Gives a file of the friend's its name, or one that is free. Nothing is overwritten.
    pub(crate) fn keep(&mut self, id: FileId, name: &str) -> io::Result<PathBuf> {
        let part = self.part(id);
        let file = self.theirs.remove(&id).map_or_else(|| File::options().append(true).open(&part), Ok)?;
        file.sync_all()?;
        let folder = self.folder.join(RECEIVED);
        fs::create_dir_all(&folder)?;
        let name = file_name(name);
        let (stem, end) =
            name.rsplit_once('.').map_or((name.as_str(), String::new()), |(stem, end)| (stem, format!(".{end}")));
        for number in 1..MOST_NAMES {
            let free = if number == 1 { name.clone() } else { format!("{stem} ({number}){end}") };
            let path = folder.join(free);
            match File::options().write(true).create_new(true).open(&path) {
                Ok(_) => return fs::rename(&part, &path).map(|()| path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many files have that name"))
    }

    /// The hash of a file of the friend's.
    pub(crate) fn hash(&mut self, id: FileId, size: u64) -> io::Result<[u8; 32]> {
        let file = self.theirs(id)?;
        file.seek(SeekFrom::Start(0))?;
        let (mut hasher, mut file) = (FileHasher::new(), file.take(size));
        let mut piece = vec![0; PIECE];
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                return Ok(hasher.finish());
            }
            hasher.update(piece.get(..count).unwrap_or_default());
        }
    }

    /// With a new friend nothing is on its way.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.ours.clear();
        self.theirs.clear();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with(SENDING) || name.starts_with(RECEIVING) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn source(&self, id: FileId) -> PathBuf {
        self.folder.join(format!("{SENDING}{}", id.0))
    }

    fn part(&self, id: FileId) -> PathBuf {
        self.folder.join(format!("{RECEIVING}{}", id.0))
    }

    fn ours(&mut self, id: FileId) -> io::Result<&mut File> {
        if !self.ours.contains_key(&id) {
            let path = String::from_utf8(fs::read(self.source(id))?).map_err(io::Error::other)?;
            self.ours.insert(id, File::open(path)?);
        }
        self.ours.get_mut(&id).ok_or_else(|| io::Error::other("just opened"))
    }

    fn theirs(&mut self, id: FileId) -> io::Result<&mut File> {
        if !self.theirs.contains_key(&id) {
            let file = File::options().create(true).truncate(false).read(true).write(true).open(self.part(id))?;
            self.theirs.insert(id, file);
        }
        self.theirs.get_mut(&id).ok_or_else(|| io::Error::other("just opened"))
    }
}

const SENDING: &str = "sending-";
const RECEIVING: &str = "receiving-";

impl Files for Disk {
    fn read(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        self.ours(file).and_then(|file| read_at(file, offset, bytes)).map_err(|_| FileError)
    }

    fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        let write = |file: &mut File| file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
        self.theirs(file).and_then(write).map_err(|_| FileError)
    }
}

fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}
