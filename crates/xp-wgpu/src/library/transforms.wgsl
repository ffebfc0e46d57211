// Steps of Fourier transforms along an axis, a thread for each item. Lanes have p[2] columns side by side; a number of a lane is two words:
// p[8] words are between columns, p[9] between the parts of a number of the operand, p[10] and p[11] of the result. The operand begins at the
// word p[7]. p[4] is the sign of the exponent, p[5] a factor of the result. `t` is a table of complex numbers.

//# common
fn product(x: vec2<f32>, y: vec2<f32>) -> vec2<f32> { return vec2<f32>(x.x * y.x - x.y * y.y, x.x * y.y + x.y * y.x); }
// The number of the table, conjugated where the sign is negative.
fn table(k: u32, sign: f32) -> vec2<f32> { return vec2<f32>(bitcast<f32>(t[2u * k]), bitcast<f32>(t[2u * k + 1u]) * sign); }
// The number of a row and a column of the operand.
fn number(row: u32, column: u32) -> vec2<f32> {
  let at = p[7] + row * p[2] * 2u + column * p[8];
  return vec2<f32>(bitcast<f32>(a[at]), bitcast<f32>(a[at + p[9]]));
}
fn store(row: u32, column: u32, x: vec2<f32>) {
  let at = row * p[2] * 2u + column * p[10];
  let scale = bitcast<f32>(p[5]);
  o[at] = bitcast<u32>(x.x * scale);
  o[at + p[11]] = bitcast<u32>(x.y * scale);
}

//# weigh
// The first p[3] numbers of lanes of p[6], times those of the table; zeros behind them, up to p[1] numbers.
  if (item >= p[0]) { return; }
  let column = item % p[2];
  let row = item / p[2];
  let k = row % p[1];
  var x = vec2<f32>(0.0, 0.0);
  if (k < p[3]) { x = product(number(row / p[1] * p[6] + k, column), table(k, bitcast<f32>(p[4]))); }
  store(row, column, x);
}

//# bins
// The p[1] bins of real lanes of 2 p[3] numbers, from the transform of their pairs.
  if (item >= p[0]) { return; }
  let column = item % p[2];
  let row = item / p[2];
  let k = row % p[1];
  let first = row / p[1] * p[3];
  let x = number(first + k % p[3], column);
  let other = number(first + (p[3] - k) % p[3], column);
  let y = vec2<f32>(other.x, -other.y);
  let even = (x + y) * 0.5;
  let odd = (x - y) * 0.5;
  store(row, column, even + product(table(k, bitcast<f32>(p[4])), vec2<f32>(odd.y, -odd.x)));
}

//# pairs
// What transforms to pairs of numbers of real lanes, p[3] of them, from their bins. The imaginary parts of the first and the last bin do not count.
  if (item >= p[0]) { return; }
  let column = item % p[2];
  let row = item / p[2];
  let k = row % p[3];
  let first = row / p[3] * p[1];
  var x = number(first + k, column);
  let other = number(first + p[3] - k, column);
  var y = vec2<f32>(other.x, -other.y);
  if (k == 0u) { x.y = 0.0; y.y = 0.0; }
  let odd = product(table(k, bitcast<f32>(p[4])), x - y);
  store(row, column, x + y + vec2<f32>(-odd.y, odd.x));
}
