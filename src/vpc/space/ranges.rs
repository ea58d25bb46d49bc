//! Sets of numbers as sorted ranges: what a rule or a table says is a range, and a proof asks for what many have in
//! common.

use std::ops::RangeInclusive;

use smallvec::{SmallVec, smallvec};

/// Numbers with neighbours.
pub trait Number: Copy + Ord {
    /// The next one; `None` after the last.
    fn next(self) -> Option<Self>;
    /// The one before; `None` before the first.
    fn previous(self) -> Option<Self>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}

numbers!(u16, u128);

/// A set of numbers: ranges in order that neither overlap nor touch, so that equal sets are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges<T>(Parts<T>);

/// Most sets are one range.
type Parts<T> = SmallVec<[RangeInclusive<T>; 1]>;

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<T: Number> From<RangeInclusive<T>> for Ranges<T> {
    fn from(range: RangeInclusive<T>) -> Self {
        if range.is_empty() {
            Self::new()
        } else {
            Self(smallvec![range])
        }
    }
}

impl<T: Number> Ranges<T> {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The ranges, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, RangeInclusive<T>> {
        self.0.iter()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has a number.
    #[must_use]
    pub fn contains(&self, number: T) -> bool {
        self.overlaps(&(number..=number))
    }

    /// Whether it has any number of a range.
    #[must_use]
    pub fn overlaps(&self, range: &RangeInclusive<T>) -> bool {
        self.overlapping(range).next().is_some()
    }

    /// The ranges that have any number of `range`.
    fn overlapping(&self, range: &RangeInclusive<T>) -> impl Iterator<Item = &RangeInclusive<T>> {
        let first = self.0.partition_point(|own| own.end() < range.start());
        let end = *range.end();
        self.0[first..]
            .iter()
            .take_while(move |own| *own.start() <= end)
    }

    /// Whether they have any number in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (few, many) = self.by_length(other);
        few.iter().any(|range| many.overlaps(range))
    }

    /// The shorter of the two first.
    fn by_length<'s>(&'s self, other: &'s Self) -> (&'s Self, &'s Self) {
        if self.0.len() <= other.0.len() {
            (self, other)
        } else {
            (other, self)
        }
    }

    /// Takes in another set.
    pub fn add(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            self.extend(other);
        }
    }

    /// What two sets have in common: as fast as the smaller is small.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let (few, many) = self.by_length(other);
        let mut both = Parts::new();
        for range in &few.0 {
            both.extend(
                many.overlapping(range)
                    .map(|other| *range.start().max(other.start())..=*range.end().min(other.end())),
            );
        }
        Self(both)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Parts::with_capacity(self.0.len());
        for range in &self.0 {
            let mut start = Some(*range.start());
            for gone in other.overlapping(range) {
                let Some(from) = start else { break };
                if let Some(before) = gone.start().previous().filter(|before| from <= *before) {
                    rest.push(from..=before);
                }
                start = gone.end().next();
            }
            if let Some(from) = start.filter(|from| from <= range.end()) {
                rest.push(from..=*range.end());
            }
        }
        Self(rest)
    }

    /// Puts the ranges in order again and joins those that overlap or touch.
    fn join(&mut self) {
        let apart = |pair: &[RangeInclusive<T>]| {
            pair[0]
                .end()
                .next()
                .is_some_and(|next| next < *pair[1].start())
        };
        self.0.retain(|range| !range.is_empty());
        if self.0.windows(2).all(apart) {
            return;
        }
        self.0.sort_unstable_by_key(|range| *range.start());
        let mut joined: Parts<T> = Parts::with_capacity(self.0.len());
        for range in self.0.drain(..) {
            match joined.last_mut() {
                Some(last) if last.end().next().is_none_or(|next| *range.start() <= next) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => joined.push(range),
            }
        }
        self.0 = joined;
    }
}

impl<T: Number> FromIterator<RangeInclusive<T>> for Ranges<T> {
    fn from_iter<I: IntoIterator<Item = RangeInclusive<T>>>(ranges: I) -> Self {
        let mut set = Self(ranges.into_iter().collect());
        set.join();
        set
    }
}

impl<T: Number> Extend<RangeInclusive<T>> for Ranges<T> {
    fn extend<I: IntoIterator<Item = RangeInclusive<T>>>(&mut self, ranges: I) {
        self.0.extend(ranges);
        self.join();
    }
}

impl<T> IntoIterator for Ranges<T> {
    type Item = RangeInclusive<T>;
    type IntoIter = smallvec::IntoIter<[RangeInclusive<T>; 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Ranges<T> {
    type Item = &'a RangeInclusive<T>;
    type IntoIter = std::slice::Iter<'a, RangeInclusive<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    /// Numbers at both ends of the kind, where a neighbour is missing.
    fn number() -> impl Strategy<Value = u16> {
        (0u16..24, any::<bool>()).prop_map(|(n, high)| if high { u16::MAX - n } else { n })
    }

    fn parts() -> impl Strategy<Value = Vec<RangeInclusive<u16>>> {
        let range =
            (number(), 0u16..6).prop_map(|(first, more)| first..=first.saturating_add(more));
        proptest::collection::vec(range, 0..8)
    }

    fn each(parts: &[RangeInclusive<u16>]) -> BTreeSet<u16> {
        parts.iter().cloned().flatten().collect()
    }

    fn numbers(set: &Ranges<u16>) -> BTreeSet<u16> {
        let apart = |pair: &[RangeInclusive<u16>]| {
            u32::from(*pair[0].end()) + 1 < u32::from(*pair[1].start())
        };
        assert!(set.0.windows(2).all(apart), "{set:?}");
        assert!(set.iter().all(|range| !range.is_empty()), "{set:?}");
        each(&set.0)
    }

    proptest! {
        #[test]
        fn ranges_are_the_set_of_their_numbers(a in parts(), b in parts(), point in number()) {
            let (one, two): (Ranges<u16>, Ranges<u16>) = (a.iter().cloned().collect(), b.iter().cloned().collect());
            let (first, second) = (each(&a), each(&b));
            prop_assert_eq!(numbers(&one), first.clone());
            prop_assert_eq!(numbers(&one.common(&two)), first.intersection(&second).copied().collect());
            prop_assert_eq!(numbers(&one.without(&two)), first.difference(&second).copied().collect());
            let mut both = one.clone();
            both.add(two.clone());
            prop_assert_eq!(numbers(&both), first.union(&second).copied().collect());
            prop_assert_eq!(one.meets(&two), !first.is_disjoint(&second));
            prop_assert_eq!(one.contains(point), first.contains(&point));
            prop_assert_eq!(one.is_empty(), first.is_empty());
            prop_assert_eq!(one == two, first == second);
        }
    }

    #[test]
    fn a_range_that_is_empty_adds_nothing() {
        let backwards = RangeInclusive::new(9u16, 3);
        assert!(Ranges::from(backwards.clone()).is_empty());
        assert!([backwards].into_iter().collect::<Ranges<u16>>().is_empty());
    }
}
