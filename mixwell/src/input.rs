//! Reading what the user names: a file, or `-` for standard input.

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

/// Reads to the end, or up to `max` bytes and one more, by which the caller knows that there were
/// too many. A file has to be a regular one: others block or have no end.
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
