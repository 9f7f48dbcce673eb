//! Topology: the layer of each mix, a function of the nodes, the shared random value and the
//! previous consensus.

use chacha20::{
    ChaCha20Legacy,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use mixwell_pki_types::{Document, KeyHash};
use std::collections::BTreeSet;

/// The assignment of a network's mixes to layers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two kinds of topology in the protocol")]
pub enum Layers {
    /// Number of layers, to which the shared random value assigns the mixes.
    Dynamic(usize),
    /// The mixes of each layer, in the order of the configuration.
    Fixed(Vec<Vec<KeyHash>>),
}

/// Assigns mixes to layers for a document.
pub(super) struct TopologyBuilder<'a> {
    layers: &'a Layers,
    /// The mixes to be assigned, sorted.
    mixes: BTreeSet<KeyHash>,
    /// The layers of the previous consensus, in its order; `None` in a genesis.
    previous: Option<Vec<Vec<KeyHash>>>,
}

impl<'a> TopologyBuilder<'a> {
    pub(super) fn new(
        layers: &'a Layers,
        mixes: impl IntoIterator<Item = KeyHash>,
        previous: Option<&Document<'_>>,
    ) -> Self {
        let previous = previous.map(|document| {
            let ids = |layer: mixwell_pki_types::Nodes<'_>| layer.map(|node| node.id()).collect();
            document.layers().map(ids).collect()
        });
        Self { layers, mixes: mixes.into_iter().collect(), previous }
    }

    /// The mixes of each layer, for a document with this shared random value.
    pub(super) fn build(&self, shared_random: &[u8; 32]) -> Vec<Vec<KeyHash>> {
        match self.layers {
            Layers::Fixed(layers) => {
                let is_present = |id: &&KeyHash| self.mixes.contains(id);
                layers.iter().map(|layer| layer.iter().filter(is_present).copied().collect()).collect()
            }
            Layers::Dynamic(count) => self.deal(*count, &mut Draws::new(shared_random)),
        }
    }

    fn deal(&self, count: usize, draws: &mut Draws) -> Vec<Vec<KeyHash>> {
        let mut layers = vec![Vec::new(); count];
        let Some(previous) = &self.previous else {
            let order = draws.shuffled(&self.mixes.iter().copied().collect::<Vec<_>>());
            for (mix, layer) in order.into_iter().zip((0..count).cycle()) {
                put(&mut layers, layer, mix);
            }
            return layers;
        };
        // without layers there is nothing to assign
        let target = self.mixes.len().checked_div(count).unwrap_or(0);
        let mut rest = self.mixes.clone();
        for (before, layer) in previous.iter().zip(&mut layers) {
            for mix in draws.shuffled(before) {
                if layer.len() < target && rest.remove(&mix) {
                    layer.push(mix);
                }
            }
        }
        let mut order = draws.shuffled(&rest.into_iter().collect::<Vec<_>>()).into_iter();
        for layer in &mut layers {
            let missing = target.saturating_sub(layer.len());
            layer.extend(order.by_ref().take(missing));
        }
        for (mix, layer) in order.zip((0..count).cycle()) {
            put(&mut layers, layer, mix);
        }
        layers
    }
}

fn put(layers: &mut [Vec<KeyHash>], layer: usize, mix: KeyHash) {
    if let Some(layer) = layers.get_mut(layer) {
        layer.push(mix);
    }
}

/// The random numbers that assign layers: `ChaCha20` keyed with a shared random value.
struct Draws(ChaCha20Legacy);

impl Draws {
    fn new(key: &[u8; 32]) -> Self {
        Self(ChaCha20Legacy::new(key.into(), &[0; 8].into()))
    }

    /// 31 bits: the upper half of the next 63.
    fn next(&mut self) -> u32 {
        let mut bytes = [0; 8];
        self.0.apply_keystream(&mut bytes);
        let [_, _, _, _, upper @ ..] = bytes;
        u32::from_le_bytes(upper) & i32::MAX.cast_unsigned()
    }

    /// A uniform number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        if bound.is_power_of_two() {
            return self.next() & (bound - 1);
        }
        // rejection sampling: numbers at or above the last multiple of `bound` in the range would
        // favour small results
        let limit = RANGE - RANGE % bound;
        loop {
            let drawn = self.next();
            if drawn < limit {
                return drawn % bound;
            }
        }
    }

    /// The items in random order: an inside-out Fisher–Yates shuffle.
    fn shuffled(&mut self, items: &[KeyHash]) -> Vec<KeyHash> {
        let mut order: Vec<usize> = Vec::with_capacity(items.len());
        for (index, bound) in (0..items.len()).zip(1..) {
            let place = self.below(bound) as usize;
            let moved = order.get(place).copied().unwrap_or(index);
            order.push(moved);
            if let Some(place) = order.get_mut(place) {
                *place = index;
            }
        }
        order.into_iter().filter_map(|index| items.get(index).copied()).collect()
    }
}

/// Range of a draw.
const RANGE: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<KeyHash> {
        numbers.into_iter().map(|number| KeyHash([number; 32])).collect()
    }

    fn build(
        layers: &Layers,
        mixes: &[KeyHash],
        previous: Option<Vec<Vec<KeyHash>>>,
        value: [u8; 32],
    ) -> Vec<Vec<KeyHash>> {
        TopologyBuilder { layers, mixes: mixes.iter().copied().collect(), previous }.build(&value)
    }

    #[test]
    fn dynamic_layers_are_alike_and_mixes_stay() {
        let layers = Layers::Dynamic(3);
        let mut previous = None;
        for (value, count) in [9_u8, 9, 10, 8, 3, 30, 2, 0, 7].into_iter().enumerate() {
            let value = [u8::try_from(value).unwrap(); 32];
            let mut mixes = ids(0..count);
            let built = build(&layers, &mixes, previous.clone(), value);
            mixes.reverse();
            assert_eq!(build(&layers, &mixes, previous.clone(), value), built, "the order does not matter");
            assert_eq!(built.iter().flatten().collect::<BTreeSet<_>>().len(), usize::from(count));
            let lens: Vec<usize> = built.iter().map(Vec::len).collect();
            assert_eq!(lens.iter().sum::<usize>(), usize::from(count));
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "{lens:?}");
            if let Some(previous) = &previous {
                let stays =
                    |mix: &&KeyHash| built.iter().zip(previous).any(|(a, b)| a.contains(mix) && b.contains(mix));
                let kept = mixes.iter().filter(stays).count();
                let target = usize::from(count) / 3;
                let could: usize = previous
                    .iter()
                    .map(|layer: &Vec<KeyHash>| layer.iter().filter(|mix| mixes.contains(mix)).count().min(target))
                    .sum();
                assert!(kept >= could, "{kept} of {could} stayed");
            }
            previous = Some(built);
        }
    }

    #[test]
    fn the_value_decides() {
        let mixes = ids(0..30);
        let [first, second] = [1, 2].map(|value| build(&Layers::Dynamic(3), &mixes, None, [value; 32]));
        assert_ne!(first, second);
    }

    #[test]
    fn fixed_layers_keep_the_order_of_the_configuration() {
        let layers = Layers::Fixed(vec![ids([5, 1, 3]), ids([2]), ids([4, 0])]);
        let built = build(&layers, &ids([0, 1, 2, 4, 5, 9]), None, [1; 32]);
        assert_eq!(built, [ids([5, 1]), ids([2]), ids([4, 0])]);
    }

    #[test]
    fn every_number_is_as_likely() {
        let mut draws = Draws::new(&[7; 32]);
        for bound in [1_u32, 2, 3, 5, 8, 1000] {
            let mut sum = 0_u64;
            for _ in 0..20_000 {
                let number = draws.below(bound);
                assert!(number < bound);
                sum += u64::from(number);
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (mean, want) = (sum as f64 / 20_000.0, f64::from(bound - 1) / 2.0);
            assert!((mean - want).abs() <= f64::from(bound) * 0.02, "{bound}: {mean}");
        }
    }
}
