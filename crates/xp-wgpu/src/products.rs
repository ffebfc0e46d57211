//! Products of matrices of any strides, for every numeric dtype, and of a matrix with its own adjoint.

use xp_core::{DType, Result};

use crate::device::Device;
use crate::expression::check_count;
use crate::kernel::{Access, Source, THREADS};
use crate::memory::Memory;
use crate::operations::{ITEMS, dtype_name, run};
use crate::queue::Arguments;
use crate::wgsl::{self, base, load, register, store};

/// Rows and columns of the part of a product that a group of 16 x 16 threads computes: 4 x 4 elements each, or 2 x 2 where they are complex.
fn block(dtype: DType) -> usize {
    if dtype == DType::C64 { 32 } else { 64 }
}

/// What a stack of matrices is: memory, and the strides of rows and columns.
pub(crate) struct Matrices<'a> {
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) strides: [isize; 2],
}

/// Terms of a sum that one thread adds: drivers end long loops, and sums of few elements need many threads.
const DEPTHS: [usize; 2] = [1 << 14, 1 << 9];

/// Products `[m, k] @ [k, n]` of the matrices that begin at pairs of places, one after the other from `offset` on in `out`.
/// Sums of many terms are cut, and the pieces are added in a second launch.
pub(crate) fn matmul(
    device: &Device,
    dtype: DType,
    [a, b]: [&Matrices<'_>; 2],
    [m, k, n]: [usize; 3],
    batches: &[[usize; 2]],
    (out, offset): (&Memory, usize),
) -> Result<()> {
    product(device, dtype, Form::Any, [a, b], [m, k, n], batches, (out, offset))
}

/// The product `X^H X` of a matrix of `k` rows and `n` columns, exactly Hermitian: the tiles of one triangle are computed, and written twice.
pub(crate) fn gram(device: &Device, dtype: DType, x: &Matrices<'_>, [k, n]: [usize; 2], start: usize, out: &Memory) -> Result<()> {
    let adjoint = Matrices { buffer: x.buffer, strides: [x.strides[1], x.strides[0]] };
    product(device, dtype, Form::Gram, [&adjoint, x], [n, k, n], &[[start, start]], (out, 0))
}

/// What is multiplied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Two matrices.
    Any,
    /// The conjugate of the first one with the second one, which is its transpose.
    Gram,
}

impl Form {
    /// The first factor's element.
    fn left(self, dtype: DType, x: &str) -> String {
        if self == Form::Gram && dtype == DType::C64 { format!("op_conj_c64({x})") } else { x.to_owned() }
    }
}

fn product(
    device: &Device,
    dtype: DType,
    form: Form,
    [a, b]: [&Matrices<'_>; 2],
    [m, k, n]: [usize; 3],
    batches: &[[usize; 2]],
    (out, offset): (&Memory, usize),
) -> Result<()> {
    if m * n == 0 || batches.is_empty() {
        return Ok(());
    }
    // Products with few rows or columns: a thread for each element and piece, instead of blocks that would be empty.
    let thin = m.min(n) <= 4;
    let depth = DEPTHS[usize::from(thin)];
    let pieces = k.div_ceil(depth).max(1);
    let one = m.saturating_mul(n).saturating_mul(batches.len());
    check_count(device, one.saturating_mul(pieces), "matmul")?;
    // Where each piece begins in both operands, and its depth.
    let mut starts = Vec::with_capacity(3 * pieces * batches.len());
    for piece in 0..pieces {
        for &[left, right] in batches {
            let from = piece * depth;
            let at = |start: usize, stride: isize| start.wrapping_add_signed(from as isize * stride) as u32;
            starts.extend([at(left, a.strides[1]), at(right, b.strides[0]), depth.min(k - from) as u32]);
        }
    }
    let memory = Memory::new(device, starts.len(), "matmul")?;
    device.write(bytemuck::cast_slice(&starts), memory.buffer());
    let wide = base(dtype);
    let partial = if pieces > 1 { Some(Memory::new(device, wgsl::memory_words(wide, one * pieces), "matmul")?) } else { None };
    let to = if partial.is_some() { wide } else { dtype };
    let what = match form {
        Form::Any => "matmul",
        Form::Gram => "gram",
    };
    let name = format!("{}{what} of {} to {}", if thin { "thin " } else { "" }, dtype_name(dtype), dtype_name(to));
    let kernel = device.named(&name, || if thin { thin_source(dtype, to, form) } else { product_source(dtype, to, form) })?;
    let [down, across] = [m, n].map(|side| side.div_ceil(block(dtype)));
    let blocks = match form {
        _ if thin => (m * n).div_ceil(THREADS),
        Form::Any => down * across,
        Form::Gram => down * (down + 1) / 2,
    };
    let mut arguments = Arguments::default();
    arguments.push(blocks).push(m).push(0).push(n).push(if partial.is_some() { 0 } else { offset }).push(batches.len() * pieces);
    [a.strides, b.strides].as_flattened().iter().for_each(|&x| _ = arguments.push_signed(x));
    let target = partial.as_ref().unwrap_or(out);
    device.launch(&kernel, blocks * batches.len() * pieces, &arguments, &[target.buffer(), a.buffer, b.buffer, memory.buffer()])?;
    let Some(partial) = partial else { return Ok(()) };
    run(device, &format!("sum of products of {}", dtype_name(dtype)), one, &[pieces, offset], &[out.buffer(), partial.buffer()], || {
        let body = format!(
            "{ITEMS}  if (item >= p[0]) {{ return; }}\n  var sum = {};\n  for (var k = 1u; k < p[1]; k++) {{ let x = {}; sum = op_add_{}(sum, x); }}\n  \
             let result = {};\n  let to = p[2] + item;\n  {}\n}}\n",
            load(wide, "a", "item"),
            load(wide, "a", "(k * p[0] + item)"),
            dtype_name(wide),
            wgsl::narrowed(dtype, "sum"),
            store(dtype, "o", "to", "result"),
        );
        Source::new("matmul", body).elements("o", dtype.size(), Access::Write).binding("a", Access::Read)
    })
}

/// A thread for each element of a product.
fn thin_source(dtype: DType, to: DType, form: Form) -> Source {
    let wide = dtype_name(base(dtype));
    let zero = if dtype == DType::C64 { "vec2<f32>(0.0, 0.0)".into() } else { format!("{}(0)", register(dtype)) };
    let body = format!(
        "{ITEMS}  let batch = group / p[0];
  let e = (group % p[0]) * 256u + thread;
  if (batch >= p[5] || e >= p[1] * p[3]) {{ return; }}
  let row = e / p[3];
  let column = e % p[3];
  var sum = {zero};
  for (var l = 0u; l < d[3u * batch + 2u]; l++) {{
    let x = {};
    let y = {};
    sum = op_add_{wide}(sum, op_multiply_{wide}(x, y));
  }}
  let to = p[4] + batch * p[1] * p[3] + e;
  let result = {};
  {}
}}
",
        form.left(dtype, &load(dtype, "a", "u32(bitcast<i32>(d[3u * batch]) + i32(row) * s(6u) + i32(l) * s(7u))")),
        load(dtype, "b", "u32(bitcast<i32>(d[3u * batch + 1u]) + i32(l) * s(8u) + i32(column) * s(9u))"),
        wgsl::narrowed(to, "sum"),
        store(to, "o", "to", "result"),
    );
    Source::new("matmul", body)
        .elements("o", to.size(), Access::Write)
        .binding("a", Access::Read)
        .binding("b", Access::Read)
        .binding("d", Access::Read)
}

/// Pieces of both operands, 16 deep, go through memory that the threads of a group share. Every element is a sum in the order
/// of its terms.
fn product_source(dtype: DType, to: DType, form: Form) -> Source {
    let (t, wide) = (register(dtype), dtype_name(base(dtype)));
    let zero = if dtype == DType::C64 { "vec2<f32>(0.0, 0.0)".into() } else { format!("{t}(0)") };
    let side = block(dtype);
    let (each, shared) = (side / 16, 16 * side);
    let own = each * each;
    // Where the block is; what is beside one triangle, and its mirror image.
    let (place, half, mirror) = match form {
        Form::Any => (
            format!(
                "  let across = (p[3] + {side}u - 1u) / {side}u;\n  let block = group % p[0];\n  let row = block / across * {side}u;\n  \
                 let column = block % across * {side}u;\n"
            ),
            "",
            String::new(),
        ),
        Form::Gram => (
            format!(
                "  var row = 0u;\n  var column = group % p[0];\n  loop {{\n    if (column <= row) {{ break; }}\n    row += 1u;\n    column -= row;\n  }}\n  \
                 row *= {side}u;\n  column *= {side}u;\n"
            ),
            " && c <= r",
            format!(
                "        let image = op_conj_{}(result);\n        let beside = p[4] + (batch * p[1] + c) * p[3] + r;\n        if (c < r) {{ {} }}\n",
                dtype_name(to),
                store(to, "o", "beside", "image")
            ),
        ),
    };
    let body = format!(
        "var<workgroup> left: array<{t}, {shared}>;
var<workgroup> right: array<{t}, {shared}>;
{ITEMS}  let batch = group / p[0];
  if (batch >= p[5]) {{ return; }}
  let terms = d[3u * batch + 2u];
{place}  var sums = array<{t}, {own}>();
  for (var k = 0u; k < {own}u; k++) {{ sums[k] = {zero}; }}
  for (var depth = 0u; depth < terms; depth += 16u) {{
    for (var part = 0u; part < {each}u; part++) {{
      let e = part * 256u + thread;
      // Threads side by side read along the axis whose stride is 1.
      var i = e / 16u;
      var l = e % 16u;
      if (s(6u) == 1) {{ i = e % {side}u; l = e / {side}u; }}
      var x = {zero};
      if (row + i < p[1] && depth + l < terms) {{ x = {}; }}
      left[l * {side}u + i] = x;
      i = e % {side}u;
      l = e / {side}u;
      if (s(8u) == 1) {{ i = e / 16u; l = e % 16u; }}
      x = {zero};
      if (column + i < p[3] && depth + l < terms) {{ x = {}; }}
      right[l * {side}u + i] = x;
    }}
    workgroupBarrier();
    let most = min(16u, terms - depth);
    for (var l = 0u; l < most; l++) {{
      for (var i = 0u; i < {each}u; i++) {{
        let x = left[l * {side}u + thread / 16u + 16u * i];
        for (var j = 0u; j < {each}u; j++) {{
          sums[{each}u * i + j] = op_add_{wide}(sums[{each}u * i + j], op_multiply_{wide}(x, right[l * {side}u + thread % 16u + 16u * j]));
        }}
      }}
    }}
    workgroupBarrier();
  }}
  for (var i = 0u; i < {each}u; i++) {{
    for (var j = 0u; j < {each}u; j++) {{
      let r = row + thread / 16u + 16u * i;
      let c = column + thread % 16u + 16u * j;
      if (r < p[1] && c < p[3]{half}) {{
        let to = p[4] + (batch * p[1] + r) * p[3] + c;
        let result = {};
        {}
{mirror}      }}
    }}
  }}
}}
",
        form.left(dtype, &load(dtype, "a", "u32(bitcast<i32>(d[3u * batch]) + i32(row + i) * s(6u) + i32(depth + l) * s(7u))")),
        load(dtype, "b", "u32(bitcast<i32>(d[3u * batch + 1u]) + i32(depth + l) * s(8u) + i32(column + i) * s(9u))"),
        wgsl::narrowed(to, &format!("sums[{each}u * i + j]")),
        store(to, "o", "to", "result"),
    );
    Source::new("matmul", body)
        .elements("o", to.size(), Access::Write)
        .binding("a", Access::Read)
        .binding("b", Access::Read)
        .binding("d", Access::Read)
}
