//! Files of NumPy's: whatever the bytes are, an array or an error, and an array is written as a file that reads back.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use xp::npy::{self, NpyElement};
use xp::{Array, Cpu, Element};

fn round_trip<T: NpyElement + Element>(data: &[u8]) {
    let Ok(x) = npy::read::<_, T>(&Cpu, data) else { return };
    let mut file = vec![];
    npy::write(&mut file, &x).expect("an array can be written");
    let back: Array<Cpu, T, _> = npy::read(&Cpu, &file[..]).expect("what was written can be read");
    // As text, so that NaN equals NaN.
    assert_eq!((x.dims(), format!("{:?}", x.to_vec())), (back.dims(), format!("{:?}", back.to_vec())));
}

fuzz_target!(|data: &[u8]| {
    round_trip::<bool>(data);
    round_trip::<i8>(data);
    round_trip::<i64>(data);
    round_trip::<u16>(data);
    round_trip::<f32>(data);
    round_trip::<f64>(data);
    if let Ok(mut archive) = npy::NpzReader::new(Cursor::new(data)) {
        let names: Vec<String> = archive.names();
        for name in names {
            let _ = archive.get::<_, f64>(&Cpu, &name);
        }
    }
});
