//! The folder of one side: its key, and the state of each conversation sealed under it. Only one
//! program at a time may use it.
//!
//! ```text
//! mixwell-chat           marks the folder as a chat's, and tells the version of this layout
//! lock                   held while a program uses the folder
//! key                    seals all below
//! profile                the name of this side
//! contacts/N/state       a conversation
//! contacts/N/alias       the name that the user gave the contact, if any
//! contacts/N/sending-F   the path of a file of ours under way
//! contacts/N/receiving-F the bytes of a friend's file under way
//! received/              the friends' files
//! ```

use crate::{Entropy, error::Error, private};
use mixwell_chat::VaultKey;
use std::{
    fs,
    fs::{File, TryLockError},
    io,
    io::Write as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The number of a contact in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ContactId(pub(crate) u32);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    key: VaultKey,
    /// Held while the folder is open.
    _lock: File,
    /// Other users could read the folder until now.
    was_open: bool,
}

const MARKER: &str = "mixwell-chat";
const MARKER_TEXT: &[u8] = b"mixwell-chat folder 2\n";
const LOCK: &str = "lock";
const KEY: &str = "key";
const PROFILE: &str = "profile";
const CONTACTS: &str = "contacts";
const RECEIVED: &str = "received";
const STATE: &str = "state";
const ALIAS: &str = "alias";

/// Maximum length of a file in the folder.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The contents of a path before a folder is opened there.
enum Found {
    Nothing,
    Empty,
    Own,
}

impl Folder {
    /// Opens a folder, or creates it. A folder with other contents is refused before anything is
    /// written.
    pub(crate) fn open(path: &Path, entropy: &Entropy) -> Result<Self, Error> {
        let found = inspect(path)?;
        if matches!(found, Found::Nothing) {
            private::make_folder(path)?;
        }
        let was_open = private::close_folder(path)?;
        if !matches!(found, Found::Own) {
            private::replace(&path.join(MARKER), MARKER_TEXT)?;
        }
        let lock = lock(path)?;
        clean(path).map_err(|error| Error::Write(path.to_path_buf(), error))?;
        let key_path = path.join(KEY);
        let key = if let Some(bytes) = private::read(&key_path, MAX_BYTES)? {
            let got = bytes.len();
            let wrong = |_| Error::File(key_path, format!("the key is {got} bytes, want {}", VaultKey::LEN));
            let bytes = Zeroizing::new(<[u8; VaultKey::LEN]>::try_from(bytes.as_slice()).map_err(wrong)?);
            VaultKey::from_bytes(*bytes)
        } else {
            let key = VaultKey::generate(&mut *entropy.rng());
            private::create(&key_path, key.as_bytes())?;
            key
        };
        private::make_folder(&path.join(CONTACTS))?;
        Ok(Self { path: path.to_path_buf(), key, _lock: lock, was_open })
    }

    pub(crate) const fn was_open(&self) -> bool {
        self.was_open
    }

    /// The folder's own name.
    pub(crate) fn own_name(&self) -> String {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The name of this side, if it was saved.
    pub(crate) fn profile(&self) -> Result<Option<String>, Error> {
        self.load_string(&self.path.join(PROFILE), PROFILE.as_bytes())
    }

    pub(crate) fn save_profile(&self, name: &str, entropy: &Entropy) -> Result<(), Error> {
        self.save(&self.path.join(PROFILE), PROFILE.as_bytes(), name.as_bytes(), entropy)
    }

    /// All contacts, in order.
    pub(crate) fn contacts(&self) -> Result<Vec<ContactId>, Error> {
        let path = self.path.join(CONTACTS);
        let failed = |error| Error::Read(path.clone(), error);
        let mut contacts = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // a contact exists only once its state is saved
            let number = name.to_str().and_then(|name| name.parse().ok()).map(ContactId);
            contacts.extend(number.filter(|id| self.contact(*id).join(STATE).exists()));
        }
        contacts.sort_unstable();
        Ok(contacts)
    }

    /// The folder of a contact.
    pub(crate) fn contact(&self, id: ContactId) -> PathBuf {
        self.path.join(CONTACTS).join(id.0.to_string())
    }

    /// The folder of the files that friends sent.
    pub(crate) fn received(&self) -> PathBuf {
        self.path.join(RECEIVED)
    }

    pub(crate) fn make_contact(&self, id: ContactId) -> Result<(), Error> {
        private::make_folder(&self.contact(id))
    }

    /// Removes everything about a contact.
    pub(crate) fn remove_contact(&self, id: ContactId) -> Result<(), Error> {
        let path = self.contact(id);
        let failed = |error| Error::Write(path.clone(), error);
        // the state first: without it there is no contact, even if a crash leaves other files
        private::remove(&path.join(STATE)).map_err(failed)?;
        fs::remove_dir_all(&path).map_err(failed)
    }

    pub(crate) fn load_state(&self, id: ContactId) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.load(&self.contact(id).join(STATE), &about(STATE, id))
    }

    pub(crate) fn save_state(&self, id: ContactId, state: &[u8], entropy: &Entropy) -> Result<(), Error> {
        self.save(&self.contact(id).join(STATE), &about(STATE, id), state, entropy)
    }

    pub(crate) fn alias(&self, id: ContactId) -> Result<Option<String>, Error> {
        self.load_string(&self.contact(id).join(ALIAS), &about(ALIAS, id))
    }

    pub(crate) fn save_alias(&self, id: ContactId, alias: &str, entropy: &Entropy) -> Result<(), Error> {
        self.save(&self.contact(id).join(ALIAS), &about(ALIAS, id), alias.as_bytes(), entropy)
    }

    fn load_string(&self, path: &Path, about: &[u8]) -> Result<Option<String>, Error> {
        let bytes = self.load(path, about)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn load(&self, path: &Path, about: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let Some(sealed) = private::read(path, MAX_BYTES)? else { return Ok(None) };
        let opened = self.key.open(about, &sealed);
        opened.map(Some).map_err(|error| Error::File(path.to_path_buf(), error.to_string()))
    }

    fn save(&self, path: &Path, about: &[u8], bytes: &[u8], entropy: &Entropy) -> Result<(), Error> {
        let sealed = self.key.seal(about, bytes, &mut *entropy.rng());
        let sealed = sealed.map_err(|error| Error::File(path.to_path_buf(), error.to_string()))?;
        private::replace(path, &sealed)
    }
}

/// The associated data of a sealed file: one file cannot be put in place of another.
fn about(kind: &str, id: ContactId) -> Vec<u8> {
    [kind.as_bytes(), &id.0.to_le_bytes()].concat()
}

/// Inspects a path, and changes nothing.
fn inspect(path: &Path) -> Result<Found, Error> {
    let refused = |why: &str| Err(Error::Folder(path.to_path_buf(), why.to_owned()));
    let failed = |error| Error::Read(path.to_path_buf(), error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return refused("it is not a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(error)),
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    if !has(MARKER) {
        // a crash may leave the draft of a marker
        if names.iter().all(|name| name.to_string_lossy().starts_with(private::DRAFT)) {
            return Ok(Found::Empty);
        }
        return refused(if has(KEY) && has(STATE) {
            "this folder is from an older version of this program; pair again in a new one"
        } else {
            "it contains other files; choose an empty or new folder"
        });
    }
    if private::read(&path.join(MARKER), MAX_BYTES)?.is_none_or(|text| text.as_slice() != MARKER_TEXT) {
        return refused("this folder is from another version of this program");
    }
    if !has(KEY) && (has(PROFILE) || has_states(path)) {
        return refused("its key is missing: restore the file `key`, or start again in another folder");
    }
    Ok(Found::Own)
}

fn has_states(path: &Path) -> bool {
    fs::read_dir(path.join(CONTACTS)).is_ok_and(|mut contacts| contacts.next().is_some())
}

fn lock(path: &Path) -> Result<File, Error> {
    let lock_path = path.join(LOCK);
    let failed = |error| Error::Write(lock_path.clone(), error);
    let mut file =
        private::options().create(true).truncate(false).read(true).write(true).open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let owner = private::read(&lock_path, 64).ok().flatten();
            let owner =
                owner.map(|text| String::from_utf8_lossy(&text).trim().to_owned()).filter(|text| !text.is_empty());
            let owner = owner.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            return Err(Error::Folder(path.to_path_buf(), format!("another program{owner} uses this folder")));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

/// Removes drafts that a crash has left.
fn clean(path: &Path) -> io::Result<()> {
    let mut folders = vec![path.to_path_buf()];
    if let Ok(contacts) = fs::read_dir(path.join(CONTACTS)) {
        folders.extend(contacts.flatten().map(|entry| entry.path()));
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(private::DRAFT) && entry.file_type()?.is_file() {
                private::remove(&entry.path())?;
            }
        }
    }
    Ok(())
}
