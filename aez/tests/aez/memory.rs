//! Memory: no allocation, nothing left behind, nothing printed.

use allocation_counter::measure;
use core::{
    mem::{ManuallyDrop, MaybeUninit},
    ptr,
};
use mixwell_aez::{Aez, Backend};

#[test]
fn nothing_allocates() {
    let mut message = [7; 3000];
    let counted = measure(|| {
        for backend in Backend::available() {
            let aez = Aez::with_backend(&[1; 48], backend).unwrap();
            assert_eq!(aez.backend(), backend);
            for length in [0, 1, 15, 16, 31, 32, 33, 63, 64, 100, 255, 500, 3000] {
                aez.encrypt(&[2; 16], &mut message[..length]);
                aez.decrypt(&[2; 16], &mut message[..length]);
            }
        }
        Aez::new(&[1; 48]).encrypt(&[2; 16], &mut message);
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(measure(|| drop(core::hint::black_box(Box::new(1)))).count_total, 1, "the counter counts");
}

/// A value contains the three parts of its key, in one byte order or the other, and after its drop
/// neither these nor their doubles.
#[test]
fn wiped_on_drop() {
    for (seed, backend) in (1_u8..).zip(Backend::available()) {
        // a different key each time, because a moved value may carry remains of another with it
        let key: [u8; 48] = core::array::from_fn(|i| (i as u8 ^ seed).wrapping_mul(73) ^ 0x2e);
        let parts: Vec<u128> = key.as_chunks().0.iter().map(|part| u128::from_be_bytes(*part)).collect();
        let (before, after) = bytes_around_drop(&key, backend);
        for part in &parts {
            assert!(holds(&before, *part), "{backend:?} holds its key");
            for part in [*part, part << 1, (part << 1) ^ 0x87] {
                assert!(!holds(&after, part), "{backend:?} leaves {part:x}");
            }
        }
    }
}

/// Whether the number, or half of it, is there in either byte order, or as words of the other
/// order.
fn holds(bytes: &[u8], number: u128) -> bool {
    let (big, little) = (number.to_be_bytes(), number.to_le_bytes());
    let [mut big_words, mut little_words] = [big, little];
    [&mut big_words, &mut little_words]
        .into_iter()
        .flat_map(|order| order.chunks_exact_mut(4))
        .for_each(<[u8]>::reverse);
    [big, little, big_words, little_words]
        .iter()
        .flat_map(|order| order.chunks_exact(8))
        .any(|half| bytes.windows(8).any(|part| part == half))
}

/// The bytes of a value before and after its drop.
fn bytes_around_drop(key: &[u8; 48], backend: Backend) -> (Vec<u8>, Vec<u8>) {
    // zeroed first, so that only padding bytes can be uninitialised
    let mut place = MaybeUninit::<ManuallyDrop<Aez>>::zeroed();
    place.write(ManuallyDrop::new(Aez::with_backend(key, backend).unwrap()));
    let before = bytes(&place);
    // SAFETY: the value was written just now and is not used again
    unsafe { ManuallyDrop::drop(place.assume_init_mut()) };
    (before, bytes(&place))
}

fn bytes<T>(place: &MaybeUninit<T>) -> Vec<u8> {
    let start = place.as_ptr().cast::<u8>();
    // volatile reads, byte by byte, so that padding is read as it is in memory
    // SAFETY: `offset` is within the value
    (0..size_of::<T>()).map(|offset| unsafe { ptr::read_volatile(start.add(offset)) }).collect()
}

#[test]
fn debug_shows_no_key() {
    for backend in Backend::available() {
        let shown = format!("{:?}", Aez::with_backend(&[0xab; 48], backend).unwrap());
        assert_eq!(shown, format!("Aez {{ backend: {backend:?}, .. }}"));
    }
}

#[test]
fn can_be_shared() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<Aez>();
    check::<Backend>();
}
