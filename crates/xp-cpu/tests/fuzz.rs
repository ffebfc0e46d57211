//! Random views, broadcasts, reshapes and assignments against a naive model: a vector and a function of the index.

use proptest::prelude::*;
use xp_core::indexing::SliceItem;
use xp_core::{Array, Dyn, broadcast_shapes};
use xp_cpu::Cpu;

/// An array as the model sees it: the elements in row-major order under a shape.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    shape: Vec<usize>,
    values: Vec<i64>,
}

impl Model {
    fn counting(shape: &[usize]) -> Model {
        Model { shape: shape.to_vec(), values: (0..shape.iter().product::<usize>() as i64).collect() }
    }

    /// Every index of a shape in row-major order.
    fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
        let shape = shape.to_vec();
        (0..shape.iter().product::<usize>()).map(move |flat| {
            let mut rest = flat;
            let mut index: Vec<usize> = shape
                .iter()
                .rev()
                .map(|&n| {
                    let i = rest % n;
                    rest /= n;
                    i
                })
                .collect();
            index.reverse();
            index
        })
    }

    fn position(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.shape).fold(0, |at, (&i, &n)| at * n + i)
    }

    /// The array of `shape` whose element at `index` is the one at `source(index)`.
    fn gather(&self, shape: Vec<usize>, source: impl Fn(&[usize]) -> Vec<usize>) -> Model {
        let values = Model::indices(&shape).map(|i| self.values[self.position(&source(&i))]).collect();
        Model { shape, values }
    }

    fn array(&self) -> Array<Cpu, i64, Dyn> {
        Array::from_vec(&Cpu, self.values.clone(), self.shape.clone()).unwrap()
    }
}

fn of(x: &Array<Cpu, i64, Dyn>) -> Model {
    Model { shape: x.dims().to_vec(), values: x.to_vec() }
}

/// What is done to an array and to its model.
#[derive(Clone, Debug)]
enum Step {
    Slice(Vec<(Option<isize>, Option<isize>, isize)>),
    Index(usize, usize),
    Permute(u64),
    Flip(usize),
    NewAxis(usize),
    Broadcast(usize, usize),
    Reshape(u64),
    Roll(isize, usize),
    Repeat(usize, usize),
}

fn bound() -> impl Strategy<Value = Option<isize>> {
    prop_oneof![1 => Just(None), 6 => (-9isize..9).prop_map(Some), 1 => prop_oneof![Just(Some(isize::MIN)), Just(Some(isize::MAX))]]
}

fn step() -> impl Strategy<Value = Step> {
    let stride = prop_oneof![Just(1isize), Just(2), Just(3), Just(-1), Just(-2), Just(-5), Just(isize::MAX), Just(-isize::MAX)];
    prop_oneof![
        4 => proptest::collection::vec((bound(), bound(), stride), 1..4).prop_map(Step::Slice),
        1 => (0usize..6, 0usize..9).prop_map(|(axis, at)| Step::Index(axis, at)),
        2 => any::<u64>().prop_map(Step::Permute),
        1 => (0usize..6).prop_map(Step::Flip),
        1 => (0usize..6).prop_map(Step::NewAxis),
        1 => (0usize..6, 0usize..4).prop_map(|(axis, n)| Step::Broadcast(axis, n)),
        2 => any::<u64>().prop_map(Step::Reshape),
        1 => (-9isize..9, 0usize..6).prop_map(|(shift, axis)| Step::Roll(shift, axis)),
        1 => (0usize..4, 0usize..6).prop_map(|(n, axis)| Step::Repeat(n, axis)),
    ]
}

/// Takes a step on both sides; steps that the shape does not allow do nothing.
fn take(x: Array<Cpu, i64, Dyn>, m: Model, step: &Step) -> (Array<Cpu, i64, Dyn>, Model) {
    let rank = m.shape.len();
    let without = |k: usize| m.shape.iter().enumerate().filter(|&(j, _)| j != k).map(|(_, &n)| n).collect::<Vec<_>>();
    match step {
        Step::Slice(ranges) => {
            let ranges = &ranges[..ranges.len().min(rank)];
            let picks: Vec<Vec<usize>> = ranges.iter().zip(&m.shape).map(|(&(a, b, s), &n)| python_range(a, b, s, n)).collect();
            let items: Vec<SliceItem> = ranges.iter().map(|&(start, stop, step)| SliceItem::Range { start, stop, step }).collect();
            let shape: Vec<usize> = (0..rank).map(|k| picks.get(k).map_or(m.shape[k], Vec::len)).collect();
            let sliced = m.gather(shape, |i| i.iter().enumerate().map(|(k, &i)| picks.get(k).map_or(i, |p| p[i])).collect());
            (x.slice(items).unwrap(), sliced)
        }
        &Step::Index(axis, at) if rank > 0 && m.shape[axis % rank] > 0 => {
            let (axis, at) = (axis % rank, at % m.shape[axis % rank]);
            let shape = without(axis);
            let picked = m.gather(shape, |i| {
                let mut i = i.to_vec();
                i.insert(axis, at);
                i
            });
            (x.index_axis(axis, at as isize - m.shape[axis] as isize).unwrap(), picked)
        }
        &Step::Permute(seed) => {
            let mut order: Vec<usize> = (0..rank).collect();
            (1..rank).for_each(|k| order.swap(k, (seed >> (4 * k)) as usize % (k + 1)));
            let shape = order.iter().map(|&k| m.shape[k]).collect();
            let axes: Vec<isize> = order.iter().map(|&k| k as isize).collect();
            let turned = m.gather(shape, |i| {
                let mut source = vec![0; rank];
                order.iter().zip(i).for_each(|(&k, &i)| source[k] = i);
                source
            });
            (x.permute_dims(&axes).unwrap(), turned)
        }
        &Step::Flip(axis) if rank > 0 => {
            let axis = axis % rank;
            let n = m.shape[axis];
            let flipped = m.gather(m.shape.clone(), |i| {
                let mut i = i.to_vec();
                i[axis] = n - 1 - i[axis];
                i
            });
            (x.flip(axis).unwrap(), flipped)
        }
        &Step::NewAxis(at) if rank < 6 => {
            let at = at % (rank + 1);
            let mut shape = m.shape.clone();
            shape.insert(at, 1);
            (x.expand_dims(at as isize).unwrap(), Model { shape, values: m.values })
        }
        &Step::Broadcast(axis, n) if rank > 0 && m.shape[axis % rank] == 1 => {
            let axis = axis % rank;
            let mut shape = m.shape.clone();
            shape[axis] = n;
            let wide = m.gather(shape.clone(), |i| {
                let mut i = i.to_vec();
                i[axis] = 0;
                i
            });
            (x.broadcast_to(shape).unwrap(), wide)
        }
        &Step::Reshape(seed) => {
            let (mut rest, mut shape, mut seed) = (m.values.len(), vec![], seed);
            while rest > 1 && shape.len() < 4 {
                let divisors: Vec<usize> = (1..=rest).filter(|d| rest % d == 0).collect();
                let d = divisors[seed as usize % divisors.len()];
                seed /= 7;
                shape.push(d);
                rest /= d;
            }
            shape.push(rest);
            (x.reshape(shape.clone()).unwrap(), Model { shape, values: m.values })
        }
        &Step::Roll(shift, axis) if rank > 0 => {
            let axis = axis % rank;
            let n = m.shape[axis] as isize;
            let rolled = m.gather(m.shape.clone(), |i| {
                let mut i = i.to_vec();
                i[axis] = (i[axis] as isize - shift).rem_euclid(n) as usize;
                i
            });
            (x.roll(shift, axis).unwrap(), rolled)
        }
        &Step::Repeat(n, axis) if rank > 0 && m.values.len() < 500 => {
            let axis = axis % rank;
            let mut shape = m.shape.clone();
            shape[axis] *= n;
            let repeated = m.gather(shape, |i| {
                let mut i = i.to_vec();
                i[axis] /= n;
                i
            });
            (xp_core::functions::repeat_each(&x, n, axis as isize).unwrap(), repeated)
        }
        _ => (x, m),
    }
}

/// The positions of a Python slice, in wide arithmetic.
fn python_range(start: Option<isize>, stop: Option<isize>, step: isize, n: usize) -> Vec<usize> {
    let (n, step) = (n as i128, step as i128);
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let place = |i: isize| {
        let i = i as i128;
        (if i < 0 { i + n } else { i }).clamp(low, high)
    };
    let first = start.map_or(if step > 0 { low } else { high }, place);
    let end = stop.map_or(if step > 0 { high } else { low }, place);
    let mut out = vec![];
    let mut i = first;
    while if step > 0 { i < end } else { i > end } {
        out.push(i as usize);
        i += step;
    }
    out
}

fn shape() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0usize..5, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any chain of views has the elements that the model says, and operations on it give the right ones.
    #[test]
    fn chains_of_views(shape in shape(), steps in proptest::collection::vec(step(), 1..8)) {
        let model = Model::counting(&shape);
        let (mut x, mut m) = (model.array(), model);
        for step in &steps {
            (x, m) = take(x, m, step);
            prop_assert_eq!(&of(&x), &m, "after {:?}", step);
        }
        let doubled: Vec<i64> = m.values.iter().map(|v| v * 2).collect();
        prop_assert_eq!((&x + &x).to_vec(), doubled);
        prop_assert_eq!(x.sum(..).item().unwrap(), m.values.iter().sum::<i64>());
        for axis in 0..m.shape.len() {
            let mut kept = m.shape.clone();
            kept[axis] = 1;
            let mut sums = vec![0; kept.iter().product()];
            let target = Model { shape: kept, values: vec![] };
            for (i, &v) in Model::indices(&m.shape).zip(&m.values) {
                let mut i = i;
                i[axis] = 0;
                sums[target.position(&i)] += v;
            }
            prop_assert_eq!(x.sum(axis).to_vec(), sums);
        }
    }

    /// Two shapes broadcast as the model says, or both sides refuse.
    #[test]
    fn broadcasting(a in shape(), b in shape(), stretch in any::<u8>()) {
        // Half of the axes are made to fit.
        let mut b = b;
        for k in 0..b.len().min(a.len()) {
            if stretch >> k & 1 == 1 {
                let at = b.len() - 1 - k;
                b[at] = if stretch >> 7 == 1 { 1 } else { a[a.len() - 1 - k] };
            }
        }
        let (left, right) = (Model::counting(&a), Model::counting(&b));
        let rank = a.len().max(b.len());
        let len = |s: &[usize], k: usize| if k + s.len() < rank { 1 } else { s[k + s.len() - rank] };
        let fits = (0..rank).all(|k| len(&a, k) == len(&b, k) || len(&a, k) == 1 || len(&b, k) == 1);
        let sum = (left.array().lazy() * 100 + right.array()).try_eval();
        prop_assert_eq!(sum.is_ok(), fits);
        prop_assert_eq!(broadcast_shapes(&a, &b).is_ok(), fits);
        if let Ok(sum) = sum {
            let shape: Vec<usize> = (0..rank).map(|k| if len(&a, k) == 1 { len(&b, k) } else { len(&a, k) }).collect();
            let pick = |m: &Model, i: &[usize]| {
                let own: Vec<usize> = i[rank - m.shape.len()..].iter().zip(&m.shape).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect();
                m.values[m.position(&own)]
            };
            let values = Model::indices(&shape).map(|i| pick(&left, &i) * 100 + pick(&right, &i)).collect();
            prop_assert_eq!(of(&sum), Model { shape, values });
        }
    }

    /// Assignment writes the slice and nothing else, and no other array.
    #[test]
    fn assignment(shape in proptest::collection::vec(1usize..6, 1..4), ranges in proptest::collection::vec((bound(), bound(), prop_oneof![Just(1isize), Just(-1), Just(2), Just(-3)]), 1..4), turn in any::<bool>(), whole in any::<bool>()) {
        let model = Model::counting(&shape);
        let original = model.array();
        let (mut x, mut m) = (original.clone(), model.clone());
        if turn {
            x = x.t();
            let rank = shape.len();
            m = m.gather(shape.iter().rev().copied().collect(), |i| { let mut i = i.to_vec(); i.reverse(); assert_eq!(i.len(), rank); i });
        }
        let ranges = &ranges[..ranges.len().min(shape.len())];
        let picks: Vec<Vec<usize>> = m.shape.iter().enumerate().map(|(k, &n)| ranges.get(k).map_or((0..n).collect(), |&(a, b, s)| python_range(a, b, s, n))).collect();
        let items: Vec<SliceItem> = ranges.iter().map(|&(start, stop, step)| SliceItem::Range { start, stop, step }).collect();
        let target: Vec<usize> = picks.iter().map(Vec::len).collect();
        let value = Model { shape: if whole { target.clone() } else { target[target.len() - 1..].to_vec() }, values: vec![] };
        let value = Model { values: (0..value.shape.iter().product::<usize>() as i64).map(|v| -1 - v).collect(), ..value };
        for i in Model::indices(&target) {
            let source = if whole { i.clone() } else { i[i.len() - 1..].to_vec() };
            let at = m.position(&i.iter().zip(&picks).map(|(&i, p)| p[i]).collect::<Vec<_>>());
            m.values[at] = value.values[value.position(&source)];
        }
        x.set(items, &value.array()).unwrap();
        prop_assert_eq!(of(&x), m);
        prop_assert_eq!(of(&original), model);
    }

    /// A view assigned to a view of the same array: the value is the one from before.
    #[test]
    fn self_assignment(n in 1usize..40, start in 0isize..10, step in prop_oneof![Just(1isize), Just(-1), Just(2), Just(-2)], other in prop_oneof![Just(1isize), Just(-1)]) {
        let model = Model::counting(&[n]);
        let mut x = model.array();
        let (to, from) = (python_range(Some(start), None, step, n), python_range(None, None, other, n));
        let from = &from[..to.len().min(from.len())];
        let mut expected = model.values.clone();
        to.iter().zip(from).for_each(|(&t, &f)| expected[t] = model.values[f]);
        let source = x.slice(vec![SliceItem::Range { start: None, stop: None, step: other }]).unwrap().slice(vec![SliceItem::Range { start: None, stop: Some(to.len() as isize), step: 1 }]).unwrap();
        x.set(vec![SliceItem::Range { start: Some(start), stop: None, step }], &source).unwrap();
        prop_assert_eq!(x.to_vec(), expected);
    }
}
