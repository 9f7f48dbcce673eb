//! Geometries: all those of `geometry.json`, and invalid ones.

use crate::packet::GeometryVector;
use mixwell_sphinx::{Field, Geometry, GeometryError, MAX_HOPS, SchemeInfo};

#[test]
fn vectors() {
    for vector in mixwell_vectors::load::<GeometryVector>("geometry") {
        let (name, test) = (vector.name, vector.test);
        let geometry = test.geometry();
        assert_eq!(geometry.fields(), test.fields(), "{name}");
        assert_eq!(geometry.has_surb(), test.with_surb.unwrap(), "{name}");
        assert_eq!(geometry.hash().as_slice(), &**test.hash.as_ref().unwrap(), "{name}");

        let user = usize::try_from(test.user_forward_payload_length).unwrap();
        let hops = usize::try_from(test.nr_hops).unwrap();
        let scheme = SchemeInfo::by_names(&test.nike_name, &test.kem_name).unwrap();
        assert_eq!(Geometry::new(scheme, hops, user, test.with_surb.unwrap()), Ok(geometry), "{name}");
        if let Some(toml) = test.toml {
            check_toml(&toml, &geometry, &name);
        }
    }
}

/// The TOML form has all the fields that we know and no others.
fn check_toml(toml: &str, geometry: &Geometry, name: &str) {
    let fields = geometry.fields();
    let lengths = fields.lengths();
    let mut expected: Vec<String> = lengths.iter().map(|(field, length)| format!("{field} = {length}")).collect();
    expected.push(format!("NIKEName = {:?}", fields.nike_name));
    expected.push(format!("KEMName = {:?}", fields.kem_name));
    let lines: Vec<&str> = toml.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], "[SphinxGeometry]", "{name}");
    assert_eq!(lines[1..], expected, "{name}");
}

fn test_network() -> Geometry {
    Geometry::new(SchemeInfo::by_names("x25519", "").unwrap(), 5, 2000, true).unwrap()
}

#[test]
fn names_are_matched_in_any_case() {
    let mut fields = test_network().fields();
    fields.nike_name = "X25519";
    assert_eq!(Geometry::from_fields(&fields), Ok(test_network()));
}

#[test]
fn exactly_one_known_scheme() {
    let fields = test_network().fields();
    for (nike, kem) in [("", ""), ("x25519", "XWING"), ("XWING", ""), ("", "x25518"), ("x25519 ", "")] {
        let mut fields = fields;
        fields.nike_name = nike;
        fields.kem_name = kem;
        assert_eq!(Geometry::from_fields(&fields), Err(GeometryError::Scheme), "{nike:?} {kem:?}");
    }
}

#[test]
fn every_field_is_compared() {
    let good = test_network().fields();
    let mut fields = [good; 10];
    fields[0].packet_length += 1;
    fields[1].header_length -= 1;
    fields[2].routing_info_length += 82;
    fields[3].per_hop_routing_info_length = 0;
    fields[4].surb_length += 1;
    fields[5].sphinx_plaintext_header_length = 3;
    fields[6].payload_tag_length = 16;
    fields[7].forward_payload_length += 1;
    fields[8].next_node_hop_length = 66;
    fields[9].sprp_key_material_length = u64::MAX;
    let names = [
        Field::PacketLength,
        Field::HeaderLength,
        Field::RoutingInfoLength,
        Field::PerHopRoutingInfoLength,
        Field::SurbLength,
        Field::SphinxPlaintextHeaderLength,
        Field::PayloadTagLength,
        Field::ForwardPayloadLength,
        Field::NextNodeHopLength,
        Field::SprpKeyMaterialLength,
    ];
    for (fields, name) in fields.iter().zip(names) {
        let Err(GeometryError::Mismatch { field, got, want }) = Geometry::from_fields(fields) else { panic!("{name}") };
        assert_eq!(field, name);
        assert_ne!(got, want);
    }
}

#[test]
fn hops_and_payloads_have_bounds() {
    let scheme = SchemeInfo::by_names("x25519", "").unwrap();
    for hops in [0, MAX_HOPS + 1, usize::MAX] {
        assert_eq!(Geometry::new(scheme, hops, 2000, true), Err(GeometryError::Hops { got: hops, most: MAX_HOPS }));
    }
    assert_eq!(Geometry::new(scheme, 5, usize::MAX, true), Err(GeometryError::TooLarge));
    assert_eq!(Geometry::new(SchemeInfo::kem("huge", usize::MAX), 5, 0, true), Err(GeometryError::TooLarge));
    let mut fields = test_network().fields();
    fields.nr_hops = u64::MAX;
    assert!(matches!(Geometry::from_fields(&fields), Err(GeometryError::Hops { .. })));
    fields = test_network().fields();
    fields.user_forward_payload_length = u64::MAX;
    assert!(matches!(Geometry::from_fields(&fields), Err(GeometryError::TooLarge)));
}

#[test]
fn errors_say_what_is_wrong() {
    let mut fields = test_network().fields();
    fields.packet_length = 1;
    assert_eq!(Geometry::from_fields(&fields).unwrap_err().to_string(), "PacketLength is 1, want 3082");
    fields.nr_hops = 0;
    assert_eq!(Geometry::from_fields(&fields).unwrap_err().to_string(), "NrHops is 0, want 1 to 32");
}
