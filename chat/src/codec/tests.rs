use super::*;

#[derive(Debug, PartialEq)]
struct Sample {
    number: u64,
    list: VecDeque<(u32, bool)>,
    name: Option<String>,
    kind: Kind,
    fresh: u8,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Empty,
    Pair(u8, Vec<u8>),
    Named { key: [u8; 3] },
}

codec!(
    struct Sample { number, list, name, kind }
    fresh { fresh: 9 }
    valid |sample| sample.number < 100
);
codec!(enum Kind { 0 = Empty, 1 = Pair(first, second), 7 = Named { key } });

fn sample(number: u64, kind: Kind) -> Sample {
    Sample { number, list: [(1, true), (2, false)].into(), name: Some(String::from("a")), kind, fresh: 9 }
}

#[test]
fn values_come_back() {
    for kind in [Kind::Empty, Kind::Pair(3, [4, 5].into()), Kind::Named { key: [6; 3] }] {
        let value = sample(7, kind);
        let bytes = encode(&value);
        assert_eq!(decode::<Sample>(&bytes).as_ref(), Ok(&value));
        for end in 0..bytes.len() {
            assert_eq!(decode::<Sample>(&bytes[..end]), Err(StateError::Malformed));
        }
        assert_eq!(decode::<Sample>(&[&bytes[..], &[0]].concat()), Err(StateError::Malformed));
        assert_eq!(decode::<Sample>(&[&[1], &bytes[1..]].concat()), Err(StateError::Version { got: 1 }));
    }
}

#[test]
fn layout() {
    let bytes = encode(&sample(7, Kind::Pair(3, [4, 5].into())));
    let expected = [
        &[VERSION, 7, 0, 0, 0, 0, 0, 0, 0][..],
        &[2, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0],
        &[1, 1, 0, 0, 0, b'a'],
        &[1, 3, 2, 0, 0, 0, 4, 5],
    ];
    assert_eq!(*bytes, expected.concat());
}

#[test]
fn wrong_values_are_refused() {
    assert_eq!(decode::<Sample>(&encode(&sample(100, Kind::Empty))), Err(StateError::Malformed));
    assert_eq!(decode::<Kind>(&[VERSION, 2]), Err(StateError::Malformed));
    assert_eq!(bool::decode(&mut Reader::new(&[2])), None);
    // a count beyond the input's length allocates nothing
    assert_eq!(VecDeque::<u8>::decode(&mut Reader::new(&[0xff; 8])), None);
    assert_eq!(String::decode(&mut Reader::new(&[1, 0, 0, 0, 0xff])), None);
}
