use super::*;
use core::time::Duration;
use mixwell_wire::{Link, PkiSizes};

const FEW: Places = Places { max: 4, max_per_address: 3 };

fn table(when_full: WhenFull) -> Arc<ConnectionTable<u8>> {
    let limits = AcceptLimits {
        handshakes: FEW,
        unproven: FEW,
        strangers: FEW,
        when_full,
        handshake_timeout: Duration::from_secs(3),
    };
    ConnectionTable::new(limits, Arc::default())
}

fn origin(last: u8, is_known: bool) -> Origin {
    Origin { prefix: [192, 0, 2, last].into(), is_known }
}

fn authorization(identity: u8, is_known: bool, max_connections: usize) -> Authorization<u8> {
    let link = Link::authority(PkiSizes { public_key: 32, document: 100 });
    Authorization { identity, link, is_known, max_connections, proof_timeout: Duration::from_secs(30) }
}

/// Whether a connection was told to end.
fn is_ended(permit: &ConnectionPermit<u8>) -> bool {
    use core::task::{Context, Waker};
    let mut ended = core::pin::pin!(permit.ended());
    ended.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn the_oldest_silent_stranger_gives_way() {
    let table = table(WhenFull::Refuse);
    let strangers: Vec<_> = (1..4).map(|last| table.begin(origin(last, false)).unwrap()).collect();
    let known = table.begin(origin(9, true)).unwrap();
    strangers[0].set_spoken();
    // the first has spoken, so the second is evicted
    let fifth = table.begin(origin(5, false)).unwrap();
    assert_eq!(strangers.iter().map(is_ended).collect::<Vec<_>>(), [false, true, false]);
    strangers[2].set_spoken();
    fifth.set_spoken();
    // all have spoken: the oldest is evicted, and never a known node for a stranger
    let sixth = table.begin(origin(6, false)).unwrap();
    assert!(is_ended(&strangers[0]) && !is_ended(&known));
    // a known node is admitted in place of a stranger while there is one, and then in place of
    // a known node
    let others: Vec<_> = (10..14).map(|last| table.begin(origin(last, true)).unwrap()).collect();
    assert!(is_ended(&strangers[2]) && is_ended(&fifth) && is_ended(&sixth) && is_ended(&known));
    assert!(table.begin(origin(7, false)).is_none(), "all are known nodes");
    assert_eq!(table.stats.evicted.load(Relaxed), 6);
    drop(others);
    assert!(table.begin(origin(7, false)).is_some());
}

#[test]
fn an_address_has_its_share_and_no_more() {
    let table = table(WhenFull::Refuse);
    // whether the address is a known node's or not
    for (last, is_known) in [(1, false), (2, true)] {
        let shared: Vec<_> = (0..3).map(|_| table.begin(origin(last, is_known)).unwrap()).collect();
        shared[0].set_spoken();
        let newest = table.begin(origin(last, is_known)).unwrap();
        assert_eq!(shared.iter().map(is_ended).collect::<Vec<_>>(), [false, true, false]);
        let other = table.begin(origin(3, false)).unwrap();
        assert!(!is_ended(&newest) && !is_ended(&other));
    }
}

#[test]
fn a_claim_supersedes_nothing_until_it_is_proven() {
    let table = table(WhenFull::Refuse);
    let connect = |authorization| {
        let permit = table.begin(origin(1, true)).unwrap();
        permit.set_spoken();
        assert!(permit.await_proof() && permit.admit(authorization));
        permit
    };
    let node = authorization(1, true, 1);
    let first = connect(&node);
    let claim = table.begin(origin(2, false)).unwrap();
    assert!(claim.await_proof());
    assert!(!is_ended(&first));
    assert_eq!((table.stats.open.load(Relaxed), table.stats.unproven.load(Relaxed)), (1, 1));
    let second = connect(&node);
    assert!(is_ended(&first) && !is_ended(&claim));
    drop(first);
    assert_eq!(table.stats.open.load(Relaxed), 1);
    // a superseded permit is no longer counted, and its drop does not affect the newer one
    let third = connect(&authorization(1, true, 2));
    assert!(!is_ended(&second) && !is_ended(&third));
    assert_eq!(table.stats.open.load(Relaxed), 2);
}

#[test]
fn claims_have_few_places_and_take_none_of_known_nodes() {
    let table = table(WhenFull::Refuse);
    let known = table.begin(origin(9, true)).unwrap();
    assert!(known.await_proof());
    let claims: Vec<_> = (1..20)
        .map(|last| {
            let claim = table.begin(origin(last, false)).unwrap();
            assert!(claim.await_proof());
            claim
        })
        .collect();
    assert_eq!(claims.iter().filter(|claim| !is_ended(claim)).count(), 3, "one slot is the known node's");
    assert!(!is_ended(&known));
    assert!(known.admit(&authorization(1, true, 1)));
    assert!(!claims[0].admit(&authorization(1, true, 1)), "evicted");
    assert_eq!(table.stats.open.load(Relaxed), 1);
}

#[test]
fn proven_strangers_take_no_place_of_known_peers() {
    for when_full in [WhenFull::Refuse, WhenFull::EvictOldest] {
        let table = table(when_full);
        let admit = |last, authorization: &Authorization<u8>| {
            let permit = table.begin(origin(last, false)).unwrap();
            assert!(permit.await_proof());
            permit.admit(authorization).then_some(permit)
        };
        let stranger = authorization(0, false, usize::MAX);
        let first: Vec<_> = (0..3).filter_map(|_| admit(1, &stranger)).collect();
        assert_eq!(first.len(), 3);
        let fourth = admit(1, &stranger);
        assert_eq!(fourth.is_some(), when_full == WhenFull::EvictOldest);
        assert_eq!(is_ended(&first[0]), when_full == WhenFull::EvictOldest);
        let fifth = admit(2, &stranger);
        assert!(fifth.is_some());
        assert_eq!(admit(3, &stranger).is_some(), when_full == WhenFull::EvictOldest);
        // known peers, by their keys
        let known: Vec<_> = (1..10).filter_map(|peer| admit(1, &authorization(peer, true, 1))).collect();
        assert_eq!(known.len(), 9);
        assert!(known.iter().all(|permit| !is_ended(permit)));
        assert!(table.has_known_peer_at(origin(1, false).prefix) && !table.has_known_peer_at(origin(2, false).prefix));
    }
}
