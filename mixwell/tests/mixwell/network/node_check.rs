//! `mixwell node --check`: a node's place in a network.

use crate::{network::Network, run::run};
use std::fs;

/// Checks a node; gives the exit status, and what was printed.
fn check(network: &Network, name: &str) -> (i32, String) {
    let config = network.configured().config(name);
    let ran = run(&["node", "--check", "--config", config.to_str().unwrap()]);
    (ran.status, ran.stdout + &ran.stderr)
}

#[test]
fn a_check_tells_whose_keys_are_listed_and_when_traffic_begins() {
    let mut network = Network::start(1, 20);
    let mix = network.mix();
    let (status, running) = check(&network, &mix);
    assert_eq!(status, 0, "{running}");
    assert!(running.contains(&format!("node       {mix}, running")), "{running}");
    assert!(running.contains("is answered from here") && running.contains("clock      agrees"), "{running}");
    assert!(running.contains("listed as a mix of layer 0, with its link key\n"), "{running}");
    assert!(running.contains("traffic    flows in this epoch, unless the node's log warns"), "{running}");
    assert_eq!(running.matches("\nauth").count(), 3, "{running}");

    network.terminate(&mix);
    let (status, stopped) = check(&network, &mix);
    assert_eq!(status, 0, "{stopped}");
    assert!(stopped.contains(&format!("node       {mix}, not running")), "{stopped}");
    assert!(stopped.contains("listed as a mix of layer 0, with its link key and its mix key"), "{stopped}");
    assert_eq!(stopped.matches(" permits this node\n").count(), 3, "{stopped}");

    // under a name by which no authority lists it
    let file = network.configured().config(&mix);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(&format!("Identifier = \"{mix}\""), "Identifier = \"stranger\"", 1)).unwrap();
    let (status, stranger) = check(&network, &mix);
    assert_eq!(status, 0, "{stranger}");
    let advice = "does not permit this node; its operator has to add [[Mixes]] with Identifier = \"stranger\"";
    assert_eq!(stranger.matches(advice).count(), 3, "{stranger}");
    fs::write(&file, text).unwrap();

    assert!(stopped.contains("is not answered from here") && stopped.contains("traffic    flows"), "{stopped}");

    // as after a program that had its mix keys in memory
    fs::remove_dir_all(network.configured().path(&mix).join("mix")).unwrap();
    let (status, taken_over) = check(&network, &mix);
    assert_eq!(status, 0, "{taken_over}");
    assert!(taken_over.contains("its link key and a mix key that is not in its data folder"), "{taken_over}");
    let number = |text: &str| text.split_once(' ').unwrap().0.trim_end_matches([',', ':']).parse::<u64>().unwrap();
    let asked_in = number(taken_over.split_once(" epoch ").unwrap().1.replace(':', " ").as_str());
    let (_, expected) = taken_over.split_once("traffic    from epoch ").unwrap();
    assert_eq!(number(expected), asked_in + 2, "{taken_over}");
    assert!(!network.configured().path(&mix).join("mix").exists(), "a check made a folder");

    for authority in ["auth1", "auth2", "auth3"] {
        network.terminate(authority);
    }
    let (status, alone) = check(&network, &mix);
    assert_eq!(status, 1, "{alone}");
    assert!(alone.contains("no authority answered"), "{alone}");
}
