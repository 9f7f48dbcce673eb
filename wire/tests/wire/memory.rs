//! How much memory states take, so that the README's figures hold.

use mixwell_pq_kem::XWing;
use mixwell_wire::{Messages, Receiver, Sender, initiator, responder};

#[test]
fn states_are_small() {
    let initiator = [
        size_of::<initiator::Initiator<'_, XWing>>(),
        size_of::<initiator::AwaitMessage2<'_, XWing>>(),
        size_of::<initiator::CheckPeer<'_, XWing>>(),
        size_of::<initiator::SendMessage3<'_, XWing>>(),
        size_of::<initiator::AwaitMessage4<'_, XWing>>(),
        size_of::<initiator::AwaitNoOp>(),
    ];
    let responder = [
        size_of::<responder::Responder<'_, XWing>>(),
        size_of::<responder::SendMessage2<'_, XWing>>(),
        size_of::<responder::AwaitMessage3<'_, XWing>>(),
        size_of::<responder::CheckPeer<'_, XWing>>(),
        size_of::<responder::SendMessage4<'_, XWing>>(),
        size_of::<responder::SendNoOp>(),
    ];
    let halves = [size_of::<Sender>(), size_of::<Receiver>()];
    println!("initiator {initiator:?}, responder {responder:?}, halves {halves:?}");
    assert!(initiator.into_iter().chain(responder).all(|size| size <= 1900));
    assert!(halves.iter().all(|size| *size <= 160));
    assert_eq!(Messages::<XWing>::MAX_LEN, 2644);
}
