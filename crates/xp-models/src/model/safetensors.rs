//! The file format safetensors: eight bytes with the length of a header in JSON, the header, and the elements of all
//! tensors, one after the other, in little-endian order.
//!
//! Nothing that a file says is believed: no memory is reserved for more than has been read.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use xp_core::{DType, Element};

use super::json::{self, Json};

/// No header of a model comes near this length.
const LONGEST_HEADER: u64 = 1 << 20;

/// The member of the header that holds texts under names.
const METADATA: &str = "__metadata__";

/// Names in a header, and the dtypes they stand for.
const DTYPES: [(&str, DType); 13] = [
    ("BOOL", DType::Bool),
    ("I8", DType::I8),
    ("I16", DType::I16),
    ("I32", DType::I32),
    ("I64", DType::I64),
    ("U8", DType::U8),
    ("U16", DType::U16),
    ("U32", DType::U32),
    ("U64", DType::U64),
    ("F16", DType::F16),
    ("BF16", DType::BF16),
    ("F32", DType::F32),
    ("F64", DType::F64),
];

/// An array in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct File {
    pub metadata: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, Tensor>,
}

impl Tensor {
    pub fn new<T: Element>(shape: &[usize], values: &[T]) -> Self {
        Tensor { dtype: T::DTYPE, shape: shape.to_vec(), data: to_bytes(values) }
    }

    /// The elements, if they are of dtype `T` and none is an impossible boolean.
    pub fn values<T: Element>(&self) -> Option<Vec<T>> {
        if self.dtype == T::DTYPE { from_bytes(&self.data) } else { None }
    }
}

impl File {
    pub fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        // Large elements first: every tensor is aligned to its elements.
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, tensor)| core::cmp::Reverse(tensor.dtype.size()));
        let mut header = format!("{{\"{METADATA}\":{{");
        for (i, (name, text)) in self.metadata.iter().enumerate() {
            header.push_str(if i > 0 { "," } else { "" });
            json::push_text(&mut header, name);
            header.push(':');
            json::push_text(&mut header, text);
        }
        header.push('}');
        let mut start = 0;
        for (name, Tensor { dtype, shape, data }) in &tensors {
            let (end, dtype) = (start + data.len(), DTYPES.iter().find(|(_, d)| d == dtype).map_or("", |(name, _)| name));
            header.push(',');
            json::push_text(&mut header, name);
            header.push_str(&format!(":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"));
            start = end;
        }
        header.push('}');
        header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
        to.write_all(&(header.len() as u64).to_le_bytes())?;
        to.write_all(header.as_bytes())?;
        tensors.iter().try_for_each(|(_, tensor)| to.write_all(&tensor.data))
    }

    /// Reads a file up to its end, and no further.
    pub fn read(from: &mut impl Read) -> Result<Self, String> {
        let length = exactly(from, 8, "the length of its header")?;
        let length = u64::from_le_bytes(length.try_into().expect("eight bytes"));
        if length > LONGEST_HEADER {
            return Err(format!("it is no model: its header would have {length} bytes, and {LONGEST_HEADER} is the limit"));
        }
        let header = exactly(from, length, "its header")?;
        let header = String::from_utf8(header).map_err(|_| "its header is not UTF-8".to_string())?;
        let Json::Object(members) = json::parse(&header)? else { return Err("its header is not an object".into()) };
        let mut file = File::default();
        let mut places = vec![];
        for (name, value) in members {
            if name == METADATA {
                read_metadata(value, &mut file.metadata)?;
            } else {
                places.push((read_place(&name, value)?, name));
            }
        }
        places.sort_by_key(|(place, _)| (place.start, place.end));
        let mut position = 0;
        for (Place { dtype, shape, start, end }, name) in places {
            if start != position {
                return Err(format!("the data of {name} begin at byte {start}, and {position} is the next"));
            }
            position = end;
            let data = exactly(from, end - start, &format!("the data of {name}"))?;
            if file.tensors.insert(name.clone(), Tensor { dtype, shape, data }).is_some() {
                return Err(format!("it holds {name} twice"));
            }
        }
        Ok(file)
    }
}

/// `count` bytes. Memory grows with what is there.
fn exactly(from: &mut impl Read, count: u64, what: &str) -> Result<Vec<u8>, String> {
    let mut bytes = vec![];
    from.take(count).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 == count { Ok(bytes) } else { Err(format!("it ends after {} of {count} bytes of {what}", bytes.len())) }
}

fn read_metadata(value: Json, metadata: &mut BTreeMap<String, String>) -> Result<(), String> {
    let Json::Object(members) = value else { return Err(format!("{METADATA} is not an object")) };
    for (name, value) in members {
        let Json::Text(text) = value else { return Err(format!("{name} of {METADATA} is not a string")) };
        if metadata.insert(name.clone(), text).is_some() {
            return Err(format!("it holds {name} twice"));
        }
    }
    Ok(())
}

/// Where a tensor lies, and as what.
struct Place {
    dtype: DType,
    shape: Vec<usize>,
    start: u64,
    end: u64,
}

fn read_place(name: &str, value: Json) -> Result<Place, String> {
    let Json::Object(members) = value else { return Err(format!("{name} is not an object")) };
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    for (key, value) in members {
        match (&*key, value) {
            ("dtype", Json::Text(text)) => dtype = DTYPES.iter().find(|(name, _)| *name == text).map(|(_, dtype)| *dtype),
            ("shape", list) => shape = counts(list),
            ("data_offsets", list) => offsets = counts(list),
            _ => {}
        }
    }
    let dtype = dtype.ok_or_else(|| format!("the dtype of {name} is missing or unknown"))?;
    let shape = shape.ok_or_else(|| format!("the shape of {name} is missing or not a list of lengths"))?;
    let Some([start, end]) = offsets.and_then(|list| <[u64; 2]>::try_from(list).ok()) else {
        return Err(format!("data_offsets of {name} are missing or not two numbers"));
    };
    let size = shape.iter().try_fold(dtype.size() as u64, |product, &length| product.checked_mul(length));
    if end.checked_sub(start).is_none() || size != end.checked_sub(start) {
        return Err(format!("{name} has shape {shape:?} of {dtype}, which does not fill bytes {start} to {end}"));
    }
    let lengths = shape.iter().map(|&length| usize::try_from(length)).collect::<Result<_, _>>();
    Ok(Place { dtype, shape: lengths.map_err(|_| format!("{name} is too large"))?, start, end })
}

fn counts(value: Json) -> Option<Vec<u64>> {
    let Json::List(items) = value else { return None };
    items.into_iter().map(|item| if let Json::Count(n) = item { Some(n) } else { None }).collect()
}

/// Converts elements to bytes and back through their own dtype, which [`Element::cast`] leaves as it is.
macro_rules! by_dtype {
    ($($DType:ident => $T:ty,)*) => {
        fn to_bytes<T: Element>(values: &[T]) -> Vec<u8> {
            match T::DTYPE {
                DType::Bool => values.iter().map(|v| u8::from(v.is_truthy())).collect(),
                $(DType::$DType => values.iter().flat_map(|v| v.cast::<$T>().to_le_bytes()).collect(),)*
                DType::C64 | DType::C128 => unreachable!("no model has complex elements"),
            }
        }

        fn from_bytes<T: Element>(bytes: &[u8]) -> Option<Vec<T>> {
            match T::DTYPE {
                DType::Bool => bytes.iter().map(|&b| (b < 2).then(|| b.cast())).collect(),
                $(DType::$DType => {
                    let elements = bytes.as_chunks().0.iter();
                    Some(elements.map(|&bytes| <$T>::from_le_bytes(bytes).cast()).collect())
                })*
                DType::C64 | DType::C128 => None,
            }
        }
    };
}
by_dtype! {
    I8 => i8, I16 => i16, I32 => i32, I64 => i64,
    U8 => u8, U16 => u16, U32 => u32, U64 => u64,
    F16 => half::f16, BF16 => half::bf16, F32 => f32, F64 => f64,
}
