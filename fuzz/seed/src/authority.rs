//! Rounds of authorities: the recorded statements, which the target also has, each at its time.

use crate::Corpus;

/// `Step` of the target: time, sender, form, statement, changes and replacement.
type Step = (u16, u8, u8, u16, (Vec<(u16, u8)>, Vec<u8>));

pub(crate) fn seed(corpus: &mut Corpus) {
    // the statements of three authorities, in the eighth of their kind
    let statement = |index: u16, form: u8| -> Step {
        let (kind, author) = (index / 3, index % 3);
        let passed = if author == 0 { 125 } else { 1 };
        (passed, author as u8, kind as u8 | form, index, (Vec::new(), Vec::new()))
    };
    corpus.add("authority_statements", &((0..12).map(|index| statement(index, 0)).collect::<Vec<_>>(), 0_i8));
    for index in 0..12 {
        let kind = (index / 3) as u8;
        let passed = (index / 3 + 1) * 125 + 1;
        let authors = (index % 3) as u8;
        let empty = || (Vec::<(u16, u8)>::new(), Vec::<u8>::new());
        // the statement alone, and changed; as the hostile authority's own; relayed without and
        // with the statement
        let steps: [Vec<Step>; 4] = [
            vec![(passed, authors, kind, index, empty())],
            vec![(passed, authors, kind, index, (vec![(700, 1)], Vec::new()))],
            vec![(passed, 3, kind | 8 | 16, index, empty())],
            vec![(passed, 3, 64, index, empty()), (0, 3, 64 | 128, index, empty())],
        ];
        for steps in steps {
            corpus.add("authority_statements", &(steps, 0_i8));
        }
    }
}
