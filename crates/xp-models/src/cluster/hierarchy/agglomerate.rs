//! How clusters are joined: on the host, on the distances of all pairs.

use core::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Method;
use super::disjoint_set::Forest;
use super::tree::Merge;

/// The distances of all pairs of observations, those of the first one first.
pub(super) struct Condensed {
    pub n: usize,
    pub values: Vec<f64>,
}

impl Condensed {
    fn at(&self, i: usize, j: usize) -> usize {
        place(self.n, i, j)
    }

    fn get(&self, i: usize, j: usize) -> f64 {
        self.values[self.at(i, j)]
    }
}

/// Where the distance of two of `n` observations stands.
pub(super) fn place(n: usize, i: usize, j: usize) -> usize {
    let (i, j) = if i < j { (i, j) } else { (j, i) };
    i * (2 * n - i - 1) / 2 + j - i - 1
}

/// The merges in the order of their distances, by the algorithm that is fastest for the method.
pub(super) fn agglomerate(mut distances: Condensed, method: Method) -> Vec<Merge> {
    let n = distances.n;
    // A power of two in front of all distances changes no rounding, and keeps squares in range.
    let scale = if method.squares() { power_of_two(&distances.values) } else { 1.0 };
    if scale != 1.0 {
        distances.values.iter_mut().for_each(|v| *v *= scale);
    }
    let mut pairs = match method {
        Method::Single => return label(n, spanning_tree(&distances)),
        Method::Centroid | Method::Median => return unscaled(priority_list(distances, method), scale),
        _ => nearest_neighbour_chain(distances, method),
    };
    pairs.iter_mut().for_each(|pair| pair.distance /= scale);
    label(n, pairs)
}

fn unscaled(mut merges: Vec<Merge>, scale: f64) -> Vec<Merge> {
    merges.iter_mut().for_each(|merge| merge.distance /= scale);
    merges
}

/// A power of two that takes the largest distance near 1, unless its square is in range as it is.
fn power_of_two(distances: &[f64]) -> f64 {
    let largest = distances.iter().fold(0.0, |a: f64, &b| a.max(b));
    match largest {
        1e-70..=1e70 => 1.0,
        0.0 => 1.0,
        _ => (-largest.log2().floor().clamp(-1000.0, 1000.0)).exp2(),
    }
}

/// Two observations, each in one of two clusters that were joined.
struct Pair {
    ends: [usize; 2],
    distance: f64,
}

/// A minimum spanning tree by Prim's algorithm.
fn spanning_tree(distances: &Condensed) -> Vec<Pair> {
    let n = distances.n;
    let mut rest: Vec<usize> = (1..n).collect();
    let mut nearest = vec![f64::INFINITY; n];
    let (mut x, mut pairs) = (0, Vec::with_capacity(n - 1));
    while !rest.is_empty() {
        let (mut at, mut least) = (0, f64::INFINITY);
        for (k, &i) in rest.iter().enumerate() {
            nearest[i] = nearest[i].min(distances.get(x, i));
            if nearest[i] < least {
                (at, least) = (k, nearest[i]);
            }
        }
        let y = rest.remove(at);
        pairs.push(Pair { ends: [x, y], distance: nearest[y] });
        x = y;
    }
    pairs
}

/// Follows nearest neighbours until two clusters are each other's (Benzécri, 1982; Murtagh, 1983): right for methods that never
/// bring a cluster nearer by joining two others.
fn nearest_neighbour_chain(mut distances: Condensed, method: Method) -> Vec<Pair> {
    let n = distances.n;
    let mut sizes = vec![1usize; n];
    let mut active: Vec<usize> = (0..n).collect();
    let (mut chain, mut pairs): (Vec<usize>, _) = (vec![], Vec::with_capacity(n - 1));
    while active.len() > 1 {
        if chain.is_empty() {
            chain.push(active[0]);
        }
        let (x, y, distance) = loop {
            let x = chain[chain.len() - 1];
            let before = chain.len().checked_sub(2).map(|k| chain[k]);
            // At equal distances the cluster before stays, so that the chain ends.
            let (mut y, mut least) = match before {
                Some(y) => (y, distances.get(x, y)),
                None => (active[usize::from(active[0] == x)], f64::INFINITY),
            };
            for &i in active.iter().filter(|&&i| i != x) {
                let distance = distances.get(x, i);
                if distance < least {
                    (y, least) = (i, distance);
                }
            }
            if before == Some(y) {
                break (x.min(y), x.max(y), least);
            }
            chain.push(y);
        };
        chain.truncate(chain.len() - 2);
        pairs.push(Pair { ends: [x, y], distance });
        active.retain(|&i| i != x);
        join(&mut distances, method, &active, &mut sizes, (x, y, distance));
    }
    pairs
}

/// The cluster `y` becomes the union of `x` and `y`: its distances to the others by the formula of Lance and Williams.
fn join(distances: &mut Condensed, method: Method, active: &[usize], sizes: &mut [usize], (x, y, between): (usize, usize, f64)) {
    let (nx, ny) = (sizes[x] as f64, sizes[y] as f64);
    for &i in active.iter().filter(|&&i| i != y) {
        let (to_x, at) = (distances.get(i, x), distances.at(i, y));
        distances.values[at] = method.joined(to_x, distances.values[at], between, [nx, ny, sizes[i] as f64]);
    }
    sizes[y] += sizes[x];
}

/// A candidate for the next merge: the nearest cluster after `x` was this far when it was put on the list.
#[derive(PartialEq)]
struct Candidate {
    distance: f64,
    x: usize,
}
impl Eq for Candidate {}
impl Ord for Candidate {
    /// The nearest is the greatest; of equal ones the first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance).then(other.x.cmp(&self.x))
    }
}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The nearest pair first, from a list of the nearest later neighbour of each cluster that holds lower bounds and is put right
/// where it is read (Müllner's generic algorithm, 2011).
fn priority_list(mut distances: Condensed, method: Method) -> Vec<Merge> {
    let n = distances.n;
    let (mut sizes, mut numbers): (Vec<usize>, Vec<usize>) = (vec![1; n], (0..n).collect());
    let mut active: Vec<usize> = (0..n).collect();
    let mut neighbour = vec![usize::MAX; n];
    let mut bound = vec![f64::INFINITY; n];
    let mut list = BinaryHeap::with_capacity(2 * n);
    for x in 0..n - 1 {
        (neighbour[x], bound[x]) = next_neighbour(&distances, &active, x);
        list.push(Candidate { distance: bound[x], x });
    }
    let mut merges = Vec::with_capacity(n - 1);
    for number in n..2 * n - 1 {
        let (x, y, between) = loop {
            let Candidate { distance, x } = list.pop().expect("two clusters are left");
            if sizes[x] == 0 || distance != bound[x] || neighbour[x] == usize::MAX {
                continue; // an entry that a later one has replaced
            }
            let y = neighbour[x];
            if sizes[y] > 0 && distances.get(x, y) == distance {
                break (x, y, distance);
            }
            (neighbour[x], bound[x]) = next_neighbour(&distances, &active, x);
            list.push(Candidate { distance: bound[x], x });
        };
        let children = [numbers[x].min(numbers[y]), numbers[x].max(numbers[y])];
        let count = (sizes[x] + sizes[y]) as f64;
        merges.push(Merge { children, distance: between, count });
        active.remove(active.binary_search(&x).expect("clusters that are merged are active"));
        join(&mut distances, method, &active, &mut sizes, (x, y, between));
        sizes[x] = 0;
        numbers[y] = number;
        for &z in active.iter().take_while(|&&z| z < y) {
            let distance = distances.get(z, y);
            if neighbour[z] == x || distance < bound[z] {
                neighbour[z] = y;
            }
            if distance < bound[z] {
                bound[z] = distance;
                list.push(Candidate { distance, x: z });
            }
        }
        (neighbour[y], bound[y]) = next_neighbour(&distances, &active, y);
        list.push(Candidate { distance: bound[y], x: y });
    }
    merges
}

/// The nearest active cluster after `x`, and its distance.
fn next_neighbour(distances: &Condensed, active: &[usize], x: usize) -> (usize, f64) {
    let first = active.partition_point(|&i| i <= x);
    let mut best = (active.get(first).copied().unwrap_or(usize::MAX), f64::INFINITY);
    for &i in &active[first..] {
        let distance = distances.get(x, i);
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best
}

/// Numbers clusters in the order of their distances; of equal ones that which was found first.
fn label(n: usize, mut pairs: Vec<Pair>) -> Vec<Merge> {
    pairs.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let mut forest = Forest::new(n);
    let mut numbers: Vec<usize> = (0..n).collect();
    let merge = |(i, pair): (usize, Pair)| {
        let [a, b] = pair.ends.map(|end| forest.find(end));
        let children = [numbers[a].min(numbers[b]), numbers[a].max(numbers[b])];
        let root = forest.join(a, b);
        numbers[root] = n + i;
        Merge { children, distance: pair.distance, count: forest.size(root) as f64 }
    };
    pairs.into_iter().enumerate().map(merge).collect()
}
