//! Which folders are accepted, and their permissions.

use crate::tests::*;
use std::fs;

fn refused(path: &Path) -> String {
    Folder::open(path, &entropy()).unwrap_err().to_string()
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_with_other_files_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("passwd"), b"root").unwrap();
    assert!(refused(folder.path()).contains("it contains other files"));
    assert_eq!(names(folder.path()), ["passwd"]);
    // a folder in an older layout
    fs::remove_file(folder.path().join("passwd")).unwrap();
    for name in ["key", "state", "lock"] {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    assert!(refused(folder.path()).contains("older version"));
    assert_eq!(names(folder.path()), ["key", "lock", "state"]);
    let file = folder.path().join("key");
    assert!(refused(&file).contains("not a folder"));
}

#[test]
fn a_key_that_is_missing_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice");
    let mut side = Side::open(&path, None);
    side.line("/code");
    drop(side);
    fs::rename(path.join("key"), folder.path().join("key")).unwrap();
    let before = names(&path);
    assert!(refused(&path).contains("its key is missing"));
    assert_eq!(names(&path), before);
    fs::rename(folder.path().join("key"), path.join("key")).unwrap();
    assert_eq!(Side::open(&path, None).contacts.len(), 1);
    fs::write(path.join("key"), [1; 32]).unwrap();
    let entropy = entropy();
    let opened = open_folder(&path, &entropy);
    assert!(opened.load_state(ContactId(1)).is_err());
}

#[test]
fn one_program_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Folder::open(folder.path(), &entropy()).unwrap();
    let why = refused(folder.path());
    assert!(why.contains(&format!("process {}", std::process::id())), "{why}");
    drop(first);
    drop(open_folder(folder.path(), &entropy()));
}

#[cfg(unix)]
#[test]
fn everything_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    fn check(path: &Path) {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                check(&entry.unwrap().path());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::default();
    // an empty folder that everyone can read
    fs::create_dir(folder.path().join("bob")).unwrap();
    fs::set_permissions(folder.path().join("bob"), fs::Permissions::from_mode(0o755)).unwrap();
    let [mut alice, mut bob] = paired(folder.path(), &mut service);
    assert!(bob.was_told("! other users could read the folder until now"));
    fs::write(folder.path().join("file"), b"content").unwrap();
    alice.line(&format!("/send {}", folder.path().join("file").display()));
    alice.wait_for_jobs(1);
    alice.line("/name bobby");
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("* file \"file\" is offered"));
    bob.line("/accept");
    check(&folder.path().join("bob"));
    until([&mut alice, &mut bob], &mut service, |[_, bob]| bob.was_told("* file \"file\" has arrived"));
    assert!(folder.path().join("bob/received/file").exists());
    check(&folder.path().join("alice"));
    check(&folder.path().join("bob"));
}
