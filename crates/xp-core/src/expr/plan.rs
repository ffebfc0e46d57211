//! How a loop walks its operands: axes merged where every operand allows it.

use core::cmp::Reverse;

use smallvec::SmallVec;

use crate::axis_vec::AxisVec;
use crate::dim::MAX_NDIM;

/// The walk of one loop over its output and all its operands.
///
/// Axes of length 1 are dropped and neighbouring axes are merged when all operands allow it, so that most loops have one
/// or two axes. The last axis is the row.
///
/// Most plans live for less than a microsecond: one of up to four axes and operands allocates nothing.
#[derive(Clone, Debug)]
pub struct Plan {
    shape: AxisVec<usize>,
    reduced: AxisVec<bool>,
    out: AxisVec<isize>,
    leaves: SmallVec<[Place; 4]>,
    /// Every leaf lies as the output does, in one row, and none is listed.
    dense: bool,
    flat: bool,
    /// Whether the rows of some leaf do not lie at one distance from each other.
    irregular: bool,
}

/// Distances between neighbours along all axes that there can be, in elements.
pub type Walk = [isize; MAX_NDIM];

/// Where a leaf lies: its strides along the axes, and where it starts.
#[derive(Clone, Debug)]
struct Place {
    walk: AxisVec<isize>,
    /// Elements, or looked-up rows, before the first one that is read.
    start: isize,
    /// Whether its rows are looked up.
    looked_up: bool,
}

/// The order of a plan's axes: that of the shape, or from the longest step to the shortest, of the operands or of the output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Given,
    Operands,
    Output,
}

/// What an expression's leaves say about themselves before the loop is planned.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    places: SmallVec<[Place; 4]>,
    irregular: bool,
}

impl Leaves {
    /// Adds a leaf with these strides along the axes of the output.
    pub fn push(&mut self, walk: AxisVec<isize>) {
        self.places.push(Place { walk, start: 0, looked_up: false });
    }

    /// Adds a leaf whose rows, along axis 0, are looked up.
    pub fn push_irregular(&mut self, walk: AxisVec<isize>) {
        self.irregular = true;
        self.places.push(Place { walk, start: 0, looked_up: true });
    }

    /// The same leaves, with axis 0 kept apart from the others.
    #[must_use]
    pub fn irregular(mut self) -> Self {
        self.irregular = true;
        self
    }

    /// The strides of an array of `shape` without gaps whose axes come in the order in which all leaves have them in memory: `None` where
    /// that is the row-major order, where leaves disagree, or none of them has every axis.
    pub(crate) fn common_order(&self, shape: &[usize]) -> Option<AxisVec<isize>> {
        let long = || (0..shape.len()).filter(|&k| shape[k] != 1);
        if self.irregular || shape.contains(&0) {
            return None;
        }
        let order_of = |place: &Place| {
            let mut order: AxisVec<usize> = long().collect();
            // Stable, so that ties keep the row-major order.
            order.sort_by_key(|&k| Reverse(place.walk[k].unsigned_abs()));
            order
        };
        let whole = self.places.iter().filter(|place| long().all(|k| place.walk[k] != 0));
        let order = whole.map(order_of).find(|order| order.windows(2).any(|pair| pair[0] > pair[1]))?;
        let is_sorted = |place: &Place| {
            let steps = || order.iter().map(|&k| place.walk[k].unsigned_abs()).filter(|&step| step != 0);
            steps().zip(steps().skip(1)).all(|(outer, inner)| outer >= inner)
        };
        if !self.places.iter().all(is_sorted) {
            return None;
        }
        let mut strides = AxisVec::<isize>::zeros(shape.len());
        strides.fill(1);
        let mut step = 1;
        for &k in order.iter().rev() {
            strides[k] = step;
            step *= shape[k] as isize;
        }
        Some(strides)
    }

    /// The number of leaves.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    /// Moves the leaves from number `first` on so that they start at a later row.
    pub(crate) fn skip_rows(&mut self, first: usize, rows: usize) {
        for place in &mut self.places[first..] {
            let step = if place.looked_up { 1 } else { place.walk[0] };
            place.start = place.start.wrapping_add((rows as isize).wrapping_mul(step));
        }
    }
}

/// Rows shorter than this are walked as one long row when the output is contiguous.
const SHORT_ROW: usize = 48;

impl Plan {
    /// One row of `len` elements, in which every leaf lies as the output does: the plan of expressions that
    /// [`are dense`](super::Expr::is_dense), whatever their shape and the number of their leaves.
    #[inline]
    #[must_use]
    pub fn dense(len: usize) -> Plan {
        Plan { shape: [len].into(), reduced: [false].into(), out: [1].into(), leaves: SmallVec::new(), dense: true, flat: false, irregular: false }
    }

    /// [`Plan::dense`] for a reduction of the row to one element.
    #[inline]
    #[must_use]
    pub fn dense_reduction(len: usize) -> Plan {
        Plan { reduced: [true].into(), out: [0].into(), ..Plan::dense(len) }
    }

    /// Plans an elementwise loop over `shape` that writes with the strides `out`.
    #[must_use]
    pub fn elementwise(shape: &[usize], out: &[isize], leaves: Leaves) -> Plan {
        Plan::elementwise_by(Order::Given, shape, out, leaves)
    }

    /// The same with the axes in the order of the output's memory.
    #[must_use]
    pub(crate) fn in_order_of_output(shape: &[usize], out: &[isize], leaves: Leaves) -> Plan {
        Plan::elementwise_by(Order::Output, shape, out, leaves)
    }

    fn elementwise_by(order: Order, shape: &[usize], out: &[isize], leaves: Leaves) -> Plan {
        let mut plan = Plan::merged(shape, &[false; MAX_NDIM], out, leaves, order);
        let ndim = plan.shape.len();
        plan.flat &= ndim > 1 && plan.shape[ndim - 1] < SHORT_ROW && crate::shape::is_contiguous(plan.shape(), plan.out());
        plan
    }

    /// Plans a reduction over the axes of `shape` that are marked in `reduced`; `out` has stride 0 there.
    ///
    /// The axes are put in the order of the operands' memory, which does not change what each output sums, unless the
    /// positions among the reduced elements are `ordered`.
    #[must_use]
    pub fn reduction(shape: &[usize], reduced: &[bool], ordered: bool, out: &[isize], leaves: Leaves) -> Plan {
        let irregular = leaves.irregular;
        let reorder = !ordered || reduced.iter().filter(|&&r| r).count() < 2;
        let mut plan = Plan::merged(shape, reduced, out, leaves, if reorder { Order::Operands } else { Order::Given });
        plan.flat = false;
        plan.put_short_row_outside(irregular);
        plan
    }

    /// Swaps the last two axes when the row is reduced and short and the axis before it is kept and long: many outputs
    /// side by side are better than many short rows.
    fn put_short_row_outside(&mut self, irregular: bool) {
        let ndim = self.shape.len();
        if ndim < 2 + usize::from(irregular) {
            return;
        }
        let (row, before) = (ndim - 1, ndim - 2);
        if self.reduced[row] && !self.reduced[before] && self.shape[row] < SHORT_ROW && self.shape[before] > SHORT_ROW {
            self.shape.swap(row, before);
            self.reduced.swap(row, before);
            for w in self.walks() {
                w.swap(row, before);
            }
        }
    }

    fn merged(shape: &[usize], reduced: &[bool], out: &[isize], leaves: Leaves, by: Order) -> Plan {
        let Leaves { mut places, irregular } = leaves;
        let mut order: AxisVec<usize> = (0..shape.len()).filter(|&k| shape[k] != 1 || (irregular && k == 0)).collect();
        if by != Order::Given && !irregular && order.len() > 1 {
            // Stable, so that ties keep the row-major order.
            let extent = |k: &usize| match by {
                Order::Output => out[*k].unsigned_abs(),
                _ => places.iter().map(|p| p.walk[*k].unsigned_abs()).max().unwrap_or(0),
            };
            order.sort_by_key(|k| Reverse(extent(k)));
        }
        for place in &mut places {
            place.walk = order.iter().map(|&k| place.walk[k]).collect();
        }
        let mut plan = Plan {
            shape: order.iter().map(|&k| shape[k]).collect(),
            reduced: order.iter().map(|&k| reduced[k]).collect(),
            out: order.iter().map(|&k| out[k]).collect(),
            leaves: places,
            dense: false,
            flat: !irregular,
            irregular,
        };
        // From the last axis inwards: merge axis k+1 into k when one step along k is a whole walk along k+1.
        for k in (0..order.len().saturating_sub(1)).rev() {
            let n = plan.shape[k + 1] as isize;
            let fits = |w: &AxisVec<isize>| w[k + 1].checked_mul(n) == Some(w[k]);
            if !(irregular && k == 0) && plan.reduced[k] == plan.reduced[k + 1] && fits(&plan.out) && plan.leaves.iter().all(|p| fits(&p.walk)) {
                plan.shape[k] *= plan.shape[k + 1];
                plan.shape.remove(k + 1);
                plan.reduced.remove(k + 1);
                for w in plan.walks() {
                    w.remove(k);
                }
            }
        }
        if plan.shape.is_empty() || (irregular && plan.shape.len() == 1) {
            plan.shape.push(1);
            plan.reduced.push(false);
            for w in plan.walks() {
                w.push(1);
            }
        }
        plan
    }

    /// The same walk over fewer positions of one axis: that of a part, whose kernel [advances](super::Kernel::advance) to it.
    ///
    /// # Panics
    /// When the plan has no such axis, or fewer positions along it, or is walked as one row of which the axis is not the first.
    #[must_use]
    pub fn narrowed(mut self, axis: usize, len: usize) -> Plan {
        let fits = axis < self.shape.len() && len <= self.shape[axis] && (axis == 0 || !self.flat);
        assert!(fits, "{len} positions of axis {axis} of a plan over {:?}", self.shape());
        self.shape[axis] = len;
        self
    }

    /// The same walk with `axis` as two axes, of which the second one has `inner` positions, and every one of the `leaves` listed. It is
    /// not walked as one row. A kernel has to be [replanned](super::Kernel::replan).
    ///
    /// # Panics
    /// When the plan has no such axis, or it does not consist of whole pieces of `inner` positions.
    #[must_use]
    pub fn split(self, axis: usize, inner: usize, leaves: usize) -> Plan {
        let mut plan = self.listed(leaves);
        assert!(plan.shape[axis].is_multiple_of(inner), "axis {axis} of {:?} in pieces of {inner}", plan.shape());
        plan.shape[axis] /= inner;
        plan.shape.insert(axis + 1, inner);
        plan.reduced.insert(axis + 1, plan.reduced[axis]);
        for w in plan.walks() {
            w.insert(axis, w[axis].wrapping_mul(inner as isize));
        }
        plan
    }

    /// The same positions with the strides that `change` makes of those of every leaf, which it is given with its number. It is not walked
    /// as one row. A kernel has to be [replanned](super::Kernel::replan).
    #[must_use]
    pub fn restrided(self, leaves: usize, mut change: impl FnMut(usize, &mut [isize])) -> Plan {
        let mut plan = self.listed(leaves);
        plan.leaves.iter_mut().enumerate().for_each(|(k, place)| change(k, &mut place.walk));
        plan
    }

    /// The same positions walked as one row, whose element at position `k` is the `k`-th one in row-major order; `None` where the rows
    /// of some leaf do not lie at one distance from each other. A kernel has to be [replanned](super::Kernel::replan).
    #[must_use]
    pub fn in_one_row(&self) -> Option<Plan> {
        (!self.irregular).then(|| Plan { flat: true, ..self.clone() })
    }

    /// The same plan with other strides of the output.
    ///
    /// # Panics
    /// When there are not as many as axes, or the plan is walked as one row.
    #[must_use]
    pub fn writing(mut self, out: &[isize]) -> Plan {
        assert!(out.len() == self.out.len() && !self.flat, "strides {out:?} of a plan over {:?}", self.shape());
        self.out = out.into();
        self
    }

    /// The same plan with every leaf in the list, and rows as rows.
    fn listed(mut self, leaves: usize) -> Plan {
        if self.dense {
            self.leaves = (0..leaves).map(|_| Place { walk: [1].into(), start: 0, looked_up: false }).collect();
        }
        (self.dense, self.flat) = (false, false);
        self
    }

    /// Whether rows of some leaf are looked up, which keeps the first axis apart.
    #[must_use]
    pub fn looks_up(&self) -> bool {
        self.leaves.iter().any(|place| place.looked_up)
    }

    /// Lengths of the axes, at least one.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Which axes are reduced.
    #[must_use]
    pub fn reduced(&self) -> &[bool] {
        &self.reduced
    }

    /// Strides of the output along the axes, 0 where they are reduced.
    #[must_use]
    pub fn out(&self) -> &[isize] {
        &self.out
    }

    /// Strides of the `k`-th leaf, counted in the order of the expression.
    #[must_use]
    pub fn leaf(&self, k: usize) -> &[isize] {
        if self.dense { &[1] } else { &self.leaves[k].walk }
    }

    /// Where the `k`-th leaf starts: elements after its first one, or entries of the index array for looked-up rows.
    #[must_use]
    pub fn start(&self, k: usize) -> isize {
        if self.dense { 0 } else { self.leaves[k].start }
    }

    /// The strides of the leaves and of the output.
    fn walks(&mut self) -> impl Iterator<Item = &mut AxisVec<isize>> {
        self.leaves.iter_mut().map(|p| &mut p.walk).chain([&mut self.out])
    }

    /// Number of elements walked.
    #[must_use]
    pub fn size(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether rows are so short that the output is walked as one long row.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.flat
    }

    /// Whether some leaf jumps along the row, so that neighbouring rows share its cache lines.
    #[must_use]
    pub fn wants_tiles(&self) -> bool {
        let last = self.shape.len() - 1;
        last > 0 && !self.flat && self.leaves.iter().any(|p| p.walk[last].unsigned_abs() > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(strides: &[isize]) -> AxisVec<isize> {
        strides.into()
    }

    #[test]
    fn contiguous_axes_merge_and_broadcast_axes_stay() {
        let mut leaves = Leaves::default();
        leaves.push(walk(&[12, 4, 1]));
        assert_eq!(Plan::elementwise(&[2, 3, 4], &[12, 4, 1], leaves.clone()).shape(), [24]);
        leaves.push(walk(&[0, 0, 1]));
        let plan = Plan::elementwise(&[20, 30, 400], &[12000, 400, 1], {
            let mut l = Leaves::default();
            l.push(walk(&[12000, 400, 1]));
            l.push(walk(&[0, 0, 1]));
            l
        });
        assert_eq!(plan.shape(), [600, 400]);
        assert_eq!(plan.leaf(1), [0, 1]);
        assert!(!plan.is_flat());
    }

    #[test]
    fn leaves_agree_on_an_order_or_do_not() {
        let order = |shape: &[usize], walks: &[&[isize]]| {
            let mut leaves = Leaves::default();
            walks.iter().for_each(|w| leaves.push(walk(w)));
            leaves.common_order(shape).map(|strides| strides.to_vec())
        };
        assert_eq!(order(&[5, 3], &[&[1, 5]]), Some(vec![1, 5]));
        // A diagonal's positions, one with gaps, one turned around, rows and columns that are stretched.
        assert_eq!(order(&[5, 3], &[&[1, -1], &[0, 7], &[2, 20], &[-1, 5], &[1, 0], &[0, 0]]), Some(vec![1, 5]));
        assert_eq!(order(&[4, 1, 5, 3], &[&[15, 99, 1, 5]]), Some(vec![15, 1, 1, 5]));
        for (shape, walks) in [
            (&[5, 3][..], &[&[3, 1][..]][..]),
            (&[5, 3], &[&[1, 5], &[3, 1]]),
            (&[5, 3], &[&[1, 0], &[0, 5]]),
            (&[5, 1], &[&[1, 5]]),
            (&[5, 0], &[&[1, 5]]),
            (&[2, 5, 3], &[&[15, 1, 5], &[0, 3, 1]]),
            (&[], &[]),
        ] {
            assert_eq!(order(shape, walks), None, "{shape:?} {walks:?}");
        }
        let mut leaves = Leaves::default();
        [[1, 5], [1, 0]].iter().for_each(|w| leaves.push(walk(w)));
        let plan = Plan::in_order_of_output(&[5, 3], &[1, 5], leaves);
        assert_eq!((plan.shape(), plan.out(), plan.leaf(0), plan.leaf(1)), (&[3, 5][..], &[5, 1][..], &[5, 1][..], &[0, 1][..]));
    }

    #[test]
    fn an_axis_in_two() {
        let plan = Plan::dense(12).split(0, 4, 2);
        assert_eq!((plan.shape(), plan.out(), plan.leaf(0), plan.leaf(1)), (&[3, 4][..], &[4, 1][..], &[4, 1][..], &[4, 1][..]));
        let plan = Plan::dense_reduction(12).split(0, 4, 1).restrided(1, |leaf, walk| walk[leaf] = 40).writing(&[7, 0]);
        assert_eq!((plan.reduced(), plan.out(), plan.leaf(0)), (&[true, true][..], &[7, 0][..], &[40, 1][..]));
    }

    #[test]
    fn scalars_have_one_axis() {
        let plan = Plan::elementwise(&[], &[], Leaves::default());
        assert_eq!((plan.shape(), plan.size()), (&[1][..], 1));
        let plan = Plan::elementwise(&[1, 1], &[1, 1], Leaves::default());
        assert_eq!(plan.shape(), [1]);
    }

    #[test]
    fn reductions_follow_memory() {
        // The transpose of a row-major [3, 5], reduced over its first axis: the row is the reduced axis.
        let mut leaves = Leaves::default();
        leaves.push(walk(&[1, 5]));
        let plan = Plan::reduction(&[5, 3], &[true, false], false, &[0, 1], leaves);
        // The row is short, but there are too few of them to put them side by side.
        assert_eq!((plan.shape(), plan.reduced()), (&[3, 5][..], &[false, true][..]));
    }

    #[test]
    fn many_short_rows_lie_side_by_side() {
        let mut leaves = Leaves::default();
        leaves.push(walk(&[4, 1]));
        let plan = Plan::reduction(&[1000, 4], &[false, true], false, &[1, 0], leaves);
        assert_eq!((plan.shape(), plan.reduced()), (&[4, 1000][..], &[true, false][..]));
        assert_eq!((plan.leaf(0), plan.out()), (&[1, 4][..], &[0, 1][..]));
    }
}
