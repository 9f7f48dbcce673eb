//! The authorities' state on disk, and restarts.

use crate::{
    Keeper, Saved, State, Store,
    journal::{Change, Record},
    message::{Request, StatementKind},
    relay::Endorsements,
    tests::net::{FIRST, Net, Way},
};
use core::time::Duration;
use mixwell_net::authorities::Authorities;
use mixwell_pki_types::{Epoch, KeyHash};
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

/// One record of every kind.
fn records() -> Vec<Record> {
    let endorsements: Endorsements = [(KeyHash([7; 32]), bytes("endorsed"))].into();
    let accepted = |kind| {
        let (author, certificate) = (KeyHash([8; 32]), bytes("certificate"));
        Record::Accepted { kind, author, certificate, endorsements: endorsements.clone() }
    };
    vec![
        Record::Descriptor(bytes("descriptor")),
        Record::Replica(bytes("replica")),
        Record::Secret(bytes("secret")),
        Record::Own(StatementKind::Vote, bytes("vote")),
        Record::Own(StatementKind::Cert, bytes("cert")),
        accepted(StatementKind::Vote),
        accepted(StatementKind::Reveal),
        Record::Signed(bytes("signed")),
        Record::Signature(KeyHash([9; 32]), bytes("signature")),
        Record::Damaged,
    ]
}

fn open(folder: &Path, authorities: &Authorities) -> (Store, Saved) {
    Store::open(folder, authorities).unwrap()
}

fn round(epoch: Epoch, records: &[Record]) -> Vec<Change> {
    records.iter().map(|record| Change::Record(epoch, record.clone())).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("authority")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn everything_is_read_again() {
    let (net, folder) = (Net::new(1), TempDir::new().unwrap());
    let (mut store, saved) = open(folder.path(), &net.policy.authorities);
    assert!(saved.rounds.is_empty() && saved.consensuses.is_empty() && saved.spoken.is_empty());
    let mut changes = round(FIRST, &records());
    changes.extend(round(FIRST.plus(1), &records()[..2]));
    changes.push(Change::Spoken(vec![FIRST, FIRST.plus(1)]));
    store.apply(&changes).unwrap();
    store.apply(&round(FIRST, &records()[..3])).unwrap();
    drop(store);
    let (mut store, saved) = open(folder.path(), &net.policy.authorities);
    assert_eq!(saved.rounds[&FIRST], [records(), records()[..3].to_vec()].concat());
    assert_eq!(saved.rounds[&FIRST.plus(1)], records()[..2]);
    assert_eq!(saved.spoken, [FIRST, FIRST.plus(1)]);
    #[cfg(unix)]
    for name in files(folder.path()) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join("authority").join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    // an epoch later the first round is no longer needed
    store.apply(&[Change::EpochBegan(FIRST.plus(1))]).unwrap();
    assert_eq!(files(folder.path()), [format!("round-{}", FIRST.plus(1)), "spoken".to_owned()]);
}

#[test]
fn a_cut_drops_the_last_entry_and_damage_nothing_silently() {
    let net = Net::new(1);
    let folder = TempDir::new().unwrap();
    let all = &records()[..9];
    open(folder.path(), &net.policy.authorities).0.apply(&round(FIRST, all)).unwrap();
    let path = folder.path().join("authority").join(format!("round-{FIRST}"));
    let whole = fs::read(&path).unwrap();
    // a crash can truncate the file anywhere
    let mut lens = Vec::new();
    for len in 0..=whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let (mut store, saved) = open(folder.path(), &net.policy.authorities);
        let read = &saved.rounds[&FIRST];
        assert_eq!(read[..], all[..read.len()], "cut at {len}");
        lens.push(read.len());
        // the authority appends from there
        store.apply(&round(FIRST, &all[..1])).unwrap();
        let (_, saved) = open(folder.path(), &net.policy.authorities);
        assert_eq!(saved.rounds[&FIRST], [&all[..read.len()], &all[..1]].concat(), "cut at {len}");
    }
    assert!(lens.is_sorted() && lens.last() == Some(&all.len()));
    assert_eq!(files(folder.path()).len(), 1, "nothing was set aside");
    // a flipped bit anywhere is detected, and the round stays marked as damaged
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        for _ in 0..2 {
            let (_, saved) = open(folder.path(), &net.policy.authorities);
            let read = &saved.rounds[&FIRST];
            assert_eq!(read.last(), Some(&Record::Damaged), "byte {at}");
            assert_eq!(read[..read.len() - 1], all[..read.len() - 1], "byte {at}");
        }
        assert!(path.with_extension("damaged").exists());
    }
}

#[test]
fn a_damaged_consensus_is_set_aside() {
    let mut net = Net::new(3);
    net.pass_epoch(|_, _, _| Way::Pass);
    let epoch = FIRST.plus(1);
    let folder = TempDir::new().unwrap();
    let certificate = Arc::clone(&net.disks[0].consensuses[&epoch]);
    let (mut store, _) = open(folder.path(), &net.policy.authorities);
    store.apply(&[Change::Consensus(epoch, Arc::clone(&certificate))]).unwrap();
    let (_, saved) = open(folder.path(), &net.policy.authorities);
    assert_eq!(saved.consensuses[&epoch], certificate);
    let path = folder.path().join("authority").join(format!("consensus-{epoch}"));
    let mut flipped = fs::read(&path).unwrap();
    flipped[1000] ^= 1;
    fs::write(&path, flipped).unwrap();
    let (_, saved) = open(folder.path(), &net.policy.authorities);
    assert!(saved.consensuses.is_empty());
    assert_eq!(files(folder.path()), [format!("consensus-{epoch}.damaged")]);
    // signed by other authorities
    let (mut store, _) = open(folder.path(), &net.policy.authorities);
    store.apply(&[Change::Consensus(epoch, certificate)]).unwrap();
    assert!(open(folder.path(), &Net::new(5).policy.authorities).1.consensuses.is_empty());
}

/// One of three authorities is killed at each sixteenth of an epoch, then two, then all, and
/// restarted at once or a sixteenth later: the next epoch has its consensus, and the chain of
/// shared random values continues.
#[test]
fn killed_authorities_go_on() {
    for killed in [&[2][..], &[1, 2], &[0, 1, 2]] {
        for (sixteenth, pause) in (0..16).flat_map(|sixteenth| [(sixteenth, 0), (sixteenth, 1)]) {
            let mut net = Net::new(3);
            net.pass_epoch(|_, _, _| Way::Pass);
            let first = net.consensus(0, FIRST.plus(1)).unwrap();
            net.upload(FIRST.plus(2));
            let mut said = Said::default();
            let middle = net.now + super::net::PERIOD / 16 * sixteenth + Duration::from_millis(1);
            net.run_until(middle, |from, _, request| said.note(from, request));
            for index in killed {
                net.states[*index] = None;
            }
            let up = net.now + super::net::PERIOD / 16 * pause;
            net.run_until(up, |from, _, request| said.note(from, request));
            for index in killed {
                net.restart(*index);
            }
            let end = net.policy.period.start(FIRST.plus(2));
            net.run_until(end.max(net.now), |from, _, request| said.note(from, request));
            let name = format!("{killed:?} killed at {sixteenth} sixteenths for {pause}");
            let counted = (0..3).filter_map(|index| {
                let second = net.consensus(index, FIRST.plus(2))?;
                assert_eq!(second.document().unwrap().genesis_epoch(), FIRST.plus(1), "{name}");
                Some(net.counted(&second, Some(&first)).len())
            });
            let counted: Vec<usize> = counted.collect();
            assert!(counted.len() >= 2 && counted.iter().all(|count| *count >= 2), "{name}: {counted:?}");
        }
    }
}

/// The authorities' statements: only one of each kind per authority and epoch.
#[derive(Default)]
struct Said(std::collections::BTreeMap<(usize, u64, StatementKind), Arc<[u8]>>);

impl Said {
    fn note(&mut self, from: usize, request: &Request) -> Way {
        if let Request::Statement { kind, epoch, payload, .. } = request {
            let first = self.0.entry((from, *epoch, *kind)).or_insert_with(|| Arc::clone(payload));
            assert_eq!(first, payload, "authority {from} made two statements of one kind");
        }
        Way::Pass
    }
}

/// With a full disk, an authority does not send statements that it cannot record.
#[test]
fn a_disk_that_fails() {
    let mut net = Net::new(3);
    let folder = TempDir::new().unwrap();
    net.upload(FIRST.plus(1));
    let state = net.states[0].take().unwrap();
    let (store, _) = open(folder.path(), &net.policy.authorities);
    let mut keeper = Keeper::new(state, Some(store));
    // the folder is gone and cannot be created again
    fs::remove_dir_all(folder.path().join("authority")).unwrap();
    fs::write(folder.path().join("authority"), b"").unwrap();
    for eighth in 1..=5 {
        let said = keeper.tick(net.at_eighths(eighth));
        assert!(said.iter().all(|said| !matches!(said.request, Request::Statement { .. })), "{eighth}");
    }
}

/// An authority whose journal of the round is damaged makes no statement in it.
#[test]
fn a_damaged_round_is_passed_over() {
    let mut net = Net::new(3);
    net.upload(FIRST.plus(1));
    let middle = net.at_eighths(2);
    net.run_until(middle, |_, _, _| Way::Pass);
    net.disks[1].rounds.get_mut(&FIRST.plus(1)).unwrap().push(Record::Damaged);
    net.restart(1);
    let end = net.at_eighths(8);
    net.run_until(end, |from, _, request| {
        assert!(from != 1 || !matches!(request, Request::Statement { .. }));
        Way::Pass
    });
    let [first, third] = [0, 2].map(|index| net.consensus(index, FIRST.plus(1)).unwrap());
    assert_eq!((first.signers().len(), third.signers().len()), (2, 2));
    // it takes part in the next round, with the consensus from the other authorities
    net.states[1].as_mut().unwrap().insert_consensus(FIRST.plus(1), first.certificate());
    net.pass_epoch(|_, _, _| Way::Pass);
    assert_eq!(net.consensus(1, FIRST.plus(2)).unwrap().signers().len(), 3);
}

/// An authority that has signed a document signs no other, whatever state it has after a restart.
#[test]
fn a_document_is_signed_once() {
    let mut net = Net::new(3);
    net.upload(FIRST.plus(1));
    let signed = net.at_eighths(4);
    net.run_until(signed, |_, _, _| Way::Pass);
    // the statements that the document was computed from are lost
    let records = net.disks[1].rounds.get_mut(&FIRST.plus(1)).unwrap();
    records.retain(|record| !matches!(record, Record::Accepted { .. } | Record::Signature(..)));
    net.restart(1);
    let mut sent = 0;
    let end = net.at_eighths(8);
    net.run_until(end, |from, _, request| {
        sent += usize::from(from == 1 && matches!(request, Request::Statement { kind: StatementKind::Sig, .. }));
        Way::Pass
    });
    assert_eq!(sent, 2, "it sends the same signature again");
    let [first, third] = [0, 2].map(|index| net.consensus(index, FIRST.plus(1)).unwrap());
    assert_eq!((first.signers().len(), third.signers().len()), (3, 3));
}

/// After a clock jump ahead and back, nothing is lost in memory or on disk.
#[test]
fn a_clock_that_jumps_forgets_nothing() {
    let mut net = Net::new(3);
    net.pass_epoch(|_, _, _| Way::Pass);
    net.upload(FIRST.plus(2));
    let (now, far) = (net.now, net.policy.period.start(FIRST.plus(1000)));
    let state: &mut State = net.states[1].as_mut().unwrap();
    for at in [far, now] {
        assert!(state.tick(at).iter().all(|said| !matches!(said.request, Request::Statement { .. })));
    }
    net.save(1);
    assert!(net.disks[1].consensuses.contains_key(&FIRST.plus(1)));
    let end = net.at_eighths(8);
    net.run_until(end, |_, _, _| Way::Pass);
    assert_eq!(net.consensus(1, FIRST.plus(2)).unwrap().signers().len(), 3);
}
