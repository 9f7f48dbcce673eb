//! The size of each state, so that the README's figures hold, and proof that states leave no
//! secrets in memory.

use mixwell_pq_kem::XWing;
use mixwell_wire::{Messages, Receiver, Sender, initiator, responder};

#[test]
fn states_are_small() {
    let initiator = [
        size_of::<initiator::Initiator<'_, XWing>>(),
        size_of::<initiator::AwaitMessage2<'_, XWing>>(),
        size_of::<initiator::AwaitPeer<'_, XWing>>(),
        size_of::<initiator::CheckPeer<'_, XWing>>(),
        size_of::<initiator::SendMessage3<'_, XWing>>(),
        size_of::<initiator::AwaitMessage4<'_, XWing>>(),
        size_of::<initiator::AwaitNoOp>(),
    ];
    let responder = [
        size_of::<responder::Responder<'_, XWing>>(),
        size_of::<responder::SendMessage2<'_, XWing>>(),
        size_of::<responder::AwaitMessage3<'_, XWing>>(),
        size_of::<responder::CheckPeer<XWing>>(),
        size_of::<responder::SendMessage4<XWing>>(),
        size_of::<responder::SendNoOp>(),
        size_of::<responder::UnprovenSession>(),
    ];
    let halves = [size_of::<Sender>(), size_of::<Receiver>()];
    println!("initiator {initiator:?}, responder {responder:?}, halves {halves:?}");
    assert!(initiator.into_iter().chain(responder).all(|size| size <= 1900));
    assert!(halves.iter().all(|size| *size <= 160));
    assert_eq!(Messages::<XWing>::MAX_LEN, 2644);
}

#[cfg(target_os = "linux")]
mod wiping {
    use crate::{
        common::SIZES,
        pair::{CLIENT_AD, GATEWAY_AD, Lengths, Pair, prove, rng},
    };
    use mixwell_pq_kem::{XWing, kem::Seed};
    use mixwell_vectors::memory::{bytes_of, kept, survivors};
    use mixwell_wire::{Command, Link, LinkSeed, Receiver};

    /// The longest run of secret 64-bit words that may survive: less than half a key, which is four
    /// words.
    const GAP: usize = 1;

    /// The public keys and ids, which states may leave behind.
    fn public(pair: &Pair) -> Vec<u8> {
        let keys = [*pair.client.public().as_bytes(), *pair.gateway.public().as_bytes(), *CLIENT_AD, *GATEWAY_AD];
        [keys.as_flattened(), &pair.sent_1().1[1..]].concat()
    }

    #[test]
    fn a_handshake_given_up_in_any_state() {
        let pair = Pair::default();
        let public = &public(&pair)[..];
        assert!(survivors(pair.sent_1().0, public) <= GAP, "the ephemeral key's seed survived");
        assert!(survivors(pair.responder().read(&pair.sent_1().1).unwrap(), public) <= GAP);
        assert!(survivors(pair.sent_2().1, public) <= GAP);
        let (state, _, mut message) = pair.sent_2();
        assert!(survivors(state.read_secret(&message).unwrap(), public) <= GAP);
        let state = pair.sent_2().0;
        assert!(survivors(state.read(&mut message).unwrap(), public) <= GAP);
        let (state, _, mut message) = pair.sent_2();
        assert!(survivors(state.read(&mut message).unwrap().accept(), public) <= GAP);
        let (state, responder, mut message) = pair.sent_3();
        assert!(survivors(state, public) <= GAP);
        assert!(survivors(responder.read(&mut message).unwrap(), public) <= GAP);
        let (_, state, mut message) = pair.sent_3();
        assert!(survivors(state.read(&mut message).unwrap().accept(Link::gateway(SIZES)), public) <= GAP);
    }

    #[test]
    fn a_link_key_as_its_seed() {
        let seed = core::array::from_fn(|i| 0x11 + 7 * u8::try_from(i).unwrap());
        let key = LinkSeed::<XWing>::new(Seed::from_bytes(seed)).unwrap();
        let public = *key.public().as_bytes();
        assert!(survivors(key, &public) <= GAP);
    }

    #[test]
    fn a_session_given_up_before_its_first_command_or_later() {
        let pair = Pair::default();
        let (state, responder, mut message) = pair.sent_4();
        assert!(survivors(state.read(&mut message).unwrap(), &[]) <= GAP);
        let mut buffer = vec![0; responder.frame_len()];
        assert!(survivors(pair.sent_4().1, &[]) <= GAP);
        let (gateway, frame) = responder.write(&mut buffer).unwrap();
        let (state, _, mut message) = pair.sent_4();
        let mut header = *frame.first_chunk().unwrap();
        assert!(survivors(state.read(&mut message).unwrap().open_length(&mut header).unwrap(), &[]) <= GAP);
        assert!(survivors(gateway, &[]) <= GAP);
        let [mut client, _] = pair.sessions();
        client.sender.seal(&Command::NoOp, &mut buffer).unwrap();
        assert!(survivors(client.sender, &[]) <= GAP, "after a change of keys");
        assert!(survivors(client.receiver, &[]) <= GAP);
    }

    /// The longest run of words of its key that a receiver still holds after a frame that ends the
    /// session.
    fn after(frame: impl FnOnce(&Pair) -> (Receiver, Vec<u8>)) -> usize {
        let (receiver, mut frame) = frame(&Pair::default());
        let mut receiver = Box::new(receiver);
        let before = bytes_of(&*receiver);
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        let result = core::hint::black_box(&mut receiver).open_length(header).and_then(|pending| pending.open(body));
        assert!(result.is_err());
        assert!(!receiver.is_alive());
        kept(&before, &bytes_of(&*receiver), &[])
    }

    #[test]
    fn a_receiver_on_each_path_to_its_end() {
        for at in [0, 19, 20, 3123] {
            let left = after(|pair| {
                let [mut client, gateway] = pair.sessions();
                let mut frame = vec![0; 3124];
                client.sender.seal(&Command::NoOp, &mut frame).unwrap();
                frame[at] ^= 1;
                (gateway.receiver, frame)
            });
            assert!(left <= GAP, "byte {at}");
        }
        // an authentic command that this end must not receive, and a length that no command for
        // this end has
        for link in [Link::client(SIZES), Link::gateway(SIZES).with_document_bound(9000)] {
            let left = after(|pair| {
                let [receiver, mut sender] = other_links(pair, link);
                let mut frame = vec![0; 9000];
                let command = if link == Link::client(SIZES) {
                    Command::RetrieveMessage { sequence: 1 }
                } else {
                    Command::Consensus { code: mixwell_wire::ConsensusStatus::Ok, payload: &[1; 5000] }
                };
                sender.sender.seal(&command, &mut frame).unwrap();
                (receiver.receiver, frame)
            });
            assert!(left <= GAP);
        }
    }

    /// Both ends of a handshake in which the responder takes a different role from the one that the
    /// initiator expects.
    fn other_links(pair: &Pair, link: Link) -> [mixwell_wire::Session; 2] {
        let (initiator, responder, mut message) = pair.sent_3();
        let mut out = [0; Lengths::LEN_4];
        let responder = responder.read(&mut message).unwrap().accept(link);
        let (responder, message) = responder.write(&mut rng(9), &mut out).unwrap();
        let mut frame = vec![0; responder.frame_len()];
        let initiator = initiator.read(&mut message.to_vec()).unwrap();
        let (sender, frame) = responder.write(&mut frame).unwrap();
        let (header, body) = frame.split_first_chunk().unwrap();
        let initiator = initiator.open_length(&mut header.clone()).unwrap();
        let mut initiator = initiator.open(&mut body.to_vec()).unwrap();
        let sender = prove(&mut initiator, sender);
        [initiator, sender]
    }
}
