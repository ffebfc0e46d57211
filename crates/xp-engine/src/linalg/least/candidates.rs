//! The best elements so far.

use std::cmp::Ordering;

use crate::linalg::{Error, RealScalar, Result};

/// By value, NaN at either end, then by column.
pub(super) fn order<T: RealScalar>(nan_first: bool) -> impl Fn(&(T, usize), &(T, usize)) -> Ordering {
    move |x, y| {
        let place = |value: T| (value.is_nan() != nan_first, value.to_ordered_bits());
        place(x.0).cmp(&place(y.0)).then(x.1.cmp(&y.1))
    }
}

/// The best elements so far of some rows: up to twice as many as wanted, and what a further one must be below.
pub(super) struct Candidates<T> {
    k: usize,
    nan_first: bool,
    room: usize,
    found: Vec<(T, usize)>,
    counts: Vec<usize>,
    /// NaN where anything is welcome; at last rows that do not exist, to which nothing is.
    limits: Vec<T>,
}

impl<T: RealScalar> Candidates<T> {
    /// None yet, for some rows and others that do not exist, of `k` that are wanted of some columns.
    pub(super) fn new([rows, padded]: [usize; 2], [k, columns]: [usize; 2], nan_first: bool) -> Result<Self> {
        // One more than wanted has to fit, unless that is all there is.
        let room = (2 * k).min(columns.max(k));
        let bytes = rows.saturating_mul(room).saturating_mul(size_of::<(T, usize)>());
        let mut found = Vec::new();
        found.try_reserve_exact(rows.saturating_mul(room)).map_err(|_| Error::OutOfMemory { bytes })?;
        found.resize(rows * room, (T::ZERO, 0));
        let mut limits = vec![T::from_f64(f64::NAN); rows];
        limits.resize(padded, T::from_f64(f64::NEG_INFINITY));
        Ok(Candidates { k, nan_first, room, found, counts: vec![0; rows], limits })
    }

    pub(super) fn limits(&self, first: usize, count: usize) -> &[T] {
        &self.limits[first..first + count]
    }

    /// Takes an element of a row; columns come in ascending order.
    pub(super) fn push(&mut self, row: usize, value: T, at: usize) {
        let Some(count) = self.counts.get_mut(row) else { return };
        let own = &mut self.found[row * self.room..(row + 1) * self.room];
        if *count == self.room {
            // All of a row may be NaN: then the limit stops nothing, but none comes before those that are there.
            if order(self.nan_first)(&own[self.k - 1], &(value, at)) == Ordering::Less {
                return;
            }
            *count = self.k;
        }
        own[*count] = (value, at);
        *count += 1;
        if *count == self.room {
            own.select_nth_unstable_by(self.k - 1, order(self.nan_first));
            self.limits[row] = own[self.k - 1].0;
        }
    }

    /// The best of a row, in order.
    pub(super) fn of(&mut self, row: usize) -> &[(T, usize)] {
        let own = &mut self.found[row * self.room..row * self.room + self.counts[row]];
        own.sort_unstable_by(order(self.nan_first));
        &own[..self.k.min(self.counts[row])]
    }

    /// The best of a row, in any order but that the last one stands last; `None` where there are fewer than wanted.
    pub(super) fn unordered(&mut self, row: usize) -> Option<&[(T, usize)]> {
        let own = &mut self.found[row * self.room..row * self.room + self.counts[row]];
        if own.len() < self.k {
            return None;
        }
        own.select_nth_unstable_by(self.k - 1, order(self.nan_first));
        Some(&own[..self.k])
    }
}
