//! Files of NumPy (`tests/data`, written by `scripts/golden/npy.py`) and files for it.

use std::io::Cursor;
use std::path::PathBuf;

use xp::npy::{NpyElement, NpzReader, NpzWriter, load, read, write};
use xp::prelude::*;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn file<T: NpyElement>(name: &str) -> xp::Result<Array<Cpu, T, Dyn>> {
    load(&Cpu, data(&format!("{name}.npy")))
}

const TABLE: [f64; 6] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25];

#[test]
fn files_of_numpy() {
    let rows = file::<f64>("rows").unwrap();
    assert_eq!((rows.dims(), rows.to_vec()), (&[2, 3][..], TABLE.to_vec()));
    let columns = file::<i32>("columns").unwrap();
    assert_eq!((columns.dims(), columns.to_vec()), (&[2, 3][..], vec![0, 1, 2, 0, 11, 12]));
    assert_eq!(columns.strides(), [1, 2], "column-major order is a transposed view");
    assert_eq!(file::<f32>("big_endian").unwrap().to_vec(), TABLE.map(|x| x as f32));
    let z = file::<Complex<f64>>("complex").unwrap().to_vec();
    assert_eq!(z, (0..6).map(|i| Complex::new(TABLE[i], TABLE[(i + 3) % 6])).collect::<Vec<_>>());
    assert_eq!(file::<bool>("flags").unwrap().to_vec(), TABLE.map(|x| x > 0.5));
    assert_eq!(file::<half::f16>("half").unwrap().to_vec(), TABLE.map(half::f16::from_f64));
    assert_eq!(file::<u8>("bytes").unwrap().to_vec(), [250, 251, 252, 253, 254, 255]);
    assert_eq!((file::<i64>("scalar").unwrap().item().unwrap(), file::<i64>("scalar").unwrap().ndim()), (-7, 0));
    assert_eq!(file::<u16>("empty").unwrap().dims(), [0, 3]);
}

#[test]
fn archives_of_numpy() {
    for name in ["compressed", "stored"] {
        let mut archive = NpzReader::open(data(&format!("{name}.npz"))).unwrap();
        assert_eq!(archive.get::<Cpu, f64>(&Cpu, "rows").unwrap().to_vec(), TABLE);
        assert!(archive.get::<Cpu, f32>(&Cpu, "rows").is_err());
        let missing = archive.get::<Cpu, f64>(&Cpu, "nothing").unwrap_err().to_string();
        assert!(missing.contains("nothing"), "{missing}");
    }
    assert_eq!(NpzReader::open(data("stored.npz")).unwrap().names(), ["flags", "rows"]);
}

#[test]
fn round_trips() {
    fn check<T: NpyElement>(x: &Array<Cpu, T, Ix3>) {
        for x in [x.clone(), x.t(), x.slice(s![..;-1, .., 1..]).unwrap()] {
            let mut bytes = vec![];
            write(&mut bytes, &x).unwrap();
            let y: Array<Cpu, T, _> = read(&Cpu, &bytes[..]).unwrap();
            assert_eq!((y.dims(), y.to_vec()), (x.dims(), x.to_vec()), "{}", T::DTYPE);
        }
    }
    let x = reshape(&arange(&Cpu, 0, 24, 1).unwrap(), [2, 3, 4]).unwrap();
    check(&x);
    check(&x.astype::<bool>());
    check(&x.astype::<u8>());
    check(&x.astype::<i64>());
    check(&x.astype::<f32>());
    check(&x.astype::<half::f16>());
    check(&x.astype::<Complex<f32>>());
    let mut writer = NpzWriter::new(Cursor::new(vec![]));
    writer.add("a", &x).unwrap();
    assert!(writer.add("a", &x).is_err(), "a name twice");
}

#[test]
fn what_is_refused() {
    let dtype = file::<f32>("rows").unwrap_err().to_string();
    assert!(dtype.contains("rows.npy") && dtype.contains("f8") && dtype.contains("float32"), "{dtype}");
    assert!(file::<i64>("objects").is_err());
    assert!(matches!(file::<i64>("no such file"), Err(xp::Error::Io { .. })));
    let mut bytes = vec![];
    write(&mut bytes, &array![1.0, 2.0]).unwrap();
    for cut in [0, 5, 20, bytes.len() - 1] {
        assert!(matches!(read::<Cpu, f64>(&Cpu, &bytes[..cut]), Err(xp::Error::Io { .. })), "{cut} bytes");
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len() - 16]).replace("(2,)", "(4611686018427387904,)");
    let huge = [bytes[..10].to_vec(), text.as_bytes()[text.len() - (bytes.len() - 26)..].to_vec()].concat();
    assert!(read::<Cpu, f64>(&Cpu, &huge[..]).is_err());
    assert!(NpzReader::new(Cursor::new(vec![1, 2, 3])).is_err());
}

/// Headers of little more than a hundred bytes took the parser minutes.
#[test]
fn nested_headers_are_refused_at_once() {
    let file = |descr: &str| {
        let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
        while !(header.len() + 11).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat()
    };
    assert_eq!(read::<Cpu, f64>(&Cpu, &file("'<f8'")[..]).unwrap().to_vec(), [0.0]);
    let deep = |open: &str, inner: &str, close: &str, n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    for descr in
        [deep("[('a', ", "'<f8'", ")]", 12), deep("[", "", "]", 24), deep("(", "'<f8'", ",)", 40), deep("{'a': ", "1", "}", 30), "(".repeat(60)]
    {
        let start = std::time::Instant::now();
        let error = read::<Cpu, f64>(&Cpu, &file(&descr)[..]).unwrap_err();
        assert!(matches!(error, xp::Error::Io { .. }) && error.to_string().contains("brackets"), "{error}");
        assert!(start.elapsed().as_secs() < 5, "{descr}");
    }
    let fields = read::<Cpu, f64>(&Cpu, &file("[('a', '<f8'), ('b', '<f8')]")[..]).unwrap_err().to_string();
    assert!(fields.contains("dtype") && fields.contains("float64"), "{fields}");
    let long = [b"\x93NUMPY\x02\x00", &u32::MAX.to_le_bytes()[..], b"{'descr'"].concat();
    assert!(read::<Cpu, f64>(&Cpu, &long[..]).unwrap_err().to_string().contains("4294967295"));
    assert!(read::<Cpu, f64>(&Cpu, &b"PK\x03\x04 this is an archive"[..]).unwrap_err().to_string().contains("NUMPY"));
}
