//! What the policies say of the client: may it connect, and do on the topic and the group what clients do there.
//!
//! Source: <https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html>.

use super::configuration::{Answer, answer};
use crate::case::{Case, Shares};
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::sign::Seen;
use crate::diagnosis::{Fact, Stand, Status, Weight};
use crate::rights::{Right, Rights};
use crate::target::MskName;
use crate::vpc::Gap;

/// Everything that the policies say, as findings.
#[must_use]
pub fn answers(rights: &Rights) -> Vec<Answer> {
    let mut found = Vec::new();
    found.extend(judged(rights, &["Connect"], Entries::of(&c::IAM_01)));
    if rights.about("WriteData").is_some() {
        found.extend(topic(rights));
    }
    if rights.about("AlterGroup").is_some() {
        found.extend(judged(
            rights,
            &["DescribeGroup", "AlterGroup"],
            Entries::of(&c::IAM_11),
        ));
    }
    found.extend(seldom_read(rights));
    found
}

/// Under which entries actions are judged.
#[derive(Clone, Copy)]
pub(super) struct Entries {
    /// The entry that was checked, where nothing is wrong or it is not known.
    pub pass: &'static Fault,
    /// The entry of a denial.
    pub fault: fn(&Right) -> &'static Fault,
}

impl Entries {
    /// The client's own rights: the entry says what is wrong with the policy.
    fn of(pass: &'static Fault) -> Self {
        Self {
            pass,
            fault: |right| right.fault().unwrap_or(&c::IAM_01),
        }
    }
}

/// Actions that are all needed: one fault for those that are denied, else what is not known, else a pass. `None` where the
/// policies that can be read allow them all, and others are open.
pub(super) fn judged(rights: &Rights, actions: &[&str], entries: Entries) -> Vec<Answer> {
    let all: Vec<&Right> = actions
        .iter()
        .filter_map(|name| rights.about(name))
        .collect();
    let with = |keep: fn(&Right) -> bool| -> Vec<&Right> {
        all.iter().copied().filter(|right| keep(right)).collect()
    };
    let denied = with(Right::is_denied);
    if let Some(fault) = denied.first().map(|right| (entries.fault)(right)) {
        let deciding = denied[0].outcome.deciding.first();
        return vec![Answer {
            repair: rights.repair(&denied),
            at: deciding.map(|quote| quote.at.policy.clone()),
            more: facts(&denied),
            ..answer(fault, Status::Fault, Right::words_of(&denied))
        }];
    }
    let open = with(|right| !right.is_allowed_as_read());
    if !open.is_empty() {
        return gaps(&open, entries.pass);
    }
    let sure = all.iter().all(|right| right.is_allowed());
    let pass = sure.then(|| Answer {
        more: facts(&all),
        ..answer(entries.pass, Status::Pass, Right::words_of(&all))
    });
    pass.into_iter().collect()
}

/// What is not known of them, thing by thing; what can seldom be read is not named beside what can.
fn gaps(open: &[&Right], entry: &'static Fault) -> Vec<Answer> {
    let mut all: Vec<Gap> = Vec::new();
    for gap in open.iter().flat_map(|right| right.unknown()) {
        if !all.contains(&gap) {
            all.push(gap);
        }
    }
    let answers = all.into_iter().map(|gap| Answer {
        needs: Some(gap.needs),
        ..answer(
            entry,
            Status::Unknown,
            format!("{}, without {}", Right::words_of(open), gap.what),
        )
    });
    answers.collect()
}

/// What the organisation and the session may take away from what is allowed.
fn seldom_read(rights: &Rights) -> Option<Answer> {
    let open = |right: &&Right| right.is_allowed_as_read() && !right.is_allowed();
    let first = rights.answers.iter().find(open)?;
    let gaps = first.unknown();
    let what: Vec<&str> = gaps.iter().map(|gap| gap.what.as_str()).collect();
    Some(Answer {
        needs: gaps.first().map(|gap| gap.needs.clone()),
        only_seldom_read: true,
        ..answer(
            &c::IAM_04,
            Status::Unknown,
            format!(
                "what could be read allows it, and not known is what may take it away: {}",
                what.join(", ")
            ),
        )
    })
}

fn facts(rights: &[&Right]) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    for fact in rights.iter().flat_map(|right| right.facts()) {
        if !found.contains(&fact) {
            found.push(fact);
        }
    }
    found
}

/// Whether a topic is there to be read or to be written is not known: to be allowed neither is a fault, one of them a word.
fn topic(rights: &Rights) -> Vec<Answer> {
    let denied = |name: &str| rights.about(name).is_some_and(Right::is_denied);
    let reads = rights.about("AlterGroup").is_some();
    let mut found = Vec::new();
    let needed: &[&str] = match (denied("WriteData"), denied("ReadData")) {
        (true, false) => &["DescribeTopic", "ReadData"],
        (false, _) if reads => &["DescribeTopic", "ReadData"],
        (false, true) => &["DescribeTopic", "WriteData"],
        (true, true) | (false, false) => &["DescribeTopic", "WriteData", "ReadData"],
    };
    found.extend(judged(rights, needed, Entries::of(&c::IAM_10)));
    for (name, what) in [("WriteData", "producer"), ("ReadData", "consumer")] {
        if !needed.contains(&name)
            && let Some(right) = rights.about(name).filter(|right| right.is_denied())
        {
            let words = format!("as a {what} it fails: {}", right.words());
            found.push(answer(&c::IAM_10, Status::Warning, words));
        }
    }
    if let Some(right) = rights.about("WriteDataIdempotently")
        && right.is_denied()
        && !denied("WriteData")
    {
        let words = format!(
            "as an idempotent producer, which Java's is by default, it fails: {}",
            right.words()
        );
        found.push(answer(&c::IAM_12, Status::Warning, words));
    }
    found
}

/// The entries that the policies decide.
const BY_POLICY: &[&Fault] = &[
    &c::IAM_01,
    &c::IAM_02,
    &c::IAM_03,
    &c::IAM_04,
    &c::IAM_06,
    &c::IAM_08,
];

/// How an entry stands towards a denied login, by the policies of the very identity that was denied. `None` where they say
/// nothing of it.
pub(crate) fn stand(
    case: &Case,
    rights: Option<&Rights>,
    seen: &Seen<'_>,
    fault: &'static Fault,
) -> Option<Stand> {
    let rights = rights.filter(|rights| is_logged_in_as(case, rights))?;
    let connect = rights.about("Connect")?;
    if fault == &c::CLU_08 {
        let name = MskName::parse(&seen.broker().host)?.cluster?;
        return name
            .eq_ignore_ascii_case(&rights.cluster.name)
            .then(|| Stand::excluded(format!("the broker is one of {}", rights.cluster)));
    }
    if fault == &c::IAM_05 && (connect.is_denied() || connect.is_allowed()) {
        return Some(Stand::excluded(format!(
            "STS says that the credentials are those of {}",
            rights.identity.name()
        )));
    }
    if fault == &c::IAM_09 {
        return late(connect);
    }
    if !BY_POLICY.contains(&fault) {
        return None;
    }
    if let Some(own) = connect.fault() {
        return Some(if own == fault {
            let mut facts = vec![Fact::Says(connect.words())];
            facts.extend(connect.facts());
            Stand::Fits(Weight::Shown, facts)
        } else {
            Stand::excluded(format!(
                "the policies deny it for another reason, {}",
                own.code
            ))
        });
    }
    if connect.is_allowed() {
        return Some(Stand::excluded(connect.words()));
    }
    if !connect.is_allowed_as_read() {
        return None;
    }
    Some(if fault == &c::IAM_04 {
        Stand::says(
            Weight::Usual,
            format!(
                "{}; the session's and the organisation's policies are left",
                connect.words()
            ),
        )
    } else {
        Stand::excluded(connect.words())
    })
}

/// Policies that were changed a moment ago: the brokers decide by the older ones.
fn late(connect: &Right) -> Option<Stand> {
    if connect.fault().is_some() {
        return Some(Stand::excluded("the policies as they are now deny it"));
    }
    connect.is_allowed().then(|| {
        let words =
            "the policies as they are now allow it: the brokers may still decide by older ones";
        Stand::says(Weight::Usual, words)
    })
}

/// Whether the login was made with the identity whose policies were read.
fn is_logged_in_as(case: &Case, rights: &Rights) -> bool {
    case.shares(Shares::Identity) && rights.identity.is(&case.identity)
}
