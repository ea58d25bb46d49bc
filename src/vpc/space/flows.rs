//! The flows of one client: pairs of an address and a port.

use std::rc::Rc;

use super::{Addresses, Ports};

/// Flows of one client to one listener: for each of its addresses the ports that it may use.
///
/// Rules that name single addresses cut a subnet into hundreds of pieces, and nearly all of them have the same few
/// sets of ports: a set is kept once and shared, and an operation on two sets is worked out once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows(Rc<[Piece]>);

/// Neighbouring addresses with the same ports, of which there is one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    first: u128,
    last: u128,
    ports: Rc<Ports>,
}

impl Flows {
    /// Each of `addresses` with each of `ports`.
    #[must_use]
    pub fn product(addresses: &Addresses, ports: &Ports) -> Self {
        if ports.is_empty() {
            return Self::default();
        }
        let ports = Rc::new(ports.clone());
        let pieces = addresses.iter().map(|range| Piece {
            first: *range.start(),
            last: *range.end(),
            ports: Rc::clone(&ports),
        });
        Self(pieces.collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses that have any port.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let pieces = self.0.iter();
        pieces.map(|piece| piece.first..=piece.last).collect()
    }

    /// The ports that every address has.
    #[must_use]
    pub fn ports_of_all(&self) -> Ports {
        let mut each = self.port_sets().into_iter();
        let first = each.next().cloned().unwrap_or_default();
        each.fold(first, |all, ports| all.common(ports))
    }

    /// The ports that any address has.
    #[must_use]
    pub fn ports_of_any(&self) -> Ports {
        match self.port_sets()[..] {
            [only] => only.clone(),
            ref sets => sets
                .iter()
                .flat_map(|ports| ports.iter().cloned())
                .collect(),
        }
    }

    /// The sets of ports, without most of the repetitions.
    fn port_sets(&self) -> Vec<&Ports> {
        let mut found: Vec<&Rc<Ports>> = Vec::new();
        for piece in self.0.iter() {
            if !found
                .iter()
                .rev()
                .any(|known| Rc::ptr_eq(known, &piece.ports))
            {
                found.push(&piece.ports);
            }
        }
        found.into_iter().map(Rc::as_ref).collect()
    }

    /// The flows in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        if Rc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        let (few, many) = if self.0.len() <= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        let mut both = Memo::new(|one: &Ports, other: &Ports| one.common(other));
        if many.is_within(few, &mut both) {
            return many.clone();
        }
        let mut found = Pieces::default();
        for piece in few.0.iter() {
            for among in many.overlapping(piece) {
                if let Some(ports) = both.of(&among.ports, &piece.ports) {
                    let first = piece.first.max(among.first);
                    found.push(first, piece.last.min(among.last), ports);
                }
            }
        }
        found.into()
    }

    /// Whether all of these flows are in `whole`, as far as that is soon seen.
    fn is_within<F: Fn(&Ports, &Ports) -> Ports>(&self, whole: &Self, both: &mut Memo<F>) -> bool {
        let ([only], [first, .., last] | [first @ last]) = (&whole.0[..], &self.0[..]) else {
            return false;
        };
        let mut all = |piece: &Piece| {
            let ports = both.of(&piece.ports, &only.ports);
            ports.is_some_and(|ports| Rc::ptr_eq(&ports, &piece.ports))
        };
        only.first <= first.first && last.last <= only.last && self.0.iter().all(&mut all)
    }

    /// The pieces that have any address of another one.
    fn overlapping(&self, other: &Piece) -> impl Iterator<Item = &Piece> {
        let start = self.0.partition_point(|piece| piece.last < other.first);
        let end = other.last;
        self.0[start..]
            .iter()
            .take_while(move |piece| piece.first <= end)
    }

    /// The flows in this and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = Memo::new(|one: &Ports, other: &Ports| one.without(other));
        let mut found = Pieces::default();
        for piece in self.0.iter() {
            let mut start = Some(piece.first);
            for gone in other.overlapping(piece) {
                let Some(from) = start else { break };
                if let Some(before) = gone.first.checked_sub(1).filter(|before| from <= *before) {
                    found.push(from, before, Rc::clone(&piece.ports));
                }
                let last = gone.last.min(piece.last);
                if let Some(ports) = rest.of(&piece.ports, &gone.ports) {
                    found.push(gone.first.max(from), last, ports);
                }
                start = last.checked_add(1);
            }
            if let Some(from) = start.filter(|from| *from <= piece.last) {
                found.push(from, piece.last, Rc::clone(&piece.ports));
            }
        }
        found.into()
    }

    /// The flows in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        if other.is_empty() || Rc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut any = Memo::new(|one: &Ports, other: &Ports| {
            one.iter().chain(other.iter()).cloned().collect()
        });
        let mut found = Pieces::default();
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        // Where the addresses begin that were not looked at yet.
        let mut from = 0;
        while let Some(start) = [ours.peek(), theirs.peek()]
            .into_iter()
            .flatten()
            .map(|piece| piece.first.max(from))
            .min()
        {
            let (one, two) = (ours.peek().copied(), theirs.peek().copied());
            // Up to the next place where something begins or ends.
            let until = |piece: &Piece| match piece.first.checked_sub(1) {
                Some(before) if start <= before => before,
                _ => piece.last,
            };
            let Some(end) = [one, two].into_iter().flatten().map(until).min() else {
                break;
            };
            let here = |piece: &&Piece| piece.first <= start;
            let ports = match (one.filter(here), two.filter(here)) {
                (Some(one), Some(two)) => any.of(&one.ports, &two.ports),
                (one, two) => one.or(two).map(|piece| Rc::clone(&piece.ports)),
            };
            if let Some(ports) = ports {
                found.push(start, end, ports);
            }
            ours.next_if(|piece| piece.last == end);
            theirs.next_if(|piece| piece.last == end);
            let Some(next) = end.checked_add(1) else {
                break;
            };
            from = next;
        }
        found.into()
    }
}

/// Pieces in order, joined where neighbours have the same ports.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, first: u128, last: u128, ports: Rc<Ports>) {
        match self.0.last_mut() {
            // Sets that are shared are compared by where they are.
            Some(before) if before.last.checked_add(1) == Some(first) && before.ports == ports => {
                before.last = last;
            }
            _ => self.0.push(Piece { first, last, ports }),
        }
    }
}

impl From<Pieces> for Flows {
    fn from(pieces: Pieces) -> Self {
        Self(pieces.0.into())
    }
}

/// What an operation makes of two sets of ports, worked out once for each pair.
struct Memo<F> {
    operation: F,
    known: Vec<(*const Ports, *const Ports, Option<Rc<Ports>>)>,
}

impl<F: Fn(&Ports, &Ports) -> Ports> Memo<F> {
    fn new(operation: F) -> Self {
        Self {
            operation,
            known: Vec::new(),
        }
    }

    /// The result; `None` where it is empty.
    fn of(&mut self, one: &Rc<Ports>, other: &Rc<Ports>) -> Option<Rc<Ports>> {
        // Both sets outlive the operation, so an address stands for one set.
        let key = (Rc::as_ptr(one), Rc::as_ptr(other));
        let known = self.known.iter().rev();
        if let Some((_, _, result)) = known.into_iter().find(|(a, b, _)| (*a, *b) == key) {
            return result.clone();
        }
        let result = (self.operation)(one, other);
        let result = if result.is_empty() {
            None
        } else if result == **one {
            Some(Rc::clone(one))
        } else if result == **other {
            Some(Rc::clone(other))
        } else {
            Some(Rc::new(result))
        };
        self.known.push((key.0, key.1, result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports;
    use super::*;
    use proptest::prelude::*;

    fn flows(parts: &[(u8, u8, u8, u8)]) -> Flows {
        parts.iter().fold(Flows::default(), |all, (a, b, p, q)| {
            let addresses = [u128::from(*a.min(b))..=u128::from(*a.max(b))];
            let some = ports(u16::from(*p.min(q))..=u16::from(*p.max(q)));
            all.or(&Flows::product(&addresses.into_iter().collect(), &some))
        })
    }

    fn has(flows: &Flows, address: u8, port: u8) -> bool {
        let address = u128::from(address);
        let mut pieces = flows.0.iter();
        pieces.any(|piece| {
            (piece.first..=piece.last).contains(&address) && piece.ports.contains(u16::from(port))
        })
    }

    proptest! {
        #[test]
        fn sets_behave_as_sets(
            a in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 0..4),
            b in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 0..4),
            points in proptest::collection::vec(any::<(u8, u8)>(), 40),
        ) {
            let inside = |parts: &[(u8, u8, u8, u8)], (x, y): (u8, u8)| {
                parts.iter().any(|(a, b, p, q)| {
                    (*a.min(b)..=*a.max(b)).contains(&x) && (*p.min(q)..=*p.max(q)).contains(&y)
                })
            };
            let (one, two) = (flows(&a), flows(&b));
            let (and, or, minus) = (one.and(&two), one.or(&two), one.minus(&two));
            for point in points {
                let (x, y) = point;
                prop_assert_eq!(has(&one, x, y), inside(&a, point));
                prop_assert_eq!(has(&and, x, y), inside(&a, point) && inside(&b, point));
                prop_assert_eq!(has(&or, x, y), inside(&a, point) || inside(&b, point));
                prop_assert_eq!(has(&minus, x, y), inside(&a, point) && !inside(&b, point));
            }
            prop_assert!(one.minus(&one).is_empty());
            prop_assert_eq!(&one.or(&one), &one);
            // Equal sets are equal, whichever way they came about.
            prop_assert_eq!(one.or(&two), two.or(&one));
            prop_assert_eq!(one.minus(&two).or(&and), one);
        }

        #[test]
        fn ports_of_all_and_of_any_address(a in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 1..4), port: u8) {
            let flows = flows(&a);
            let mut of = flows.addresses().into_iter().flatten();
            let each = |address: u128| has(&flows, u8::try_from(address).expect("a small one"), port);
            prop_assert_eq!(flows.ports_of_any().contains(port.into()), of.clone().any(each));
            prop_assert_eq!(flows.ports_of_all().contains(port.into()), of.all(each));
        }
    }

    #[test]
    fn the_last_address_has_no_neighbour() {
        let all = Flows::product(&[0..=u128::MAX].into_iter().collect(), &ports(1..=9));
        let last = Flows::product(
            &[u128::MAX..=u128::MAX].into_iter().collect(),
            &ports(2..=3),
        );
        let rest = all.minus(&last);
        assert_eq!(rest.or(&last), all);
        assert_eq!(rest.and(&last), Flows::default());
        assert_eq!(all.and(&last), last);
    }
}
