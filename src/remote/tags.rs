//! How what a run creates is known again: a name, a tag with the run, and one with the time after which nobody needs it.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How the names of temporary functions begin.
const PREFIX: &str = "msk-doctor-";
/// The tag with the run's id.
const RUN: &str = "msk-doctor:run";
/// The tag with the time after which it is left behind, RFC 3339.
const EXPIRES: &str = "msk-doctor:expires";

/// The tags of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// The run's id.
    pub run: String,
    /// When the run is over for certain.
    pub expires: OffsetDateTime,
}

impl Tags {
    /// The name of the run's function.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{PREFIX}{}", self.run)
    }

    /// As Lambda takes them.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let expires = self.expires.format(&Rfc3339).unwrap_or_default();
        BTreeMap::from([
            (RUN.to_owned(), self.run.clone()),
            (EXPIRES.to_owned(), expires),
        ])
    }
}

/// Whether a function has a name as runs give it.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// A function that a run created and that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its name.
    pub name: String,
    /// The run's id.
    pub run: String,
    /// When the run was over for certain; `None` if the tag cannot be read.
    pub expires: Option<OffsetDateTime>,
}

impl Leftover {
    /// A function whose tags say that a run created it: the name alone could be anybody's.
    #[must_use]
    pub fn of(name: &str, tags: &HashMap<String, String>) -> Option<Self> {
        let run = tags.get(RUN)?;
        (name == format!("{PREFIX}{run}")).then(|| Self {
            name: name.to_owned(),
            run: run.clone(),
            expires: tags
                .get(EXPIRES)
                .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()),
        })
    }

    /// Whether its run is over.
    #[must_use]
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires.is_none_or(|expires| expires < now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_creates_is_known_again() {
        let expires = OffsetDateTime::from_unix_timestamp(1_000_000).expect("a time");
        let tags = Tags {
            run: "0123abcd".to_owned(),
            expires,
        };
        let map: HashMap<_, _> = tags.to_map().into_iter().collect();
        let found = Leftover::of(&tags.name(), &map).expect("ours");
        assert_eq!(found.expires, Some(expires));
        assert!(!found.is_expired(expires) && found.is_expired(expires + time::Duration::SECOND));
        assert_eq!(
            Leftover::of("msk-doctor-prod", &map),
            None,
            "somebody's own"
        );
        assert_eq!(Leftover::of(&tags.name(), &HashMap::new()), None);
    }
}
