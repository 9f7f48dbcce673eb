//! A client on a small device reads a consensus that its gateway sends gzipped, in chunks: `read`
//! is `no_std`, allocates nothing, and needs only a buffer for the inflated consensus. `main` plays
//! the gateway.
//!
//! ```sh
//! cargo run --example token_consensus --features alloc
//! ```
#![no_std]
#![expect(clippy::arithmetic_side_effects, clippy::expect_used, reason = "an example, with small numbers")]

extern crate alloc;
extern crate std;

use alloc::{boxed::Box, vec, vec::Vec};
use core::{error::Error, fmt};
use mixwell_pki_types::{
    Certificate, Chunk, ConsensusError, ConsensusReader, DocumentError, DocumentFault, Ed25519, Epoch, KeyHash,
    LIFETIME, SignatureScheme as _, SigningKey, VerifyError, VerifyingKey,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};

/// Why the device keeps its old consensus.
#[derive(Debug)]
enum ReadError {
    Chunks(ConsensusError),
    NotACertificate,
    Signatures(VerifyError),
    Document(DocumentError),
    NotAConsensus,
    Fault(DocumentFault),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunks(error) => error.fmt(f),
            Self::NotACertificate => f.write_str("not a certificate"),
            Self::Signatures(error) => error.fmt(f),
            Self::Document(error) => error.fmt(f),
            Self::NotAConsensus => f.write_str("not a consensus"),
            Self::Fault(error) => error.fmt(f),
        }
    }
}

impl Error for ReadError {}

/// Inflates the chunks into `buffer` and verifies the consensus; returns the number of nodes.
fn read<'c>(
    chunks: impl Iterator<Item = Chunk<'c>>,
    buffer: &mut [u8],
    authority: &VerifyingKey<'_>,
    now: Epoch,
) -> Result<usize, ReadError> {
    let mut reader = ConsensusReader::new(buffer);
    for chunk in chunks {
        reader.push(chunk).map_err(ReadError::Chunks)?;
    }
    let bytes = reader.finish().map_err(ReadError::Chunks)?;
    let certificate = Certificate::parse(bytes).map_err(|_| ReadError::NotACertificate)?;
    let verified = certificate.verify(authority, now).map_err(ReadError::Signatures)?;
    let document = verified.document_for(now).map_err(ReadError::Document)?;
    // authorities also certify documents before the consensus
    if !document.has_shared_random_value() {
        return Err(ReadError::NotAConsensus);
    }
    // memory for the comparison of identities: more of it makes the check faster
    document.check_without_keys(&mut [KeyHash::default(); 16]).map_err(ReadError::Fault)?;
    Ok(document.nodes().count())
}

fn main() -> Result<(), Box<dyn Error>> {
    let epoch = Epoch(250_000);
    let (mut private, mut public) = ([0; 64], [0; 32]);
    Ed25519.generate(&mut rand::rng(), &mut private, &mut public)?;
    let authority = VerifyingKey::new(&Ed25519, &public)?;
    let consensus = consensus(epoch, &SigningKey::new(&private, authority)?)?;
    let gzipped = stored_gzip(&consensus);

    let mut buffer = [0; 16 * 1024];
    let nodes = read(Chunk::cut(&gzipped, 1000), &mut buffer, &authority, epoch)?;
    std::println!("{nodes} nodes, from {} bytes in chunks of 1000", gzipped.len());
    let missing = read(Chunk::cut(&gzipped, 1000).skip(1), &mut buffer, &authority, epoch);
    std::println!(
        "without the first chunk: {}",
        missing.map_or_else(|error| std::format!("{error}"), |_| "read".into())
    );
    Ok(())
}

/// A consensus on three mixes, a gateway and a service node.
fn consensus(epoch: Epoch, key: &SigningKey<'_>) -> Result<Vec<u8>, Box<dyn Error>> {
    let node = |name: &str, is_gateway, is_service| {
        DescriptorBuilder {
            name: name.into(),
            epoch,
            identity_key: KeyHash::of(name.as_bytes()).0.to_vec(),
            link_key: vec![7; 1216],
            mix_keys: Some((0..3).map(|ahead| (epoch.plus(ahead), vec![9; 32])).collect()),
            addresses: Some([("tcp4".into(), vec!["tcp4://192.0.2.1:30001".into()])].into()),
            is_gateway,
            is_service,
            ..DescriptorBuilder::default()
        }
        .encode()
    };
    let document = DocumentBuilder {
        epoch,
        genesis_epoch: epoch,
        rates: mixwell_pki_types::Rates { mu: 0.005, ..Default::default() },
        topology: Some(["mix1", "mix2", "mix3"].map(|name| vec![node(name, false, false)]).into()),
        gateways: Some(vec![node("gateway1", true, false)]),
        services: Some(vec![node("service1", false, true)]),
        shared_random_value: [5; 32],
        version: "v1".into(),
        signature_scheme: "Ed25519".into(),
        ..DocumentBuilder::default()
    }
    .encode();
    let mut out = vec![0; document.len() + 300];
    let len = certify(&document, epoch.plus(LIFETIME), key, &mut rand::rng(), &mut out)?;
    out.truncate(len);
    Ok(out)
}

/// The gzip stream of `bytes` in one stored block; a real gateway compresses.
fn stored_gzip(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("a stored block of at most 64 KiB");
    let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    stream.extend(len.to_le_bytes());
    stream.extend((!len).to_le_bytes());
    stream.extend(bytes);
    stream.extend(crc32fast::hash(bytes).to_le_bytes());
    stream.extend(u32::from(len).to_le_bytes());
    stream
}
