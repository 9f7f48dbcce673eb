//! A gateway and its client, each against the rules of `docs/spec/network.md#clients-and-gateways`.

use super::node::{Net, start};
use crate::{
    Plan, RATES,
    reference::{
        Times,
        client::Client,
        command::{Action, OwnedCommand},
        gateway::{ClientLink, Mailboxes},
    },
};
use core::time::Duration;
use mixwell_net::{codec::packet_codec, randomness::Randomness};
use mixwell_pki_types::{KeyHash, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_wire::{Command, CommandError, ConsensusStatus, Link, PacketSizes};

const QUEUE: [u8; 32] = [b'a'; 32];
const SECOND: Duration = Duration::from_secs(1);

/// A gateway's end, with the clock that its test sets.
struct End {
    net: Net,
    link: ClientLink,
    mailboxes: Mailboxes,
    now: Duration,
}

impl End {
    fn new() -> Self {
        let net = start();
        let now = net.now();
        Self { link: ClientLink::new(now, &QUEUE, Times::REFERENCE), mailboxes: Mailboxes::default(), net, now }
    }

    fn say(&mut self, command: &Command<'_>) -> Vec<Action> {
        let frame = Link::gateway(PacketSizes::from(&Geometry::of::<X25519>(4, 500, true).unwrap()));
        self.link.handle(self.now, command, &mut self.mailboxes, &self.net.known, &frame)
    }

    fn poll_after(&mut self, wait: Duration) -> Vec<Action> {
        self.now += wait;
        self.link.poll(self.now, &self.mailboxes)
    }
}

fn message(sequence: u32, reply: u8) -> Vec<Action> {
    vec![Action::Send(OwnedCommand::Message { sequence, surb_id: [reply; 16], payload: vec![reply] })]
}

#[tokio::test]
async fn replies_are_pushed_one_by_one_from_one_on() {
    let mut end = End::new();
    for reply in 1..=3 {
        end.mailboxes.store(QUEUE, [reply; 16], vec![reply]);
    }
    assert_eq!(end.poll_after(Duration::ZERO), message(1, 1));
    // wrong and unasked sequences are ignored, and no_ops go on
    for sequence in [0, 2, u32::MAX] {
        assert!(end.say(&Command::MessageDelivered { sequence }).is_empty());
    }
    assert_eq!(end.poll_after(SECOND), []);
    assert_eq!(end.poll_after(SECOND * 10), [Action::Send(OwnedCommand::NoOp)]);
    for (sequence, next) in [(1, message(2, 2)), (2, message(3, 3)), (3, Vec::new())] {
        end.say(&Command::MessageDelivered { sequence });
        assert_eq!(end.poll_after(Duration::ZERO), next);
    }
}

#[tokio::test]
async fn without_an_acknowledgement_it_falls_silent_and_still_serves() {
    let mut end = End::new();
    end.mailboxes.store(QUEUE, [1; 16], vec![1]);
    assert_eq!(end.poll_after(Duration::ZERO), message(1, 1));
    for _ in 0..5 {
        assert_eq!(end.poll_after(SECOND * 10), [Action::Send(OwnedCommand::NoOp)]);
    }
    assert_eq!(end.poll_after(SECOND * 10), [], "60 s have passed");
    assert_eq!(end.poll_after(SECOND * 20), []);
    let epoch = end.net.known.epoch.0;
    assert!(!end.say(&Command::GetConsensus2 { epoch }).is_empty());
    let packet = vec![7; 100];
    assert_eq!(end.say(&Command::SendPacket(&packet)), [Action::Unwrap(packet.clone())]);
    end.say(&Command::MessageDelivered { sequence: 1 });
    end.mailboxes.store(QUEUE, [2; 16], vec![2]);
    assert_eq!(end.poll_after(SECOND), [], "a late acknowledgement does not help");
}

#[tokio::test]
async fn a_client_without_a_whole_command_is_cut_off() {
    let mut end = End::new();
    assert_eq!(end.poll_after(SECOND * 110), [Action::Send(OwnedCommand::NoOp)]);
    assert!(end.say(&Command::NoOp).is_empty());
    end.poll_after(SECOND * 119);
    assert_eq!(end.poll_after(SECOND), [Action::Close]);
}

#[tokio::test]
async fn answers_to_clients() {
    let mut end = End::new();
    let (epoch, certificate) = (end.net.known.epoch.0, end.net.known.current.clone().unwrap().certificate().to_vec());
    let sent = |command| vec![Action::Send(command)];
    for (epoch, code) in [
        (epoch + 1, ConsensusStatus::NotFound),
        (epoch + 50, ConsensusStatus::NotFound),
        (epoch - 1, ConsensusStatus::Gone),
    ] {
        let none = OwnedCommand::Consensus2 { code, chunk: 0, total: 1, payload: Vec::new() };
        assert_eq!(end.say(&Command::GetConsensus2 { epoch }), sent(none));
    }
    let whole = OwnedCommand::Consensus { code: ConsensusStatus::Ok, payload: certificate };
    assert_eq!(end.say(&Command::GetConsensus { epoch, padded: true }), sent(whole));
    let packet = vec![7; 100];
    let answer = Action::Send(OwnedCommand::SendRetrievePacketReply);
    assert_eq!(end.say(&Command::SendRetrievePacket(&packet)), [Action::Unwrap(packet.clone()), answer]);
    for command in [Command::RetrieveMessage { sequence: 1 }, Command::Disconnect] {
        assert_eq!(end.say(&command), [Action::Close]);
    }
    assert_eq!(ClientLink::handle_other(CommandError::Unknown(200)), Action::Close);
    assert_eq!(ClientLink::handle_other(CommandError::Role(20)), Action::Close);
    assert_eq!(ClientLink::handle_other(CommandError::Role(24)), Action::Crash, "get_vote");
}

#[tokio::test]
async fn a_client_above_the_rate_loses_packets() {
    let mut end = End::new();
    let packet = vec![7; 100];
    let passed = (0..100).filter(|_| !end.say(&Command::SendPacket(&packet)).is_empty()).count();
    assert!((10..90).contains(&passed), "{passed}");
    end.now += SECOND;
    assert!(!end.say(&Command::SendPacket(&packet)).is_empty());
}

/// A client and the gateway's end, which exchange commands without a wire between them.
#[tokio::test]
async fn a_client_asks_for_the_consensus_first_acknowledges_and_gives_up() {
    let mut end = End::new();
    let rates = Rates { lambda_p: 0.0005, ..RATES };
    let plan = Plan::new(Geometry::of::<X25519>(4, 500, true).unwrap(), (1, &[1, 1]), rates);
    let codec = packet_codec(*plan.sphinx.geometry()).unwrap();
    let gateway = KeyHash(plan.nodes[0].id.0);
    let rng = Randomness::from_seed(3).rng();
    end.net.known = plan.known.clone();
    let (clock, epoch) = (plan.clock, plan.known.epoch);
    let mut client = Client::new(clock, Times::REFERENCE, plan.authorities, codec, gateway, rng);
    let queue = client.begin();
    assert!(queue.iter().all(u8::is_ascii_hexdigit));
    let first = client.connected(end.now);
    assert_eq!(first, [Action::Send(OwnedCommand::GetConsensus2 { epoch: epoch.0 })]);
    for action in end.say(&Command::GetConsensus2 { epoch: epoch.0 }) {
        let Action::Send(chunk) = action else { panic!("{action:?}") };
        assert_eq!(client.handle(end.now, &chunk.command()), []);
    }
    assert!(client.known().current.is_some());
    // packets at the published rate; the gateway's no_ops keep the connection up
    let (mut packets, mut asked) = (0, Vec::new());
    let turn = clock.eighths_into(epoch.plus(1), 0);
    while end.now < turn {
        for action in client.poll(end.now) {
            match action {
                Action::Send(OwnedCommand::SendPacket(_)) => packets += 1,
                Action::Send(OwnedCommand::GetConsensus2 { epoch: of }) => {
                    assert_eq!(of, epoch.0 + 1);
                    asked.push(end.now);
                    let none =
                        Command::Consensus2 { code: ConsensusStatus::NotFound, chunk: 0, total: 1, payload: &[] };
                    client.handle(end.now, &none);
                }
                action => panic!("{action:?}"),
            }
        }
        client.handle(end.now, &Command::NoOp);
        end.now = client.next_poll(end.now).min(end.now + SECOND);
    }
    assert!(packets > 300, "{packets}");
    let eleven = clock.eighths_into(epoch, 5) + clock.sixteenth();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked[0] >= eleven && asked[0] < eleven + SECOND);
    assert!(asked.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) >= clock.sixteenth()));
    let push = Command::Message { sequence: 5, surb_id: &[1; 16], payload: &[0; 40] };
    assert_eq!(client.handle(end.now, &push), [Action::Send(OwnedCommand::MessageDelivered { sequence: 5 })]);
    assert!(!client.poll(end.now + SECOND * 14).contains(&Action::Close));
    assert_eq!(client.poll(end.now + SECOND * 15), [Action::Close]);
}
