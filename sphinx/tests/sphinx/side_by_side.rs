//! Packets unwrapped one by one and in a batch, for comparison.

use mixwell_sphinx::{Action, BatchSlot, FinishError, NodeId, OpenError, Opened, RecipientId, Scheme, Sphinx, SurbId};

/// The result of processing a packet; the bytes of the buffers are compared separately.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Refused(OpenError),
    Failed(usize, FinishError),
    Forwarded(usize, NodeId, Option<u32>),
    Delivered(usize, RecipientId, Vec<u8>),
    Replied(usize, SurbId, Vec<u8>),
}

fn outcome(key: usize, action: Result<Action<'_>, FinishError>) -> Outcome {
    match action {
        Err(error) => Outcome::Failed(key, error),
        Ok(Action::Forward { next_hop, delay_millis }) => Outcome::Forwarded(key, next_hop, delay_millis),
        Ok(Action::Deliver { recipient, payload, .. }) => Outcome::Delivered(key, recipient, payload.to_vec()),
        Ok(Action::Reply { surb_id, payload, .. }) => Outcome::Replied(key, surb_id, payload.to_vec()),
        Ok(action) => panic!("{action:?}"),
    }
}

fn one_by_one<S: Scheme>(
    sphinx: &Sphinx<S>,
    packets: &mut [Option<Vec<u8>>],
    keys: &[&S::PrivateKey],
) -> Vec<Option<Outcome>> {
    let one = |packet: &mut Vec<u8>| match sphinx.open_any(packet, keys) {
        Err(error) => Outcome::Refused(error),
        Ok((key, opened)) => outcome(key, opened.finish()),
    };
    packets.iter_mut().map(|packet| packet.as_mut().map(one)).collect()
}

fn at_once<S: Scheme, const N: usize>(
    sphinx: &Sphinx<S>,
    packets: &mut [Option<Vec<u8>>],
    keys: &[&S::PrivateKey],
) -> Vec<Option<Outcome>> {
    let len = packets.len();
    let mut packets = packets.iter_mut();
    let batch: [_; N] = core::array::from_fn(|_| packets.next()?.as_deref_mut());
    let mut refused: [Option<OpenError>; N] = [None; N];
    let mut fitting = [0; N];
    let results = sphinx.open_any_each(batch, keys);
    let mut opened: [Option<Opened<'_, S>>; N] = [const { None }; N];
    for (i, result) in results.into_iter().enumerate() {
        match result {
            None => {}
            Some(Err(error)) => refused[i] = Some(error),
            Some(Ok((key, packet))) => (fitting[i], opened[i]) = (key, Some(packet)),
        }
    }
    let finished = Opened::finish_each(opened);
    let outcome = |((action, refused), key): ((Option<_>, Option<_>), _)| match (action, refused) {
        (Some(action), _) => Some(outcome(key, action)),
        (None, refused) => refused.map(Outcome::Refused),
    };
    finished.into_iter().zip(refused).zip(fitting).map(outcome).take(len).collect()
}

fn in_slice<S: Scheme>(
    sphinx: &Sphinx<S>,
    packets: &mut [Option<Vec<u8>>],
    keys: &[&S::PrivateKey],
) -> Vec<Option<Outcome>> {
    let mut batch: Vec<_> = packets.iter_mut().map(|packet| BatchSlot::from(packet.as_deref_mut())).collect();
    sphinx.open_slice(&mut batch, keys);
    let fitting: Vec<_> = batch
        .iter()
        .map(|slot| match slot {
            BatchSlot::Opened { key, .. } => *key,
            BatchSlot::Empty | BatchSlot::NotOpened(_) => 0,
            slot => panic!("{slot:?} after `open_slice`"),
        })
        .collect();
    Opened::finish_slice(&mut batch);
    let outcome = |(slot, key): (BatchSlot<'_, S>, usize)| match slot {
        BatchSlot::Empty => None,
        BatchSlot::NotOpened(error) => Some(Outcome::Refused(error)),
        BatchSlot::Finished(action) => Some(outcome(key, Ok(action))),
        BatchSlot::NotFinished(error) => Some(outcome(key, Err(error))),
        slot => panic!("{slot:?} after `finish_slice`"),
    };
    batch.into_iter().zip(fitting).map(outcome).collect()
}

/// Unwraps packets one by one, in a batch and in a slice, and checks that all give the same;
/// returns the processed packets.
pub(crate) fn same<S: Scheme, const N: usize>(
    sphinx: &Sphinx<S>,
    packets: &[Option<Vec<u8>>],
    keys: &[&S::PrivateKey],
) -> Vec<Option<Vec<u8>>> {
    let (mut ones, mut batch, mut slice) = (packets.to_vec(), packets.to_vec(), packets.to_vec());
    let expected = one_by_one(sphinx, &mut ones, keys);
    assert_eq!(in_slice(sphinx, &mut slice, keys), expected);
    assert!(slice == ones, "the buffers differ");
    // 0: only the slice
    if N > 0 {
        assert_eq!(at_once::<S, N>(sphinx, &mut batch, keys), expected);
        assert!(batch == ones, "the buffers differ");
    }
    slice
}
