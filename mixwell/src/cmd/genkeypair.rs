//! `mixwell genkeypair`: a key pair in two PEM files.

mod files;

use crate::{
    error::Error,
    random,
    scheme::{SchemeName, WithScheme},
    style::DIM,
};
use clap::Args;
use mixwell_pq_kem::{
    Kem, Nike, kem, nike, pem,
    pem::{PemError, PemKey},
};
use std::{io::Write, path::PathBuf};
use zeroize::Zeroizing;

/// Generate a key pair and write it to two PEM files
///
/// Writes NAME.private.pem, readable only by you, and NAME.public.pem. The key is generated from
/// the operating system's randomness. Existing files are not overwritten unless --force is given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The path of both files without `.private.pem` and `.public.pem`
    name: PathBuf,

    /// The NIKE or KEM that the keys are for; `mixwell schemes` lists them
    #[arg(long, value_parser = SchemeName::parse)]
    scheme: SchemeName,

    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  mixwell genkeypair --scheme xwing link          link.private.pem and link.public.pem
  mixwell genkeypair --scheme x25519 keys/mix1    the same in the folder keys
  mixwell genkeypair --scheme x25519 --force mix1 overwrites the old keys";

/// Generates the keys and writes the files.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let pair = arguments.scheme.run(Generate)?;
    let paths = files::write(&arguments.name, &pair, arguments.force)?;
    let mut out = anstream::stdout().lock();
    let (private, public) = (paths.private.display(), paths.public.display());
    write!(out, "{private} {DIM}(secret){DIM:#}\n{public}\n").and_then(|()| out.flush()).map_err(Error::Output)
}

/// A key pair as PEM text.
struct PemPair {
    private: Zeroizing<Vec<u8>>,
    public: Zeroizing<Vec<u8>>,
}

struct Generate;

impl WithScheme for Generate {
    type Output = Result<PemPair, Error>;

    fn nike<N: Nike>(self) -> Self::Output {
        let private = nike::PrivateKey::<N>::generate(&mut random::from_system()?);
        Ok(PemPair { private: pem_text(&private)?, public: pem_text(&private.public_key())? })
    }

    fn kem<K: Kem>(self) -> Self::Output {
        let private = kem::PrivateKey::<K>::generate(&mut random::from_system()?);
        Ok(PemPair { private: pem_text(&private)?, public: pem_text(&private.public_key()?)? })
    }
}

fn pem_text<K: PemKey>(key: &K) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let mut text = Zeroizing::new(vec![0; pem::encoded_len::<K>()]);
    pem::encode(key, &mut text)?;
    Ok(text)
}
