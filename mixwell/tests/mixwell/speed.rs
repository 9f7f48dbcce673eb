//! `mixwell speed`.

use crate::run::run;
use serde_json::Value;

/// Measures briefly, and returns standard output.
fn measure(arguments: &[&str]) -> String {
    let ran = run(&[&["speed", "--seconds", "0.05"], arguments].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.stdout
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The fields that the book promises, of a version that has to change if one of them does.
#[test]
fn the_json_is_as_documented() {
    let json: Value = serde_json::from_str(&measure(&["--json", "--threads", "1", "--lambda-p", "0.002"])).unwrap();
    assert_eq!(
        keys(&json),
        [
            "backends",
            "limit",
            "micros_per_packet",
            "packet_bytes",
            "rates",
            "scheme",
            "threads",
            "users_per_mix",
            "version"
        ]
    );
    assert_eq!((&json["version"], &json["scheme"], &json["threads"]), (&1.into(), &"x25519".into(), &1.into()));
    assert_eq!(json["packet_bytes"], 3082);
    assert_eq!(keys(&json["backends"]), ["aez", "sha256", "x25519"]);
    assert!(json["backends"].as_object().unwrap().values().all(Value::is_string));
    let rates = json["rates"].as_object().unwrap();
    assert_eq!(keys(&json["rates"]), ["all_threads", "batch", "mix", "mix_over_loopback", "one_packet"]);
    for rate in rates.values() {
        assert_eq!(keys(rate), ["megabits_per_second", "packets_per_second"]);
        let [packets, megabits] =
            ["packets_per_second", "megabits_per_second"].map(|name| rate[name].as_u64().unwrap());
        // about 25,000 bits in a frame
        assert!(packets > 0 && megabits.abs_diff(packets / 40) <= packets / 400 + 1, "{rate}");
    }
    if cfg!(target_os = "linux") {
        assert_eq!(keys(&json["micros_per_packet"]), ["link_ciphers", "queues", "sockets", "unwrap"]);
        assert!(json["micros_per_packet"].as_object().unwrap().values().all(Value::is_f64));
    }
    assert!(["unwrap", "link_ciphers", "sockets", "queues"].contains(&json["limit"].as_str().unwrap()));
    let routed = json["rates"]["mix"]["packets_per_second"].as_u64().unwrap();
    let users = json["users_per_mix"].as_array().unwrap();
    let networks: Vec<_> = users.iter().map(|users| users["network"].as_str().unwrap()).collect();
    assert_eq!(networks, ["default", "demo", "yours"]);
    for users in users {
        assert_eq!(keys(users), ["lambda_l", "lambda_p", "network", "users"]);
        let rate = users["lambda_p"].as_f64().unwrap() + users["lambda_l"].as_f64().unwrap();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let expected = routed as f64 / 2000.0 / rate;
        assert!((users["users"].as_f64().unwrap() - expected).abs() <= 1.0 + expected / 1000.0, "{users}");
    }
}

#[test]
fn the_table_of_a_kem() {
    let table = measure(&["--scheme", "mlkem768", "--threads", "2", "--payload", "100"]);
    for line in [
        "Packets of mlkem768, ",
        "unwrap, one packet after the other ",
        "unwrap, batches of 8 ",
        "unwrap, batches of 8, 2 threads ",
        "a mix and its neighbours, here ",
        "a mix that has 2 cores to itself ",
        "Back ends: sha256 by ",
        "Most of it goes to ",
        "default: LambdaP 0.001, LambdaL 0.0005 ",
        "demo: LambdaP 0.008, LambdaL 0.002 ",
    ] {
        assert!(table.lines().any(|found| found.starts_with(line)), "{line}\n{table}");
    }
}
