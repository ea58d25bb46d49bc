//! Which names a resolver library tries for one name, and when it stops: resolv.conf's `search` and `ndots`.

use hickory_proto::rr::Name;

/// A name to ask for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// As reported: the name as the user wrote it, or that name with a suffix.
    pub text: String,
    /// The same, absolute.
    pub name: Name,
    /// Without suffix.
    pub as_is: bool,
}

/// What the exchanges for one candidate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// At least one address.
    Found,
    /// NXDOMAIN, NODATA or SERVFAIL: another name may do better.
    Missed,
    /// Another response code, as REFUSED.
    Declined,
    /// No DNS answer: this server will not answer for another name either.
    NoAnswer,
}

/// The names to try in order, as glibc's `__res_context_search` does (resolv.conf(5), `ndots`).
///
/// A name with a trailing dot is absolute. One with at least `ndots` dots is tried as it is before the suffixes, else
/// after them. Empty when `name` is no domain name.
pub(super) fn candidates(name: &str, search: &[Name], ndots: usize) -> Vec<Candidate> {
    let Some(as_is) = absolute(name) else {
        return Vec::new();
    };
    if name.ends_with('.') {
        return vec![as_is];
    }
    let dots = name.bytes().filter(|byte| *byte == b'.').count();
    let as_is_first = dots >= ndots;
    let suffixed = search
        .iter()
        .filter_map(|suffix| with_suffix(name, &as_is.name, suffix));
    let mut all: Vec<Candidate> = Vec::new();
    let first = as_is_first.then(|| as_is.clone());
    for candidate in first.into_iter().chain(suffixed).chain([as_is.clone()]) {
        // The root as a suffix, and a suffix listed twice, would only ask the same again.
        if !all.iter().any(|earlier| earlier.name == candidate.name) {
            all.push(candidate);
        }
    }
    all
}

/// What is left to try after `tried` was the outcome for `current`.
pub(super) fn left<'a>(
    current: &Candidate,
    tried: Tried,
    rest: &'a [Candidate],
) -> &'a [Candidate] {
    match tried {
        Tried::Found | Tried::NoAnswer => &[],
        Tried::Missed => rest,
        Tried::Declined if current.as_is => rest,
        // glibc ends its walk over the suffixes there, and still tries the name as it is.
        Tried::Declined => {
            let as_is = rest.iter().position(|candidate| candidate.as_is);
            as_is.map_or(&[], |position| &rest[position..])
        }
    }
}

fn absolute(name: &str) -> Option<Candidate> {
    let mut parsed = Name::from_ascii(name).ok()?;
    parsed.set_fqdn(true);
    (!parsed.is_root()).then(|| Candidate {
        text: name.to_owned(),
        name: parsed,
        as_is: true,
    })
}

/// `None` when the whole would be longer than a domain name may be.
fn with_suffix(text: &str, name: &Name, suffix: &Name) -> Option<Candidate> {
    if suffix.num_labels() == 0 {
        return absolute(text);
    }
    let dotted = suffix.to_ascii();
    Some(Candidate {
        text: format!("{text}.{}", dotted.trim_end_matches('.')),
        name: name.clone().append_domain(suffix).ok()?,
        as_is: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str, search: &[&str], ndots: usize) -> Vec<String> {
        let search: Vec<Name> = search
            .iter()
            .map(|suffix| Name::from_ascii(suffix).expect("a suffix"))
            .collect();
        candidates(name, &search, ndots)
            .into_iter()
            .map(|candidate| candidate.text)
            .collect()
    }

    #[test]
    fn order_follows_ndots() {
        let search = ["svc.cluster.local", "corp.test."];
        assert_eq!(
            names("b-1.demo.test", &search, 1),
            [
                "b-1.demo.test",
                "b-1.demo.test.svc.cluster.local",
                "b-1.demo.test.corp.test"
            ]
        );
        assert_eq!(
            names("b-1.demo.test", &search, 5),
            [
                "b-1.demo.test.svc.cluster.local",
                "b-1.demo.test.corp.test",
                "b-1.demo.test"
            ]
        );
        assert_eq!(names("b-1.demo.test.", &search, 5), ["b-1.demo.test."]);
        assert_eq!(names("broker", &[], 1), ["broker"]);
        assert_eq!(names("broker", &["."], 1), ["broker"]);
        assert_eq!(
            names("a.b", &["x.test", "x.test"], 1),
            ["a.b", "a.b.x.test"]
        );
    }

    #[test]
    fn names_are_absolute_on_the_wire() {
        let search = [Name::from_ascii("corp.test").expect("a suffix")];
        assert!(
            candidates("broker", &search, 1)
                .iter()
                .all(|candidate| candidate.name.is_fqdn())
        );
    }

    #[test]
    fn no_domain_name_no_question() {
        let long = "a".repeat(64);
        for name in ["", ".", "a..b", "bücher.test", "a b", long.as_str()] {
            assert_eq!(names(name, &["corp.test"], 1), [""; 0], "{name}");
        }
    }

    #[test]
    fn stops_as_glibc_does() {
        let search = ["x.test", "y.test"].map(|suffix| Name::from_ascii(suffix).expect("a suffix"));
        let all = candidates("broker", &search, 1);
        let texts = |tried| -> Vec<&str> {
            left(&all[0], tried, &all[1..])
                .iter()
                .map(|candidate| candidate.text.as_str())
                .collect()
        };
        assert_eq!(texts(Tried::Missed), ["broker.y.test", "broker"]);
        assert_eq!(texts(Tried::Declined), ["broker"]);
        assert!(texts(Tried::Found).is_empty() && texts(Tried::NoAnswer).is_empty());
        let as_is_first = candidates("b.test", &search, 1);
        assert_eq!(
            left(&as_is_first[0], Tried::Declined, &as_is_first[1..]).len(),
            2
        );
    }
}
