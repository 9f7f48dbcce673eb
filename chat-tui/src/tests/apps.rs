//! Conversations, files and contacts.

use crate::tests::*;
use std::fs;

#[test]
fn two_apps() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut service = Service::default();
    let (mut alice, mut bob) = (Side::open(&at("alice"), None), Side::open(&at("bob"), None));
    alice.line("hello?");
    assert!(alice.was_told("! there is no contact"));
    bob.line("/code lusab babad");
    assert!(bob.was_told("! the code has 2 words, want 9") && bob.contacts.is_empty());
    let [mut alice, mut bob] = {
        drop((alice, bob));
        paired(folder.path(), &mut service)
    };
    assert!(alice.was_told("* paired with \"bob\"") && bob.was_told("* paired with \"alice\""));
    fs::write(at("letter.txt"), vec![b'x'; 30_000]).unwrap();
    fs::write(at("large"), vec![b'x'; 1_000_001]).unwrap();
    alice.line("hello");
    bob.line("//hi");
    for (count, name) in [(1, "letter.txt"), (2, "large")] {
        alice.line(&format!("/send {}", at(name).display()));
        alice.wait_for_jobs(count);
    }
    alice.line("/send nowhere");
    alice.wait_for_jobs(3);
    assert!(alice.was_told("! can't send nowhere"));
    until([&mut alice, &mut bob], &mut service, |[_, bob]| {
        bob.was_told("* file \"letter.txt\" is offered to you, 30 kB: /accept 0")
    });
    bob.line("/accept");
    for _ in 0..10 {
        alice.tick(&mut service);
        bob.tick(&mut service);
    }
    drop(bob);
    let mut bob = Side::open(&at("bob"), None);
    assert!(bob.was_told("* you are talking with \"alice\""));
    bob.current = Some(bob.contacts[0].id);
    until([&mut alice, &mut bob], &mut service, |[_, bob]| {
        bob.contact().transfers.iter().all(|file| file.transfer.is_complete())
    });
    bob.wait_for_jobs(1);
    until([&mut alice, &mut bob], &mut service, |[alice, bob]| {
        bob.was_told("* file \"letter.txt\" has arrived")
            && alice.was_told("* file \"letter.txt\" has arrived")
            && alice.was_told("* file \"large\" is declined")
            && alice.contact().counts.read == 1
    });
    assert_eq!(fs::read(at("bob/received/letter.txt")).unwrap(), vec![b'x'; 30_000]);
    assert!(alice.was_told("<bob> /hi"));
    assert_eq!(alice.line("/quit"), Flow::Quit);
    bob.line("/what");
    assert!(bob.was_told("! /what"));
}

/// The program ends after a file's last byte arrives and before the file is hashed.
#[test]
fn a_complete_file_is_hashed_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    fs::write(folder.path().join("file"), vec![7; 5000]).unwrap();
    alice.line(&format!("/send {}", folder.path().join("file").display()));
    alice.wait_for_jobs(1);
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("* file \"file\" is offered"));
    bob.line("/accept");
    bob.drops_jobs = true;
    until([&mut alice, &mut bob], &mut service, |[_, bob]| {
        bob.contact().transfers.iter().any(|file| file.transfer.is_complete())
    });
    drop(bob);
    let mut bob = Side::open(&folder.path().join("bob"), None);
    bob.wait_for_jobs(1);
    assert!(bob.was_told("* file \"file\" has arrived completely"));
    assert_eq!(fs::read(folder.path().join("bob/received/file")).unwrap(), vec![7; 5000]);
}

#[test]
fn a_code_that_nobody_answers_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut side = Side::open(folder.path(), None);
    side.line("/code");
    let mut service = Service::default();
    (0..200).for_each(|_| side.tick(&mut service));
    assert!(side.was_told("! nobody has answered this code yet"));
}

#[test]
fn forgetting_asks_first_and_says_what_it_wipes() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, _bob] = paired(folder.path(), &mut service);
    alice.line("one");
    alice.line("two");
    alice.line("/forget");
    let question = alice.question.clone().unwrap();
    assert!(
        question.contains("\"bob\"") && question.contains("all keys") && question.contains("2 messages"),
        "{question}"
    );
    assert_eq!(alice.contacts.len(), 1);
    // the answer to the question is not sent as a text
    alice.line("what?");
    assert!(alice.was_told("* nothing was forgotten") && alice.question.is_none());
    assert_eq!((alice.contacts.len(), alice.contact().counts.queued), (1, 2));
    alice.line("/forget");
    alice.line("yes");
    assert!(alice.was_told("* \"bob\" is forgotten") && alice.contacts.is_empty());
    assert!(fs::read_dir(folder.path().join("alice/contacts")).unwrap().next().is_none());
    drop(alice);
    assert!(Side::open(&folder.path().join("alice"), None).contacts.is_empty());
}

#[test]
fn quitting_asks_while_something_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, _bob] = paired(folder.path(), &mut service);
    alice.line("one");
    assert_eq!(alice.handle(Request::Quit { asks: true }), Flow::Continue);
    alice.settle();
    assert!(alice.question.as_ref().unwrap().contains("1 message not sent yet and 0 files in transfer"));
    assert_eq!(alice.line("no"), Flow::Continue);
    assert_eq!(alice.handle(Request::Quit { asks: false }), Flow::Quit);
    assert_eq!((alice.line("/quit"), alice.line("yes")), (Flow::Continue, Flow::Quit));
}

#[test]
fn many_contacts_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    // a second friend with the same name as the first
    let mut other = Side::open(&folder.path().join("other/bob"), None);
    let first = alice.current;
    alice.line("/code");
    other.line(&format!("/code {}", alice.code()));
    until([&mut alice, &mut other], &mut service, |[_, other]| other.was_told("* paired with \"alice\""));
    until([&mut alice, &mut other], &mut service, |[alice, _]| {
        alice
            .contacts
            .iter()
            .all(|contact| contact.counts.queued == 0 && contact.phase != super::super::model::Phase::Pairing)
    });
    let names: Vec<_> = alice.contacts.iter().map(|contact| contact.name.clone()).collect();
    assert_eq!(names, ["bob (1)", "bob (2)"]);
    alice.line("/name robert");
    alice.line("to robert");
    alice.line("/to BOB");
    assert_eq!(alice.current, first);
    alice.line("to bob");
    until([&mut alice, &mut other], &mut service, |[_, other]| other.was_told("<alice> to robert"));
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("<alice> to bob"));
    assert!(!bob.was_told("<alice> to robert") && !other.was_told("<alice> to bob"));
    alice.line("/name robert");
    assert!(alice.was_told("! another contact is called \"robert\""));
    drop(alice);
    let alice = Side::open(&folder.path().join("alice"), None);
    let names: Vec<_> = alice.contacts.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!(names, ["bob", "robert"]);
}

#[test]
fn verified_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, _bob] = paired(folder.path(), &mut service);
    let is_verified =
        |side: &Side| matches!(side.contacts[0].phase, super::super::model::Phase::Talking { is_verified: true, .. });
    assert!(alice.was_told("* compare it over another channel") && !is_verified(&alice));
    alice.line("/verify");
    assert!(is_verified(&alice));
    drop(alice);
    let mut alice = Side::open(&folder.path().join("alice"), None);
    assert!(is_verified(&alice));
    alice.line("/verify no");
    assert!(!is_verified(&alice) && alice.was_told("! not verified. If the strings differ, someone was in the middle"));
}

#[test]
fn what_is_no_text_is_refused_and_the_rest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    alice.raw_line(b"caf\xe9");
    assert!(alice.was_told("! the line is not UTF-8 text"));
    alice.line("caf\u{e9}");
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("<alice> caf\u{e9}"));
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_text_and_fifos_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt"));
    fs::write(&path, b"content").unwrap();
    alice.raw_line(&[b"/send ", path.as_os_str().as_bytes()].concat());
    alice.wait_for_jobs(1);
    until([&mut alice, &mut bob], &mut service, |[_, bob]| {
        bob.was_told("* file \"caf\u{fffd}.txt\" is offered to you")
    });
    bob.line("/accept");
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("* file \"caf\u{fffd}.txt\" has arrived"));
    // reading a FIFO that nobody writes to would block for ever
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    alice.line(&format!("/send {}", fifo.display()));
    alice.wait_for_jobs(2);
    assert!(alice.was_told("! can't send") && alice.told().last().unwrap().contains("not a regular file"));
}

/// Nothing is sent before it is saved, and the conversation continues when saving works again.
#[test]
fn nothing_leaves_that_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    let contacts = folder.path().join("alice/contacts");
    let aside = folder.path().join("aside");
    fs::rename(&contacts, &aside).unwrap();
    alice.tick_unsaved(&mut service);
    alice.tick_unsaved(&mut service);
    assert_eq!(alice.told().iter().filter(|line| line.contains("nothing is sent or received until")).count(), 1);
    fs::rename(&aside, &contacts).unwrap();
    alice.app.retry();
    alice.line("after");
    until([&mut alice, &mut bob], &mut service, |[alice, bob]| {
        bob.was_told("<alice> after") && alice.was_told("* saving works again")
    });
}

impl Side {
    /// A tick at which random bytes are sent if nothing could be saved.
    fn tick_unsaved(&mut self, service: &mut Service) {
        let request = self.outbox.take(self.next);
        self.next += 1;
        self.settle();
        if !request.is_empty() {
            service.serve(&request);
        }
        self.app.retry();
        assert_eq!(self.outbox.take(self.next), Vec::<u8>::new());
        self.settle();
    }
}
