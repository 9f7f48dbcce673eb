//! Which mix is in which layer: the same from epoch to epoch as far as it can be, and the same at every authority.

use mixwell_pki_types::KeyHash;
use std::collections::BTreeMap;

/// Assigns mixes to layers.
///
/// A mix that has a fixed layer gets that; another one keeps the layer it had before; a new one goes where the fewest
/// are. Then mixes move from the fullest to the emptiest layer until these differ by one at most, or only mixes with
/// fixed layers are left to move. Ties are broken by number of the layer and id of the mix, so that authorities that know
/// the same come to the same.
pub(super) fn assign(
    mixes: &[KeyHash],
    layers: usize,
    fixed: &BTreeMap<KeyHash, usize>,
    before: &BTreeMap<KeyHash, usize>,
) -> Vec<Vec<KeyHash>> {
    let mut assigned: Vec<Vec<KeyHash>> = vec![Vec::new(); layers];
    let mut mixes = mixes.to_vec();
    mixes.sort_unstable();
    mixes.dedup();
    let place = |mix: &KeyHash| fixed.get(mix).or_else(|| before.get(mix)).filter(|layer| **layer < layers).copied();
    let (old, new): (Vec<_>, Vec<_>) = mixes.into_iter().partition(|mix| place(mix).is_some());
    for mix in old {
        if let Some(layer) = place(&mix).and_then(|layer| assigned.get_mut(layer)) {
            layer.push(mix);
        }
    }
    for mix in new {
        if let Some(layer) = assigned.iter_mut().min_by_key(|layer| layer.len()) {
            layer.push(mix);
        }
    }
    level(&mut assigned, fixed);
    for layer in &mut assigned {
        layer.sort_unstable();
    }
    assigned
}

fn level(assigned: &mut [Vec<KeyHash>], fixed: &BTreeMap<KeyHash, usize>) {
    // each turn makes the layers more alike, so there are no more turns than mixes
    let mixes = assigned.iter().map(Vec::len).sum();
    for _ in 0..mixes {
        let movable = |layer: &Vec<KeyHash>| layer.iter().filter(|mix| !fixed.contains_key(mix)).max().copied();
        let Some(least) = assigned.iter().map(Vec::len).min() else { return };
        let fullest =
            assigned.iter_mut().rev().filter(|layer| movable(layer).is_some()).max_by_key(|layer| layer.len());
        let Some(from) = fullest.filter(|layer| layer.len() > least.saturating_add(1)) else { return };
        let Some(mix) = movable(from) else { return };
        from.retain(|other| *other != mix);
        if let Some(to) = assigned.iter_mut().min_by_key(|layer| layer.len()) {
            to.push(mix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<KeyHash> {
        numbers.into_iter().map(|number| KeyHash([number; 32])).collect()
    }

    fn places(assigned: &[Vec<KeyHash>]) -> BTreeMap<KeyHash, usize> {
        assigned.iter().enumerate().flat_map(|(layer, mixes)| mixes.iter().map(move |mix| (*mix, layer))).collect()
    }

    #[test]
    fn layers_are_alike_and_the_order_does_not_matter() {
        for count in 0..30_u8 {
            let mut mixes = ids(0..count);
            let assigned = assign(&mixes, 3, &BTreeMap::new(), &BTreeMap::new());
            let lens: Vec<usize> = assigned.iter().map(Vec::len).collect();
            assert_eq!(lens.iter().sum::<usize>(), usize::from(count));
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "{lens:?}");
            mixes.reverse();
            assert_eq!(assign(&mixes, 3, &BTreeMap::new(), &BTreeMap::new()), assigned);
        }
    }

    #[test]
    fn who_stays_stays_where_it_was() {
        let first = assign(&ids(0..9), 3, &BTreeMap::new(), &BTreeMap::new());
        let before = places(&first);
        // one leaves, two come
        let second = places(&assign(&ids((1..9).chain([20, 21])), 3, &BTreeMap::new(), &before));
        for mix in ids(1..9) {
            assert_eq!(second[&mix], before[&mix]);
        }
        // all but one of a layer leave: one moves there
        let gone = &first[2][1..];
        let left: Vec<KeyHash> = ids(0..9).into_iter().filter(|mix| !gone.contains(mix)).collect();
        let third = assign(&left, 3, &BTreeMap::new(), &before);
        assert!(third.iter().all(|layer| layer.len() >= 2), "{third:?}");
        let moved = places(&third).iter().filter(|(mix, layer)| before[*mix] != **layer).count();
        assert_eq!(moved, 1);
    }

    #[test]
    fn a_fixed_layer_is_kept() {
        let fixed: BTreeMap<KeyHash, usize> = ids(0..5).into_iter().map(|mix| (mix, 1)).collect();
        let assigned = assign(&ids(0..7), 3, &fixed, &BTreeMap::new());
        assert_eq!(assigned.iter().map(Vec::len).collect::<Vec<_>>(), [1, 5, 1]);
    }
}
