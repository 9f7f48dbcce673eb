//! `mixwell packets`.

use crate::run::{SCHEMES, fail, run_with_input, succeed};
use std::fs;

/// The line of a summary that contains these words.
fn line<'a>(summary: &'a str, words: &str) -> &'a str {
    summary.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("no line with {words:?} in\n{summary}"))
}

/// The two numbers of a line such as `✓ refused  12 of  12 replayed packets`.
fn counts(line: &str) -> (usize, usize) {
    let numbers: String = line.chars().filter(|c| c.is_ascii_digit() || *c == 'o').collect();
    let (got, of) = numbers.split_once('o').unwrap_or_else(|| panic!("{line}"));
    let of = of.trim_matches('o');
    (got.parse().unwrap(), of.parse().unwrap())
}

/// Checks that a summary reports complete success with `messages` messages of `bytes` bytes in all.
fn is_good(summary: &str, messages: usize, bytes: usize) {
    assert_eq!(counts(line(summary, "✓ answered")), (messages, messages), "{summary}");
    assert_eq!(counts(line(summary, "✓ came back").split(" bytes").next().unwrap()), (bytes, bytes), "{summary}");
    for what in ["replayed packets", "bit of the header changed", "bit of the payload changed"] {
        let line = line(summary, what).split(" packets").next().unwrap().split(" replayed").next().unwrap();
        let (refused, tried) = counts(line.trim_start_matches("  ✓ refused"));
        assert!(refused == tried && tried > 0, "{summary}");
    }
    assert!(!summary.contains('✗') && !summary.contains('\x1b'), "{summary}");
}

#[test]
fn every_scheme() {
    for scheme in SCHEMES {
        let summary = succeed(&["packets", "--scheme", scheme, "--messages", "3"]);
        is_good(&summary, 3, 6000);
        assert!(summary.starts_with(&format!("3 messages through 5 hops and back, {scheme}, ")), "{summary}");
    }
}

#[test]
fn paths_of_any_length() {
    for hops in ["1", "2", "3", "13", "32"] {
        let summary = succeed(&["packets", "--hops", hops, "--messages", "2", "--payload", "100"]);
        is_good(&summary, 2, 200);
        let hops: usize = hops.parse().unwrap();
        assert_eq!(summary.matches("\n  → ").count(), hops);
        // the service node sends replies but none passes through it, unless there is no other hop
        assert_eq!(summary.matches("\n  ← ").count(), (hops - 1).max(1));
    }
}

#[test]
fn a_file_is_cut_into_packets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter");
    let path = path.to_str().unwrap();
    for (bytes, packets) in [(1, 1), (99, 1), (100, 1), (101, 2), (1999, 20), (2001, 21)] {
        fs::write(path, vec![b'x'; bytes]).unwrap();
        is_good(&succeed(&["packets", "--payload", "100", "--file", path]), packets, bytes);
    }
}

#[test]
fn standard_input_when_asked_for() {
    let ran = run_with_input(&["packets", "--file", "-", "--payload", "10"], b"twenty-one characters");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    is_good(&ran.stdout, 3, 21);
    // without `--file -`, standard input is not read
    let ran = run_with_input(&["packets", "--messages", "2", "--payload", "10"], b"twenty-one characters");
    is_good(&ran.stdout, 2, 20);
}

#[test]
fn zeros_at_the_end_of_a_text_come_back() {
    let ran = run_with_input(&["packets", "--file", "-"], &[0; 3000]);
    is_good(&ran.stdout, 2, 3000);
}

#[test]
fn a_text_gives_the_terminal_no_orders() {
    let ran = run_with_input(&["packets", "--file", "-"], b"\x1b[31mred\x07\r\n\xff\xfe");
    assert_eq!(ran.status, 0);
    assert!(!ran.stdout.contains(['\x1b', '\x07', '\r']), "{}", ran.stdout);
    assert!(ran.stdout.contains("[31mred"), "{}", ran.stdout);
}

#[test]
fn nothing_to_send() {
    let ran = run_with_input(&["packets", "--file", "-"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr, "error: there is nothing to send: the input is empty\n");
    assert!(fail(&["packets", "--file", "/nowhere/letter"]).starts_with("error: can't read /nowhere/letter: "));
}

#[test]
#[cfg(unix)]
fn an_input_without_end_is_given_up() {
    let ran = run_with_input(&["packets", "--file", "-", "--payload", "1"], &vec![0; 2_000_000]);
    assert!(ran.stderr.starts_with("error: the input is longer than 1000000 bytes"), "{}", ran.stderr);
    let complaint = fail(&["packets", "--file", "/dev/zero", "--payload", "1"]);
    assert!(complaint.contains("it is a device, want a regular file"), "{complaint}");
}

/// The name of each link, and the printed bytes of the first message's packet on it.
fn looks(summary: &str) -> Vec<(&str, &str)> {
    let rows = summary.lines().filter(|line| line.starts_with("  → ") || line.starts_with("  ← "));
    rows.map(|row| (&row[..18], row.rsplit_once("  ").unwrap().1)).collect()
}

#[test]
fn a_seed_makes_the_same_packets() {
    let demo = |seed| succeed(&["packets", "--messages", "1", "--seed", seed]);
    let (a, again, b) = (demo("1"), demo("1"), demo("2"));
    assert_eq!(looks(&a), looks(&again));
    assert_eq!(looks(&a).len(), 9);
    for (a, b) in looks(&a).iter().zip(looks(&b)) {
        assert_ne!(a.1, b.1);
    }
    let (a, b) = (succeed(&["packets", "--messages", "1"]), succeed(&["packets", "--messages", "1"]));
    assert_ne!(looks(&a), looks(&b));
}

#[test]
fn no_link_shows_what_another_does() {
    let summary = succeed(&["packets", "--messages", "1"]);
    let halves: Vec<&str> = looks(&summary).iter().flat_map(|(_, look)| look.split(' ')).collect();
    let distinct: std::collections::HashSet<&str> = halves.iter().copied().collect();
    assert_eq!((halves.len(), distinct.len()), (18, 18), "{summary}");
    assert!(halves.iter().all(|half| half.len() == 12), "{halves:?}");
}
