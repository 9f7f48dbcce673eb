//! The whole API takes nothing from the allocator.

use allocation_counter::measure;
use mixwell_aez::{Aez, Backend};

#[test]
fn nothing_allocates() {
    let mut message = [7; 3000];
    let counted = measure(|| {
        for backend in Backend::available() {
            let key = Aez::with_backend(&[1; 48], backend).unwrap();
            assert_eq!(key.backend(), backend);
            for len in [0, 1, 15, 16, 31, 32, 100, 255, 3000] {
                key.encrypt(&[2; 16], &mut message[..len]);
                key.decrypt(&[2; 16], &mut message[..len]);
            }
        }
        Aez::new(&[1; 48]).encrypt(&[2; 16], &mut message);
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(measure(|| drop(core::hint::black_box(Box::new(1)))).count_total, 1, "the counter counts");
}
