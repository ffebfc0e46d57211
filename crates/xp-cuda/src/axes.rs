//! The axes of a loop as kernels take them.

use xp_core::{MAX_NDIM, expr::Plan};

use crate::{kernel::Arguments, kernels::TILE};

/// The axes of a plan in the order in which the kernel numbers them, filled up in front to a number that kernels are made for.
pub(crate) struct Axes {
    order: Order,
    shape: [usize; MAX_NDIM],
    /// How many of them number the outputs.
    pub(crate) kept: usize,
}

impl Axes {
    /// The axes of an elementwise loop, the last one counted in packs.
    pub(crate) fn elementwise(plan: &Plan, pack: usize) -> Self {
        let mut order = Order::default();
        order.push(0..plan.shape().len());
        let mut shape = shape_of(plan);
        shape[plan.shape().len().saturating_sub(1)] /= pack;
        Axes { kept: order.len, order, shape }
    }

    /// The axes of an elementwise loop over tiles of the last axis and another one, which comes before it.
    pub(crate) fn tiled(plan: &Plan, across: usize) -> Self {
        let last = plan.shape().len() - 1;
        let mut order = Order::default();
        order.push((0..last).filter(|&k| k != across).chain([across, last]));
        let mut shape = shape_of(plan);
        for k in [across, last] {
            shape[k] = shape[k].div_ceil(TILE);
        }
        Axes { kept: order.len, order, shape }
    }

    /// The axes that are kept, then those that are reduced.
    pub(crate) fn reduction(plan: &Plan) -> Self {
        let axes = |reduced: bool| (0..plan.shape().len()).filter(move |&k| plan.reduced()[k] == reduced);
        let mut order = Order::default();
        order.push(axes(false));
        let kept = order.len;
        order.push(axes(true));
        Axes { order, shape: shape_of(plan), kept }
    }

    pub(crate) fn ndim(&self) -> usize {
        self.order.len
    }

    /// The number of positions along some of the axes.
    pub(crate) fn size(&self, range: std::ops::Range<usize>) -> usize {
        self.order.axes()[range].iter().map(|&axis| self.length(axis)).product()
    }

    /// Appends a `Walk`.
    pub(crate) fn push_walk(&self, arguments: &mut Arguments, n: usize, out: &[isize], wide: bool) {
        arguments.push(n as i64);
        for &axis in self.order.axes() {
            arguments.push(self.length(axis) as i64);
        }
        self.push_steps(arguments, out);
        let divisors = || self.order.axes().iter().map(|&axis| divisor(self.length(axis) as u64, if wide { 64 } else { 32 }));
        for (factor, _) in divisors() {
            arguments.push(factor);
        }
        for (_, shift) in divisors() {
            arguments.push(i64::from(shift));
        }
    }

    /// Appends the steps along the axes.
    pub(crate) fn push_steps(&self, arguments: &mut Arguments, walk: &[isize]) {
        for axis in self.order.axes() {
            arguments.push(axis.map_or(0, |k| walk[usize::from(k)]) as i64);
        }
    }

    /// Where the plan's first axis is.
    pub(crate) fn place_of_first(&self) -> usize {
        self.order.axes().iter().position(|&axis| axis == Some(0)).expect("a plan has axes")
    }

    fn length(&self, axis: Option<u8>) -> usize {
        axis.map_or(1, |k| self.shape[usize::from(k)])
    }
}

/// The factor `f` and the shift `s` for which `i / d` is `(i f / 2^bits + i) / 2^s` for all `i` below `2^(bits - 1)`, both
/// quotients rounded down; `d` is below `2^(bits - 1)` too.
fn divisor(d: u64, bits: u32) -> (u64, u32) {
    let d = d.max(1);
    let shift = d.next_power_of_two().trailing_zeros();
    let factor = (((1u128 << shift) - u128::from(d)) << bits) / u128::from(d) + 1;
    (factor as u64, shift)
}

fn shape_of(plan: &Plan) -> [usize; MAX_NDIM] {
    let mut shape = [1; MAX_NDIM];
    shape[..plan.shape().len()].copy_from_slice(plan.shape());
    shape
}

/// Axes of a plan, or `None` for one of length 1 in front of those of the outputs, or of those that are reduced: both are filled up.
struct Order {
    axes: [Option<u8>; 2 * MAX_NDIM],
    len: usize,
}

impl Default for Order {
    fn default() -> Self {
        Order { axes: [None; 2 * MAX_NDIM], len: 0 }
    }
}

impl Order {
    /// Appends axes, filled up in front to a number that kernels are made for.
    fn push(&mut self, axes: impl Iterator<Item = usize> + Clone) {
        let count = axes.clone().count();
        let filled = match count {
            0 | 1 => 1,
            n @ 2..=4 => n,
            n => n.next_multiple_of(MAX_NDIM / 2),
        };
        self.len += filled;
        self.axes[self.len - count..self.len].iter_mut().zip(axes).for_each(|(place, axis)| *place = Some(axis as u8));
    }

    fn axes(&self) -> &[Option<u8>] {
        &self.axes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::divisor;

    #[test]
    fn a_multiplication_divides() {
        let numbers = |bits: u32| {
            let most = (1u64 << (bits - 1)) - 1;
            let around = (0..bits - 1).flat_map(|b| [-1i64, 0, 1].map(|d| (1u64 << b).saturating_add_signed(d)));
            let mut all: Vec<u64> =
                around.chain([1, 3, 5, 7, 10, 641, 1000, 65_537, most / 3, most - 1, most]).filter(|&x| (1..=most).contains(&x)).collect();
            all.dedup();
            all
        };
        for bits in [32, 64] {
            for &d in &numbers(bits) {
                let (factor, shift) = divisor(d, bits);
                assert!(bits == 64 || factor < 1 << 32, "{d}: {factor}");
                let check = |i: u64| {
                    let high = ((u128::from(i) * u128::from(factor)) >> bits) as u64;
                    assert_eq!((high + i) >> shift, i / d, "{i} / {d} in {bits} bits");
                };
                let most = (1u64 << (bits - 1)) - 1;
                check(0);
                for &i in &numbers(bits) {
                    check(i);
                    // Multiples and their neighbours are where a quotient could be wrong.
                    let multiple = i / d * d;
                    check(multiple);
                    check(multiple.saturating_sub(1));
                    check((multiple + (d - 1)).min(most));
                }
            }
        }
    }
}
