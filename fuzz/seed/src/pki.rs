//! The PKI's documents.

use crate::{Corpus, Test, input::Write};
use mixwell_pki_types::Certificate;

/// No changed bytes.
const NO_CHANGES: Vec<(u16, u8)> = Vec::new();

pub(crate) fn seed(corpus: &mut Corpus) {
    for test in Test::all("certificate").chain(Test::all("document")) {
        let bytes = test.bytes("/certificate").expect("it has one");
        corpus.add_bytes("pki_cbor", &bytes);
        corpus.add_with("pki_certificate", &(true, NO_CHANGES), &bytes);
        if let Ok(certificate) = Certificate::parse(&bytes) {
            let payload = certificate.unverified_payload();
            corpus.add_bytes("pki_cbor", payload);
            corpus.add_with("pki_document", &(true, NO_CHANGES), payload);
        }
        chunks(corpus, &bytes);
    }
    for test in Test::all("descriptor") {
        for field in ["/cbor", "/signed_upload"] {
            let bytes = test.bytes(field).unwrap_or_default();
            corpus.add_bytes("pki_cbor", &bytes);
            corpus.add_with("pki_descriptor", &(0_u8, NO_CHANGES), &bytes);
        }
    }
    for test in Test::all("shared_random") {
        let parts = ["/commit", "/reveal"].map(|field| test.bytes(field).unwrap_or_default());
        corpus.add_bytes("pki_shared_random", &parts.concat());
    }
    // a change at each of 32 places in the signature
    for at in 0..32_u16 {
        corpus.add("pki_sphincs", &(vec![(at * 1500, 1_u8)], [0_u8; 4], Vec::<u8>::new(), 0_i8));
    }
}

/// `Input` of the target: content, level, header, changes, size, room, swapped.
fn chunks(corpus: &mut Corpus, content: &[u8]) {
    let content = content[..content.len().min(2000)].to_vec();
    for (level, size) in [(0_u8, 255_u8), (6, 50), (9, 200)] {
        let mut bytes = Vec::new();
        (content.clone(), level, None::<(u8, Vec<u8>)>, NO_CHANGES).write(&mut bytes);
        (size, 0_i8, None::<(u8, u8)>).write(&mut bytes);
        corpus.add_bytes("pki_chunks", &bytes);
    }
}
