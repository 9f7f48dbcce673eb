//! Geometries from outside: accepted only if every field follows from the others.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_sphinx::{Geometry, GeometryFields, SchemeInfo};

fuzz_target!(|input: (u8, u64, u64, bool, Option<(u8, u64)>)| {
    let (scheme, hops, user_payload, with_surb, change) = input;
    let scheme = SchemeInfo::ALL[usize::from(scheme) % SchemeInfo::ALL.len()];
    // most of the range is rejected; make the rest likely
    let (hops, user_payload) = (hops % 40, user_payload >> (user_payload % 64));
    let Ok(geometry) = Geometry::new(scheme, hops as usize, user_payload as usize, with_surb) else { return };
    let fields = geometry.fields();
    assert_eq!(Geometry::from_fields(&fields), Ok(geometry));
    assert!(geometry.packet_len() > geometry.header_len() + geometry.forward_payload_len());

    let Some((which, value)) = change else { return };
    let mut changed = fields;
    let slot: &mut u64 = match which % 12 {
        0 => &mut changed.packet_length,
        1 => &mut changed.nr_hops,
        2 => &mut changed.header_length,
        3 => &mut changed.routing_info_length,
        4 => &mut changed.per_hop_routing_info_length,
        5 => &mut changed.surb_length,
        6 => &mut changed.sphinx_plaintext_header_length,
        7 => &mut changed.payload_tag_length,
        8 => &mut changed.forward_payload_length,
        9 => &mut changed.user_forward_payload_length,
        10 => &mut changed.next_node_hop_length,
        _ => &mut changed.sprp_key_material_length,
    };
    *slot = value;
    check(&fields, &changed);
});

fn check(fields: &GeometryFields<'_>, changed: &GeometryFields<'_>) {
    match Geometry::from_fields(changed) {
        Ok(geometry) => assert!(geometry.fields() == *changed),
        Err(_) => assert!(fields != changed),
    }
}
