//! `mixwell schemes`.

use crate::run::{SCHEMES, succeed};
use mixwell_pq_kem::{KEMS, NIKES};
use mixwell_sphinx::{Geometry, SchemeInfo};

#[test]
fn the_table_says_what_the_libraries_say() {
    let table = succeed(&["schemes"]);
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    for (row, scheme) in rows.iter().zip(NIKES.iter().chain(KEMS)) {
        let [name, kind, geometry_name, public, private, seed, element, secret, header, packet] = row[..] else {
            panic!("{row:?}");
        };
        let is_kem = scheme.ciphertext_len.is_some();
        assert_eq!(kind, if is_kem { "KEM" } else { "NIKE" });
        assert_eq!(geometry_name, scheme.name);
        assert_eq!(public, scheme.public_len.to_string());
        assert_eq!(private, scheme.private_len.to_string());
        assert_eq!(seed, scheme.seed_len.map_or("-".to_owned(), |len| len.to_string()));
        assert_eq!(element, scheme.ciphertext_len.unwrap_or(scheme.public_len).to_string());
        assert_eq!(secret, scheme.secret_len.to_string());

        let (nike, kem) = if is_kem { ("", scheme.name) } else { (scheme.name, "") };
        let geometry = Geometry::new(SchemeInfo::by_names(nike, kem).unwrap(), 5, 2000, true).unwrap();
        assert_eq!([header, packet], [geometry.header_len(), geometry.packet_len()].map(|length| length.to_string()));
        assert!(succeed(&["geometry", "--scheme", name]).contains(&format!("  {kind}Name = {geometry_name:?}\n")));
    }
    let names: Vec<&str> = rows.iter().map(|row| row[0]).take(SCHEMES.len()).collect();
    assert_eq!(names, SCHEMES);
    assert_eq!(NIKES.len() + KEMS.len(), SCHEMES.len());
    assert_eq!(SchemeInfo::ALL.len(), SCHEMES.len());
}
