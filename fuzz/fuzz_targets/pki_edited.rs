//! A valid document with semantic edits: nodes moved, copied, renamed; keys, addresses, services,
//! commits and reveals changed. A model that knows the rules predicts whether the document is still
//! well-formed, and the parser has to agree.
#![no_main]

#[path = "pki_edited/edit.rs"]
mod edit;
#[path = "pki_edited/model.rs"]
mod model;
#[allow(dead_code)]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use edit::Edit;
use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Document, KeyHash, build::DocumentBuilder};
use model::{AUTHORITIES, Model};

fuzz_target!(|edits: Vec<Edit>| {
    let mut model = Model::good();
    edits.iter().take(12).for_each(|edit| edit.apply(&mut model));
    let built = model.build();
    let encoded = built.encode();
    let document = Document::parse(&encoded).expect("every kind is as it should be");
    // NaN is not equal to itself, so their encodings are compared
    assert_eq!(DocumentBuilder::from(&document).encode(), encoded);

    let keys = [0, 1, 2].map(|n: usize| AUTHORITIES[n].pair.verifying());
    let checked = document.check(&keys, &mut [KeyHash::default(); 100]);
    assert_eq!(checked.is_ok(), model.is_well_formed(), "{checked:?}");
    // the lent memory affects only the speed
    let without_keys =
        [1, 3, 100].map(|memory| document.check_without_keys(&mut vec![KeyHash::default(); memory]).is_ok());
    assert!(without_keys == [true; 3] || checked.is_err() && without_keys == [false; 3]);
    let (commits, reveals) = (built.commits.unwrap_or_default().len(), built.reveals.unwrap_or_default().len());
    assert_eq!(document.is_vote(), (commits, reveals) == (1, 0));
});
