//! Kernels that do not depend on an expression: scans, sorting, searching, moving elements by index.
//!
//! Every function queues its launches and returns. Elements are moved as bits, whatever they are; what computes or compares is
//! compiled for each dtype.

use xp_core::backend::{Lanes, Scan};
use xp_core::{DType, Result};

use crate::device::Device;
use crate::expression::check_count;
use crate::kernel::{Access, Source, THREADS};
use crate::memory::Memory;
use crate::queue::Arguments;
use crate::wgsl::{self, base, convert, copy, load, load_written, memory_words, register, store};

/// The beginning of a kernel with one thread for each item, of which there are `p[0]`.
pub(crate) const ITEMS: &str = "@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  let item = group * 256u + thread;
";

/// Runs a kernel with one thread for each of `n` items.
pub(crate) fn run(
    device: &Device,
    name: &str,
    n: usize,
    arguments: &[usize],
    memory: &[&wgpu::Buffer],
    source: impl FnOnce() -> Source,
) -> Result<()> {
    check_count(device, n, name)?;
    let kernel = device.named(name, source)?;
    let mut all = Arguments::default();
    all.push(n);
    arguments.iter().for_each(|&x| _ = all.push(x));
    device.launch(&kernel, n.div_ceil(THREADS), &all, memory)
}

/// Runs a kernel with this many groups of threads.
fn run_groups(
    device: &Device,
    name: &str,
    groups: usize,
    arguments: &[usize],
    memory: &[&wgpu::Buffer],
    source: impl FnOnce() -> Source,
) -> Result<()> {
    let kernel = device.named(name, source)?;
    let mut all = Arguments::default();
    all.push(groups);
    arguments.iter().for_each(|&x| _ = all.push(x));
    device.launch(&kernel, groups, &all, memory)
}

pub(crate) fn dtype_name(dtype: DType) -> &'static str {
    wgsl::name(dtype).unwrap_or("none")
}

// ---- scans ----

/// Elements of a lane that a group of threads takes.
const TILE: usize = 1024;

/// Cumulative sums or products along lanes, carried in the base dtype: `f32` for halves.
pub(crate) fn scan(device: &Device, op: Scan, dtype: DType, x: &wgpu::Buffer, lanes: Lanes) -> Result<Memory> {
    scan_of(device, op, [dtype, dtype], x, lanes)
}

/// Scans of elements of one dtype, taken as another.
fn scan_of(device: &Device, op: Scan, [of, dtype]: [DType; 2], x: &wgpu::Buffer, lanes: Lanes) -> Result<Memory> {
    let Lanes { outer, len, inner } = lanes;
    let (rows, what) = (outer * inner, "scan");
    check_count(device, lanes.size(), what)?;
    let out = Memory::new(device, memory_words(dtype, lanes.size()), what)?;
    if lanes.size() == 0 {
        return Ok(out);
    }
    let (wide, name) = (base(dtype), if of == dtype { dtype_name(dtype).into() } else { format!("{} as {}", dtype_name(of), dtype_name(dtype)) });
    let read = convert(of, dtype, &load(of, "a", "at"));
    let (combine, start) = match op {
        Scan::Sum => (format!("op_add_{}", dtype_name(wide)), "0"),
        Scan::Prod => (format!("op_multiply_{}", dtype_name(wide)), "1"),
    };
    let t = register(dtype);
    let identity = if wide == DType::C64 { format!("vec2<f32>({start}.0, 0.0)") } else { format!("{t}({start})") };
    // The place of element `i` of a row.
    let place = "fn place(row: u32, i: u32, len: u32, inner: u32) -> u32 { return (row / inner * len + i) * inner + row % inner; }\n";
    let write = |value: &str| format!("let result = {}; {}", wgsl::narrowed(dtype, value), store(dtype, "o", "at", "result"));
    if len <= TILE || rows >= 4096 {
        let name = format!("scan {op:?} of {name}, a thread for each lane");
        return run(device, &name, rows, &[len, inner], &[out.buffer(), x], || {
            let body = format!(
                "{place}{ITEMS}  if (item >= p[0]) {{ return; }}\n  var acc = {identity};\n  for (var i = 0u; i < p[1]; i++) {{\n    \
                 let at = place(item, i, p[1], p[2]);\n    let x = {};\n    if (i == 0u) {{ acc = x; }} else {{ acc = {combine}(acc, x); }}\n    {}\n  }}\n}}\n",
                read,
                write("acc"),
            );
            Source::new(what, body).elements("o", dtype.size(), Access::Write).binding("a", Access::Read)
        })
        .map(|()| out);
    }
    // The total of every tile, scans of these along the lanes, and the tiles from there.
    let tiles = len.div_ceil(TILE);
    let totals = Memory::new(device, memory_words(wide, rows * tiles), what)?;
    // Hillis and Steele's scan of what each thread has of four elements.
    let tile = format!(
        "var<workgroup> sums: array<{t}, 512>;\n{place}{ITEMS}  let row = group / p[3];\n  let first = (group % p[3]) * 1024u + thread * 4u;\n  \
         if (group >= p[0]) {{ return; }}\n  var sum = {identity};\n  var values = array<{t}, 4>({identity}, {identity}, {identity}, {identity});\n  \
         for (var k = 0u; k < 4u; k++) {{\n    if (first + k < p[1]) {{\n      let at = place(row, first + k, p[1], p[2]);\n      let x = {};\n      \
         if (k == 0u) {{ sum = x; }} else {{ sum = {combine}(sum, x); }}\n    }}\n    values[k] = sum;\n  }}\n  var side = 0u;\n  sums[thread] = sum;\n  \
         workgroupBarrier();\n  for (var distance = 1u; distance < 256u; distance = distance * 2u) {{\n    let own = sums[side + thread];\n    \
         if (thread >= distance) {{ sums[256u - side + thread] = {combine}(sums[side + thread - distance], own); }} else {{ sums[256u - side + thread] = own; }}\n    \
         side = 256u - side;\n    workgroupBarrier();\n  }}\n",
        read,
    );
    let sums = format!("scan {op:?} of {name}, totals of tiles");
    run_groups(device, &sums, rows * tiles, &[len, inner, tiles], &[totals.buffer(), x], || {
        let body = format!("{tile}  let total = sums[side + 255u];\n  if (thread == 0u) {{ {} }}\n}}\n", store(wide, "o", "group", "total"));
        Source::new(what, body).binding("o", Access::Write).binding("a", Access::Read)
    })?;
    let before = scan(device, op, wide, totals.buffer(), Lanes { outer: rows, len: tiles, inner: 1 })?;
    let finish = format!("scan {op:?} of {name}, from totals");
    run_groups(device, &finish, rows * tiles, &[len, inner, tiles], &[out.buffer(), x, before.buffer()], || {
        let body = format!(
            "{tile}  for (var k = 0u; k < 4u; k++) {{\n    if (first + k < p[1]) {{\n      var acc = values[k];\n      \
             if (thread > 0u) {{ acc = {combine}(sums[side + thread - 1u], acc); }}\n      if (group % p[3] > 0u) {{ let before = {}; acc = {combine}(before, acc); }}\n      \
             let at = place(row, first + k, p[1], p[2]);\n      {}\n    }}\n  }}\n}}\n",
            load(wide, "b", "(group - 1u)"),
            write("acc"),
        );
        Source::new(what, body).elements("o", dtype.size(), Access::Write).binding("a", Access::Read).binding("b", Access::Read)
    })?;
    Ok(out)
}

// ---- sorting ----

/// The type of the keys of a dtype: unsigned integers that are ordered as the elements are, and a function that makes them.
/// Both zeros are equal, every NaN comes after infinity.
fn keys(dtype: DType) -> (&'static str, String) {
    let t = register(dtype);
    match base(dtype) {
        DType::I32 => ("u32", format!("fn key(x: {t}) -> u32 {{ return bitcast<u32>(x) ^ 0x80000000u; }}\n")),
        DType::U32 => ("u32", format!("fn key(x: {t}) -> u32 {{ return x; }}\n")),
        DType::I64 => ("u64", format!("fn key(x: {t}) -> u64 {{ return bitcast<u64>(x) ^ join_words(0u, 0x80000000u); }}\n")),
        DType::U64 => ("u64", format!("fn key(x: {t}) -> u64 {{ return x; }}\n")),
        _ => (
            "u32",
            format!(
                "fn key(x: {t}) -> u32 {{\n  let b = bitcast<u32>(x);\n  if ((b & 0x7fffffffu) > 0x7f800000u) {{ return 0xffffffffu; }}\n  \
                 if ((b & 0x7fffffffu) == 0u) {{ return 0x80000000u; }}\n  return select(b | 0x80000000u, ~b, b >= 0x80000000u);\n}}\n"
            ),
        ),
    }
}

/// Positions that sort the lanes, which lie one behind the other in the result: `rows` of `len` words.
///
/// Tiles of 256 elements are sorted by a group of threads each, then runs are merged in pairs: an element finds its place by
/// counting, in the other run, what comes before it. What is equal stays in order.
pub(crate) fn order(device: &Device, dtype: DType, x: &wgpu::Buffer, lanes: Lanes, descending: bool) -> Result<Memory> {
    let (rows, len) = (lanes.outer * lanes.inner, lanes.len);
    let (what, n) = ("sort", lanes.size());
    check_count(device, n, what)?;
    let (key, function) = keys(dtype);
    let of = if key == "u32" { DType::U32 } else { DType::U64 };
    let words = wgsl::words(of);
    let make = || -> Result<[Memory; 2]> { Ok([Memory::new(device, n * words, what)?, Memory::new(device, n, what)?]) };
    let mut now = make()?;
    if n == 0 {
        return Ok(now.into_iter().nth(1).expect("two pieces of memory"));
    }
    let tiles = len.div_ceil(THREADS);
    let name = format!("sort tiles of {}", dtype_name(dtype));
    run_groups(device, &name, rows * tiles, &[len, lanes.inner, tiles, usize::from(descending)], &[now[0].buffer(), now[1].buffer(), x], || {
        let body = format!(
            "var<workgroup> k: array<{key}, 256>;\nvar<workgroup> v: array<u32, 256>;\n{function}{ITEMS}  if (group >= p[0]) {{ return; }}\n  \
             let row = group / p[3];\n  let start = (group % p[3]) * 256u;\n  let count = min(256u, p[1] - start);\n  let inside = thread < count;\n  \
             var own = {key}(0u);\n  var origin = start + thread;\n  if (inside) {{\n    let at = (row / p[2] * p[1] + origin) * p[2] + row % p[2];\n    \
             own = key({});\n    if (p[4] == 1u) {{ own = ~own; }}\n    k[thread] = own;\n    v[thread] = origin;\n  }}\n  workgroupBarrier();\n  \
             for (var width = 1u; width < 256u; width = width * 2u) {{\n    var to = thread;\n    if (inside) {{\n      own = k[thread];\n      origin = v[thread];\n      \
             let left = thread % (2u * width) < width;\n      let begin = thread / width * width;\n      let other = select(begin - width, begin + width, left);\n      \
             var low = min(other, count);\n      var high = min(other + width, count);\n      loop {{\n        if (low >= high) {{ break; }}\n        let middle = (low + high) / 2u;\n        \
             if (k[middle] < own || (!left && k[middle] == own)) {{ low = middle + 1u; }} else {{ high = middle; }}\n      }}\n      \
             to = min(begin, other) + (thread - begin) + (low - min(other, count));\n    }}\n    workgroupBarrier();\n    if (inside) {{ k[to] = own; v[to] = origin; }}\n    workgroupBarrier();\n  }}\n  \
             if (inside) {{\n    let to = row * p[1] + start + thread;\n    own = k[thread];\n    {}\n    index[to] = v[thread];\n  }}\n}}\n",
            load(dtype, "a", "at"),
            store(of, "o", "to", "own"),
        );
        Source::new(what, body).binding("o", Access::Write).binding("index", Access::Write).binding("a", Access::Read)
    })?;
    let mut width = THREADS;
    let mut next = if width < len { Some(make()?) } else { None };
    while width < len {
        let to = next.as_ref().expect("made above");
        let memory = [to[0].buffer(), to[1].buffer(), now[0].buffer(), now[1].buffer()];
        run(device, &format!("merge runs of {key}"), n, &[len, width], &memory, || {
            let read = |at: &str| load(of, "a", at);
            let body = format!(
                "{ITEMS}  if (item >= p[0]) {{ return; }}\n  let row = item / p[1] * p[1];\n  let at = item - row;\n  let width = p[2];\n  let own = {};\n  \
                 let left = at % (2u * width) < width;\n  let begin = at / width * width;\n  let other = min(select(begin - width, begin + width, left), p[1]);\n  \
                 var low = other;\n  var high = min(other + width, p[1]);\n  loop {{\n    if (low >= high) {{ break; }}\n    let middle = low + (high - low) / 2u;\n    \
                 let key = {};\n    if (key < own || (!left && key == own)) {{ low = middle + 1u; }} else {{ high = middle; }}\n  }}\n  \
                 let to = row + min(begin, other) + (at - begin) + (low - other);\n  {}\n  index[to] = b[item];\n}}\n",
                read("item"),
                read("(row + middle)"),
                store(of, "o", "to", "own"),
            );
            Source::new(what, body).binding("o", Access::Write).binding("index", Access::Write).binding("a", Access::Read).binding("b", Access::Read)
        })?;
        let before = std::mem::replace(&mut now, next.take().expect("made above"));
        next = Some(before);
        width *= 2;
    }
    Ok(now.into_iter().nth(1).expect("two pieces of memory"))
}

/// The order of lanes as an array of positions in the lanes' own layout.
pub(crate) fn argsort(device: &Device, dtype: DType, x: &wgpu::Buffer, lanes: Lanes, descending: bool) -> Result<Memory> {
    let order = order(device, dtype, x, lanes, descending)?;
    let out = Memory::new(device, lanes.size() * 2, "argsort")?;
    run(device, "positions in lanes", lanes.size(), &[lanes.len, lanes.inner], &[out.buffer(), order.buffer()], || {
        let body = format!(
            "{ITEMS}  if (item >= p[0]) {{ return; }}\n  let i = item / p[2] % p[1];\n  let row = item / (p[1] * p[2]) * p[2] + item % p[2];\n  \
             o[2u * item] = a[row * p[1] + i];\n  o[2u * item + 1u] = 0u;\n}}\n"
        );
        Source::new("argsort", body).binding("o", Access::Write).binding("a", Access::Read)
    })?;
    Ok(out)
}

/// The lanes, sorted.
pub(crate) fn sort(device: &Device, dtype: DType, x: &wgpu::Buffer, lanes: Lanes, descending: bool) -> Result<Memory> {
    let order = order(device, dtype, x, lanes, descending)?;
    let size = dtype.size();
    let out = Memory::new(device, memory_words(dtype, lanes.size()), "sort")?;
    run(device, &format!("sorted lanes of {size} bytes"), lanes.size(), &[lanes.len, lanes.inner], &[out.buffer(), x, order.buffer()], || {
        let body = format!(
            "{ITEMS}  if (item >= p[0]) {{ return; }}\n  let i = item / p[2] % p[1];\n  let outer = item / (p[1] * p[2]);\n  let inner = item % p[2];\n  \
             let origin = (outer * p[1] + b[(outer * p[2] + inner) * p[1] + i]) * p[2] + inner;\n{}}}\n",
            copy(size, "item", "origin")
        );
        Source::new("sort", body).elements("o", size, Access::Write).binding("a", Access::Read).binding("b", Access::Read)
    })?;
    Ok(out)
}

/// The positions at which queries go into a sorted vector: before equal elements, or after them if `right`.
pub(crate) fn search(device: &Device, dtype: DType, sorted: (&wgpu::Buffer, usize), queries: (&wgpu::Buffer, usize), right: bool) -> Result<Memory> {
    let out = Memory::new(device, queries.1 * 2, "searchsorted")?;
    check_count(device, sorted.1, "searchsorted")?;
    let name = format!("searchsorted of {}", dtype_name(dtype));
    run(device, &name, queries.1, &[sorted.1, usize::from(right)], &[out.buffer(), sorted.0, queries.0], || {
        let body = format!(
            "{}{ITEMS}  if (item >= p[0]) {{ return; }}\n  let query = key({});\n  var low = 0u;\n  var high = p[1];\n  loop {{\n    if (low >= high) {{ break; }}\n    \
             let middle = low + (high - low) / 2u;\n    let x = key({});\n    if (x < query || (p[2] == 1u && x == query)) {{ low = middle + 1u; }} else {{ high = middle; }}\n  }}\n  \
             o[2u * item] = low;\n  o[2u * item + 1u] = 0u;\n}}\n",
            keys(dtype).1,
            load(dtype, "b", "item"),
            load(dtype, "a", "middle"),
        );
        Source::new("searchsorted", body).binding("o", Access::Write).binding("a", Access::Read).binding("b", Access::Read)
    })?;
    Ok(out)
}

// ---- moving by index ----

/// The place that an index means in an axis of `len` elements, or `0xffffffff` for one out of range, which is noted.
const RESOLVE: &str = "fn resolve(low: u32, high: u32, len: u32) -> u32 {
  let index = bitcast<i64>(join_words(low, high));
  var at = index;
  if (index < i64(0)) { at = index + i64(len); }
  if (at < i64(0) || at >= i64(len)) {
    if (atomicOr(&fault[0], 1u) == 0u) { atomicStore(&fault[1], low); atomicStore(&fault[2], high); atomicStore(&fault[3], len); }
    return 0xffffffffu;
  }
  return low_word(bitcast<u64>(at));
}
";

/// Elements of lanes at indices, the same for every lane, or one list per lane.
pub(crate) fn take(
    device: &Device,
    dtype: DType,
    x: &wgpu::Buffer,
    lanes: Lanes,
    indices: &wgpu::Buffer,
    count: usize,
    per_lane: bool,
) -> Result<Memory> {
    let n = lanes.with_len(count)?;
    check_count(device, lanes.size(), "take")?;
    let out = Memory::new(device, memory_words(dtype, n), "take")?;
    let fault = device.fault();
    let size = dtype.size();
    let name = format!("take {size} bytes{}", if per_lane { " by lane" } else { "" });
    run(device, &name, n, &[lanes.len, lanes.inner, count], &[out.buffer(), x, indices, &fault], || {
        let index = if per_lane { "item" } else { "j" };
        let body = format!(
            "{RESOLVE}{ITEMS}  if (item >= p[0]) {{ return; }}\n  let inner = item % p[2];\n  let lane = item / p[2];\n  let outer = lane / p[3];\n  let j = lane % p[3];\n  \
             let at = resolve(b[2u * {index}], b[2u * {index} + 1u], p[1]);\n  if (at == 0xffffffffu) {{ return; }}\n  let origin = (outer * p[1] + at) * p[2] + inner;\n{}}}\n",
            copy(size, "item", "origin")
        );
        Source::new("take", body).elements("o", size, Access::Write).binding("a", Access::Read).binding("b", Access::Read).typed(
            "fault",
            "array<atomic<u32>>",
            Access::Write,
        )
    })?;
    Ok(out)
}

/// The elements whose mask holds, and their number, which the host waits for.
pub(crate) fn compress(device: &Device, dtype: DType, x: &wgpu::Buffer, mask: &wgpu::Buffer, n: usize) -> Result<(Memory, usize)> {
    if n == 0 {
        return Ok((Memory::new(device, 0, "compress")?, 0));
    }
    let places = scan_of(device, Scan::Sum, [DType::Bool, DType::U32], mask, Lanes { outer: 1, len: n, inner: 1 })?;
    let count = device.read(places.buffer(), n - 1, 1, "compress")?[0] as usize;
    let (out, size) = (Memory::new(device, memory_words(dtype, count), "compress")?, dtype.size());
    run(device, &format!("compress {size} bytes"), n, &[], &[out.buffer(), x, mask, places.buffer()], || {
        let body = format!(
            "{ITEMS}  if (item >= p[0]) {{ return; }}\n  if (!{}) {{ return; }}\n  let to = c[item] - 1u;\n{}}}\n",
            load(DType::Bool, "b", "item"),
            copy(size, "to", "item")
        );
        Source::new("compress", body)
            .elements("o", size, Access::Write)
            .binding("a", Access::Read)
            .binding("b", Access::Read)
            .binding("c", Access::Read)
    })?;
    Ok((out, count))
}

/// Writes `values` to the places that indices mean in the lanes of `x`, in the order of the indices, or adds them. The places
/// are sorted first, so that what is written does not depend on chance; nothing is when an index is out of range.
pub(crate) fn put(
    device: &Device,
    dtype: DType,
    x: &Memory,
    lanes: Lanes,
    (indices, count): (&wgpu::Buffer, usize),
    values: &wgpu::Buffer,
    add: bool,
) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let places = Memory::new(device, count, "put")?;
    let fault = device.fault();
    run(device, "places of indices", count, &[lanes.len], &[places.buffer(), indices, &fault], || {
        let body = format!("{RESOLVE}{ITEMS}  if (item >= p[0]) {{ return; }}\n  o[item] = resolve(a[2u * item], a[2u * item + 1u], p[1]);\n}}\n");
        Source::new("put", body).binding("o", Access::Write).binding("a", Access::Read).typed("fault", "array<atomic<u32>>", Access::Write)
    })?;
    let order = order(device, DType::U32, places.buffer(), Lanes { outer: 1, len: count, inner: 1 }, false)?;
    if add {
        return put_add(device, dtype, x, lanes, (&places, &order, count), values);
    }
    let size = dtype.size();
    let memory = [x.buffer(), values, order.buffer(), places.buffer()];
    // Of a run of equal places the last value stays.
    run(device, &format!("put {size} bytes"), lanes.with_len(count)?, &[lanes.len, lanes.inner, count], &memory, || {
        let body = format!(
            "{ITEMS}  if (item >= p[0]) {{ return; }}\n  let count = p[3];\n  if (c[b[count - 1u]] == 0xffffffffu) {{ return; }}\n  let inner = item % p[2];\n  \
             let lane = item / p[2];\n  let outer = lane / count;\n  let k = lane % count;\n  let place = c[b[k]];\n  let to = (outer * p[1] + place) * p[2] + inner;\n  \
             if (k + 1u < count && c[b[k + 1u]] == place) {{ return; }}\n  let origin = (outer * count + b[k]) * p[2] + inner;\n{}}}\n",
            copy(size, "to", "origin")
        );
        Source::new("put", body).elements("o", size, Access::Write).binding("a", Access::Read).binding("b", Access::Read).binding("c", Access::Read)
    })
}

/// Values that a thread of [`put_add`] adds.
const RUN: usize = 16;

/// Sums of runs of equal places, [`RUN`] values to a thread. A run that ends among them is added to its element, by this thread
/// alone; the last one, which may go on, is carried to another launch, where there is one value for each thread of this one. So
/// few places make no long sums of one thread, and the order of every sum depends on the sizes alone.
fn put_add(
    device: &Device,
    dtype: DType,
    x: &Memory,
    lanes: Lanes,
    (places, order, count): (&Memory, &Memory, usize),
    values: &wgpu::Buffer,
) -> Result<()> {
    let wide = base(dtype);
    let (mut places, mut order, mut values, mut count) = (places.buffer().clone(), Some(order.buffer().clone()), values.clone(), count);
    // What one launch reads must not be given to it once more to write.
    let mut alive = vec![];
    loop {
        let chunks = count.div_ceil(RUN);
        let n = lanes.with_len(chunks)?;
        let carried = Memory::new(device, chunks, "put")?;
        let carry = Memory::new(device, memory_words(wide, n), "put")?;
        let of = if order.is_some() { dtype } else { wide };
        let name = format!("put_add of {}, {}", dtype_name(dtype), if order.is_some() { "values" } else { "carried sums" });
        let memory: Vec<&wgpu::Buffer> = [x.buffer(), &values, &places, carried.buffer(), carry.buffer()].into_iter().chain(order.as_ref()).collect();
        run(device, &name, n, &[lanes.len, lanes.inner, count, chunks], &memory, || {
            let sorted = order.is_some();
            let at = |k: &str| if sorted { format!("b[{k}]") } else { k.to_owned() };
            let place = |k: &str| format!("c[{}]", at(k));
            let value = |k: &str| load(of, "a", &format!("((outer * count + {}) * p[2] + inner)", at(k)));
            let sum = |x: &str, y: &str| format!("op_add_{}({x}, {y})", dtype_name(wide));
            let body = format!(
                "{ITEMS}  if (item >= p[0]) {{ return; }}\n  let count = p[3];\n  let inner = item % p[2];\n  let lane = item / p[2];\n  let outer = lane / p[4];\n  \
                 let chunk = lane % p[4];\n  let fails = {} == 0xffffffffu;\n  let end = min(chunk * 16u + 16u, count);\n  var k = chunk * 16u;\n  loop {{\n    \
                 if (k >= end) {{ break; }}\n    let place = {};\n    var sum = {};\n    k += 1u;\n    loop {{\n      if (k >= end) {{ break; }}\n      if ({} != place) {{ break; }}\n      \
                 let next = {};\n      sum = {};\n      k += 1u;\n    }}\n    if (k == end && p[4] > 1u) {{\n      {}\n      if (outer == 0u && inner == 0u) {{ carried[chunk] = place; }}\n    }} else if (!fails) {{\n      \
                 let to = (outer * p[1] + place) * p[2] + inner;\n      let before = {};\n      let result = {};\n      {}\n    }}\n  }}\n}}\n",
                place("count - 1u"),
                place("k"),
                value("k"),
                place("k"),
                value("k"),
                sum("sum", "next"),
                store(wide, "carry", "item", "sum"),
                load_written(dtype, "o", "to"),
                wgsl::narrowed(dtype, &sum("before", "sum")),
                store(dtype, "o", "to", "result"),
            );
            let source = Source::new("put", body)
                .elements("o", dtype.size(), Access::Write)
                .binding("a", Access::Read)
                .binding("c", Access::Read)
                .binding("carried", Access::Write)
                .binding("carry", Access::Write);
            if sorted { source.binding("b", Access::Read) } else { source }
        })?;
        if chunks == 1 {
            return Ok(());
        }
        (places, order, values, count) = (carried.buffer().clone(), None, carry.buffer().clone(), chunks);
        alive.extend([carried, carry]);
    }
}
