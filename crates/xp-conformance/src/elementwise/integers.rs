//! Integers, against arithmetic in 128 bits cut to the width of the dtype; and booleans.

use xp_core::functions::*;
use xp_core::{Backend, Integer};

use super::{check1, check2};
use crate::support::Any;

/// Every operation on `int64` and `uint8`.
pub fn some_integers<B: Backend>(device: &B) {
    dtype::<B, i64>(device);
    dtype::<B, u8>(device);
}

/// Every operation on the other integer dtypes.
pub fn other_integers<B: Backend>(device: &B) {
    macro_rules! each {
        ($($t:ty)*) => { $(dtype::<B, $t>(device);)* };
    }
    each!(i8 i16 i32 u16 u32 u64);
}

/// Every operation on booleans.
pub fn booleans<B: Backend>(device: &B) {
    let values = [false, true, true, false, true];
    check1(device, "logical_not", &values, &|x| x.logical_not(), &|x, y| y != x);
    check1(device, "bitwise_invert", &values, &|x| x.bitwise_invert(), &|x, y| y != x);
    check1(device, "astype", &values, &|x| x.astype::<i16>(), &|x, y| y == i16::from(x));
    check2(device, "logical_and", &values, &|x, y| logical_and(x, y), &|x, y, z| z == (x && y));
    check2(device, "logical_or", &values, &|x, y| logical_or(x, y), &|x, y, z| z == (x || y));
    check2(device, "logical_xor", &values, &|x, y| logical_xor(x, y), &|x, y, z| z == (x ^ y));
    check2(device, "bitwise_and", &values, &|x, y| bitwise_and(x, y), &|x, y, z| z == (x & y));
    check2(device, "bitwise_or", &values, &|x, y| bitwise_or(x, y), &|x, y, z| z == (x | y));
    check2(device, "bitwise_xor", &values, &|x, y| bitwise_xor(x, y), &|x, y, z| z == (x ^ y));
    check2(device, "equal", &values, &|x, y| equal(x, y), &|x, y, z| z == (x == y));
    check2(device, "not_equal", &values, &|x, y| not_equal(x, y), &|x, y, z| z == (x != y));
}

fn dtype<B: Backend, T: Integer>(device: &B) {
    type Unary<B, T> = (&'static str, fn(&Any<B, T>) -> Any<B, T>, fn(i128) -> i128);
    type Binary<B, T> = (&'static str, fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>, fn(i128, i128) -> i128);
    let values = edges::<T>();
    let unary: [Unary<B, T>; 14] = [
        ("abs", |x| abs(x), i128::abs),
        ("negative", |x| negative(x), |x| -x),
        ("positive", |x| positive(x), |x| x),
        ("square", |x| square(x), |x| x.wrapping_mul(x)),
        ("abs_square", |x| abs_square(x), |x| x.wrapping_mul(x)),
        ("sign", |x| sign(x), i128::signum),
        ("floor", |x| floor(x), |x| x),
        ("ceil", |x| ceil(x), |x| x),
        ("trunc", |x| trunc(x), |x| x),
        ("round", |x| round(x), |x| x),
        ("conj", |x| conj(x), |x| x),
        ("real", |x| real(x), |x| x),
        ("imag", |x| imag(x), |_| 0),
        ("bitwise_invert", |x| bitwise_invert(x), |x| !x),
    ];
    for (name, op, exact) in unary {
        check1(device, name, &values, &op, &|x: T, y: T| y == cut::<T>(exact(wide(x))));
    }
    check1(device, "isnan", &values, &|x| isnan(x), &|_, y| !y);
    check1(device, "isfinite", &values, &|x| isfinite(x), &|_, y| y);
    check1(device, "isinf", &values, &|x| isinf(x), &|_, y| !y);
    check1(device, "astype int8", &values, &|x| x.astype::<i8>(), &|x, y| y == wide(x) as i8);
    check1(device, "astype uint32", &values, &|x| x.astype::<u32>(), &|x, y| y == wide(x) as u32);
    check1(device, "astype float32", &values, &|x| x.astype::<f32>(), &|x, y| y == wide(x) as f32);
    let binary: [Binary<B, T>; 13] = [
        ("add", |x, y| add(x, y), |x, y| x + y),
        ("subtract", |x, y| subtract(x, y), |x, y| x - y),
        ("multiply", |x, y| multiply(x, y), i128::wrapping_mul),
        ("floor_divide", |x, y| floor_divide(x, y), |x, y| if y == 0 { 0 } else { x.div_euclid(y) - i128::from(y < 0 && x.rem_euclid(y) != 0) }),
        ("remainder", |x, y| remainder(x, y), |x, y| if y == 0 { 0 } else { ((x % y) + y) % y }),
        ("pow", |x, y| pow(x, y), power),
        ("maximum", |x, y| maximum(x, y), i128::max),
        ("minimum", |x, y| minimum(x, y), i128::min),
        ("bitwise_and", |x, y| bitwise_and(x, y), |x, y| x & y),
        ("bitwise_or", |x, y| bitwise_or(x, y), |x, y| x | y),
        ("bitwise_xor", |x, y| bitwise_xor(x, y), |x, y| x ^ y),
        ("bitwise_left_shift", |x, y| bitwise_left_shift(x, y), |x, y| if (0..127).contains(&y) { x.wrapping_shl(y as u32) } else { 0 }),
        ("bitwise_right_shift", |x, y| bitwise_right_shift(x, y), |x, y| if (0..127).contains(&y) { x >> y } else { x >> 127 }),
    ];
    for (name, op, exact) in binary {
        check2(device, name, &values, &op, &|x: T, y: T, z: T| {
            // Outside the standard's domain: the dtype's width decides.
            let shift = name.ends_with("shift") && !(0..i128::from(T::BITS)).contains(&wide(y));
            let expected = if shift { if name == "bitwise_left_shift" || wide(x) >= 0 { 0 } else { -1 } } else { exact(wide(x), wide(y)) };
            z == cut::<T>(expected)
        });
    }
    check2(device, "equal", &values, &|x, y| equal(x, y), &|x, y, z| z == (wide(x) == wide(y)));
    check2(device, "not_equal", &values, &|x, y| not_equal(x, y), &|x, y, z| z == (wide(x) != wide(y)));
    check2(device, "less", &values, &|x, y| less(x, y), &|x, y, z| z == (wide(x) < wide(y)));
    check2(device, "less_equal", &values, &|x, y| less_equal(x, y), &|x, y, z| z == (wide(x) <= wide(y)));
    check2(device, "greater", &values, &|x, y| greater(x, y), &|x, y, z| z == (wide(x) > wide(y)));
    check2(device, "greater_equal", &values, &|x, y| greater_equal(x, y), &|x, y, z| z == (wide(x) >= wide(y)));
}

/// The limits and numbers near them and near 0, modulo the width.
fn edges<T: Integer>() -> Vec<T> {
    let (low, high) = (wide(T::LOWEST), wide(T::HIGHEST));
    [0, 1, 2, 3, 7, 8, 31, 100, -1, -2, -7, low, low + 1, high, high - 1, high / 2 + 1, high / 3].map(cut::<T>).to_vec()
}

/// The value of `x`.
fn wide<T: Integer>(x: T) -> i128 {
    if T::SIGNED { i128::from(x.to_i64()) } else { i128::from(x.to_i64() as u64) }
}

/// `x` modulo the width of the dtype.
fn cut<T: Integer>(x: i128) -> T {
    T::wrap_i64(x as i64)
}

/// By repeated squaring modulo 2^128; the integer part of the real result for a negative exponent.
fn power(x: i128, n: i128) -> i128 {
    if n < 0 {
        return match x {
            1 => 1,
            -1 => {
                if n % 2 == 0 {
                    1
                } else {
                    -1
                }
            }
            _ => 0,
        };
    }
    let (mut base, mut n, mut product) = (x, n, 1i128);
    while n > 0 {
        if n & 1 == 1 {
            product = product.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        n >>= 1;
    }
    product
}
