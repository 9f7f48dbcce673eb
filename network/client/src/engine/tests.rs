use super::*;
use mixwell_net::codec;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_testnet::{Plan, RATES};

/// While the clock is in a different epoch from the consensus, a message waits or is sent under the
/// consensus's keys. It is never lost.
#[test]
fn a_clock_that_steps_loses_no_message() {
    let geometry = Geometry::of::<X25519>(5, 500, true).unwrap();
    let plan = Plan::new(geometry, (1, &[1]), RATES);
    let consensus = plan.known.current.as_ref().unwrap();
    let document = consensus.document().unwrap();
    let gateway = document.gateways().next().unwrap();
    let begin = plan.clock.eighths_into(consensus.epoch(), 0);
    let (second, period) = (Duration::from_secs(1), plan.clock.period());
    let tally = Arc::new(Tally::default());
    let sealer = codec::packet_codec(geometry).unwrap();
    let service = Destination::AnyService("echo".to_owned());
    let source = Source::Queue(tokio::sync::mpsc::channel(1).1);
    let mut client = Engine::new(sealer, service, source, period, plan.randomness.branch(), Arc::clone(&tally));
    let mut now = Instant::from_millis(1);
    client.set_rates(now, Some(RATES));
    client.connected(now);
    let (answer, mut reply) = oneshot::channel();
    client.queue(Request { payload: b"here".to_vec(), answer });
    let mut packet = vec![0; client.packet_len()];
    let mut poll = |client: &mut Engine, unix: Duration| {
        now = now.plus_millis(1000);
        client.poll(now, (unix, document, gateway), RecipientId([7; 32]), &mut packet)
    };
    let before = begin.checked_sub(second).unwrap();
    for unix in [Duration::ZERO, before, begin.saturating_add(period.duration().saturating_mul(1000)), Duration::MAX] {
        for _ in 0..20 {
            let sent = tally.messages.load(Relaxed);
            let polled = poll(&mut client, unix);
            assert!(polled.is_ok() || tally.messages.load(Relaxed) == sent, "{polled:?}");
        }
    }
    assert!(matches!(reply.try_recv(), Err(oneshot::error::TryRecvError::Empty)), "the message was reported lost");
    for _ in 0..50 {
        assert!(poll(&mut client, begin.saturating_add(second)).is_ok());
    }
    assert_eq!(tally.messages.load(Relaxed), 1);
}
