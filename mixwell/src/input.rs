//! Reads an input file, or standard input for `-`.

use crate::error::Error;
use mixwell_net::files;
use std::{io, io::Read, path::Path};

/// Whether a path stands for standard input.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A path's name in messages.
pub(crate) fn name(path: &Path) -> &Path {
    if is_stdin(path) { Path::new("standard input") } else { path }
}

/// Reads to the end, but at most `max + 1` bytes: the extra byte tells the caller that the input is
/// too long. Files have to be regular: reading others may block or never end.
pub(crate) fn read(path: &Path, max: u64) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::Read(name(path).to_path_buf(), error);
    let mut bytes = Vec::new();
    let limit = max.saturating_add(1);
    if is_stdin(path) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        files::open_regular(path).map_err(failed)?.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}
