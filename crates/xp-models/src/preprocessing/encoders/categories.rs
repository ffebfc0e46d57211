//! The categories of several features, and which of them are taken together.

use core::fmt;
use core::str::FromStr;

use xp_core::extra::bincount;
use xp_core::functions::{concat, unique_values};
use xp_core::{Array, Backend, Ix1, Ix2};

use crate::labels::{Label, positions};
use crate::model::{Check, Contents, Field, child, fits, text_fields};
use crate::model_selection::Size;
use crate::{Error, Result, check};

/// A few whole numbers, which a file holds as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers(pub Vec<i64>);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(i64::to_string).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Numbers {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Numbers)
    }
}
text_fields!(Numbers);

/// What is said of the categories before they are learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub categories: Option<Vec<Vec<i128>>>,
    pub min_frequency: Option<Size>,
    pub max_categories: Option<usize>,
}

/// The categories of all features in ascending order, feature after feature, and the group of each: its position among the groups of
/// the feature, of which the last one may be that of the infrequent categories.
#[derive(Clone, Debug)]
pub(super) struct Categories<B: Backend, L: Label> {
    values: Array<B, L, Ix1>,
    groups: Array<B, i64, Ix1>,
    /// The numbers of categories and of groups of each feature.
    counts: Numbers,
    pub widths: Numbers,
    /// The group of the infrequent categories of each feature; -1 where there are none.
    pub infrequent: Numbers,
}

/// The categories of one feature.
pub(super) struct Feature<B: Backend, L: Label> {
    pub values: Array<B, L, Ix1>,
    pub groups: Array<B, i64, Ix1>,
    /// The group of infrequent ones, if there is one.
    pub infrequent: Option<i64>,
    pub width: usize,
}

impl<B: Backend, L: Label> Feature<B, L> {
    /// The first category of each group, as positions.
    pub fn firsts(&self) -> Result<Vec<i64>> {
        let mut firsts = vec![0; self.width];
        for (at, group) in self.groups.to_host()?.into_iter().enumerate().rev() {
            firsts[group as usize] = at as i64;
        }
        Ok(firsts)
    }

    /// Where the category is, for those that are in the group.
    pub fn members(&self, group: i64) -> Result<Vec<i64>> {
        let groups = self.groups.to_host()?;
        Ok((0..groups.len() as i64).filter(|&at| groups[at as usize] == group).collect())
    }
}

impl<B: Backend, L: Label> Categories<B, L> {
    /// Learns the categories of samples, leaving one label out that stands for what is missing.
    pub fn learn(x: &Array<B, L, Ix2>, given: &Given, missing: Option<i128>) -> Result<Self> {
        given.check()?;
        check::at_least(x, 1)?;
        let [n, p] = x.shape();
        let lists = match &given.categories {
            None => (0..p).map(|j| without(unique_values(&x.index_axis(1, j)?)?, missing)).collect::<Result<Vec<_>>>()?,
            Some(lists) => on_device(x, lists)?,
        };
        let mut groups = vec![];
        let (mut widths, mut infrequent) = (vec![], vec![]);
        for (j, list) in lists.iter().enumerate() {
            let rare = given.infrequent(&x.index_axis(1, j)?.contiguous()?, list, n)?;
            let common = rare.iter().filter(|&&rare| !rare).count() as i64;
            let any = common < rare.len() as i64;
            let mut next = 0..;
            groups.extend(rare.iter().map(|&rare| if rare { common } else { next.next().unwrap_or(common) }));
            widths.push(common + i64::from(any));
            infrequent.push(if any { common } else { -1 });
        }
        let counts = Numbers(lists.iter().map(|list| list.size() as i64).collect());
        let size = groups.len();
        let groups = Array::from_vec(x.device(), groups, [size])?;
        Ok(Categories { values: concat(&lists, 0)?, groups, counts, widths: Numbers(widths), infrequent: Numbers(infrequent) })
    }

    /// The number of features.
    pub fn len(&self) -> usize {
        self.counts.0.len()
    }

    /// The categories of each feature.
    pub fn features(&self) -> Result<Vec<Feature<B, L>>> {
        let mut at = 0;
        let feature = |j: usize| {
            let (from, to) = (at, at + self.counts.0[j] as isize);
            at = to;
            let infrequent = Some(self.infrequent.0[j]).filter(|&group| group >= 0);
            let part = (self.values.slice_axis(0, from..to)?, self.groups.slice_axis(0, from..to)?);
            Ok(Feature { values: part.0, groups: part.1, infrequent, width: self.widths.0[j] as usize })
        };
        (0..self.len()).map(feature).collect()
    }

    /// The labels of the infrequent categories of each feature.
    pub fn infrequent_categories(&self) -> Result<Vec<Option<Array<B, L, Ix1>>>> {
        let labels = |feature: Feature<B, L>| {
            let Some(group) = feature.infrequent else { return Ok(None) };
            let members = feature.members(group)?;
            let size = members.len();
            Ok(Some(feature.values.take(&Array::from_vec(feature.values.device(), members, [size])?, 0)?))
        };
        self.features()?.into_iter().map(labels).collect()
    }
}

impl Given {
    fn check(&self) -> Result<()> {
        match self.min_frequency {
            Some(Size::Count(0)) => return Err(Error::value("min_frequency", 0, "at least 1 sample, or a fraction between 0 and 1")),
            Some(Size::Fraction(part)) if !(part > 0.0 && part < 1.0) => {
                return Err(Error::value("min_frequency", part, "a fraction between 0 and 1, or a number of samples"));
            }
            _ => {}
        }
        if self.max_categories == Some(0) {
            return Err(Error::value("max_categories", 0, "at least 1"));
        }
        Ok(())
    }

    /// Which categories of a feature are infrequent among `n` samples.
    fn infrequent<B: Backend, L: Label>(&self, column: &Array<B, L, Ix1>, categories: &Array<B, L, Ix1>, n: usize) -> Result<Vec<bool>> {
        let k = categories.size();
        if self.min_frequency.is_none() && self.max_categories.is_none() {
            return Ok(vec![false; k]);
        }
        // What is unknown is counted after the last category.
        let samples = bincount(&positions(column, &numbers(categories)?)?, k + 1)?.to_host()?;
        let least = match self.min_frequency {
            None => 0.0,
            Some(Size::Count(least)) => least as f64,
            Some(Size::Fraction(part)) => part * n as f64,
        };
        let mut rare: Vec<bool> = samples[..k].iter().map(|&count| (count as f64) < least).collect();
        let common = rare.iter().filter(|&&rare| !rare).count();
        if let Some(most) = self.max_categories.filter(|&most| most < common + 1) {
            let mut order: Vec<usize> = (0..k).collect();
            order.sort_by_key(|&at| samples[at]);
            order.truncate(k.saturating_sub(most - 1));
            order.into_iter().for_each(|at| rare[at] = true);
        }
        Ok(rare)
    }
}

/// Labels as numbers, on the host.
pub(super) fn numbers<B: Backend, L: Label>(labels: &Array<B, L, Ix1>) -> Result<Vec<i128>> {
    Ok(labels.to_host()?.into_iter().map(Label::number).collect())
}

/// The labels without this one.
fn without<B: Backend, L: Label>(labels: Array<B, L, Ix1>, missing: Option<i128>) -> Result<Array<B, L, Ix1>> {
    match missing.and_then(L::from_number) {
        Some(missing) => Ok(labels.select(&labels.not_equal(missing))?),
        None => Ok(labels),
    }
}

/// The categories that were given, one list for each column of `x`.
fn on_device<B: Backend, L: Label>(x: &Array<B, L, Ix2>, lists: &[Vec<i128>]) -> Result<Vec<Array<B, L, Ix1>>> {
    let (p, said) = (x.dims()[1], |given: String, expected: String| Err(Error::value("categories", given, expected)));
    if lists.len() != p {
        return said(format!("lists for {} features", lists.len()), format!("one for each of {p}, the columns of x"));
    }
    if let Some(bad) = lists.iter().find(|list| list.is_empty() || list.windows(2).any(|pair| pair[0] >= pair[1])) {
        return said(format!("{bad:?}"), "distinct labels in ascending order, at least one".into());
    }
    let label = |&number: &i128| {
        let given = || Error::value("categories", number, format!("numbers that {} can hold", L::DTYPE));
        L::from_number(number).ok_or_else(given)
    };
    let list = |list: &Vec<i128>| {
        let labels = list.iter().map(label).collect::<Result<Vec<L>>>()?;
        let count = labels.len();
        Ok(Array::from_vec(x.device(), labels, [count])?)
    };
    lists.iter().map(list).collect()
}

impl<B: Backend, L: Label> Check for Categories<B, L> {
    fn check(&self) -> Result<()> {
        let p = self.len();
        fits("widths", &[self.widths.0.len()], &[p])?;
        fits("infrequent", &[self.infrequent.0.len()], &[p])?;
        fits("groups", self.groups.dims(), self.values.dims())?;
        let (values, groups) = (self.values.to_host()?, self.groups.to_host()?);
        let (mut values, mut groups) = (&values[..], &groups[..]);
        for ((&count, &width), &infrequent) in self.counts.0.iter().zip(&self.widths.0).zip(&self.infrequent.0) {
            let parts = usize::try_from(count).ok().and_then(|n| Some((values.split_at_checked(n)?, groups.split_at_checked(n)?)));
            let Some(((list, values_after), (group, groups_after))) = parts else {
                return Err(Error::value("counts", count, format!("0 to {}, as many as there are values left", values.len())));
            };
            if list.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(Error::value("values", "labels in another order", "distinct labels in ascending order for each feature"));
            }
            // Every group has a category, so that there are no more groups than categories.
            let mut found: Vec<i64> = group.to_vec();
            found.sort_unstable();
            found.dedup();
            if !found.iter().copied().eq(0..found.len() as i64) || width != found.len() as i64 || !(-1..width).contains(&infrequent) {
                return Err(Error::value(
                    "groups",
                    format!("{width} groups with the infrequent one {infrequent}"),
                    "groups from 0, of one category at least",
                ));
            }
            (values, groups) = (values_after, groups_after);
        }
        if p == 0 || !values.is_empty() {
            return Err(Error::value("counts", &self.counts, format!("numbers whose sum is {}, the number of values", self.values.size())));
        }
        Ok(())
    }
}

impl<B: Backend, L: Label> Field<B> for Categories<B, L> {
    type On<C: Backend> = Categories<C, L>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Categories<C, L>> {
        Ok(Categories {
            values: Field::<B>::to_backend(&self.values, device)?,
            groups: Field::<B>::to_backend(&self.groups, device)?,
            counts: self.counts.clone(),
            widths: self.widths.clone(),
            infrequent: self.infrequent.clone(),
        })
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        self.values.write(&child(name, "values"), to)?;
        self.groups.write(&child(name, "groups"), to)?;
        for (part, numbers) in [("counts", &self.counts), ("widths", &self.widths), ("infrequent", &self.infrequent)] {
            Field::<B>::write(numbers, &child(name, part), to)?;
        }
        Ok(())
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        let numbers = |part: &str| Field::<B>::read(&child(name, part), from, device);
        from.checked(Categories {
            values: Field::<B>::read(&child(name, "values"), from, device)?,
            groups: Field::<B>::read(&child(name, "groups"), from, device)?,
            counts: numbers("counts")?,
            widths: numbers("widths")?,
            infrequent: numbers("infrequent")?,
        })
    }
}
