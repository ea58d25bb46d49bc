//! What the client's identity may do on the cluster: the policies that the AWS facts hold, put to the evaluator of
//! [`iam`](crate::iam), and the answers as entries of the catalogue.

mod change;
mod fault;
mod identity;
mod policies;
mod witness;
mod words;

pub use change::RightsChange;
pub use identity::{Identity, identity, of_function};
pub use policies::are_known as policies_are_known;
pub use witness::Witness;

use crate::aws::snapshot::Snapshot;
use crate::case::Case;
use crate::catalogue::Fault;
use crate::diagnosis::{Fact, Repair, Tried};
use crate::iam::actions::{Action, Names, find};
use crate::iam::fix::{apply, fixes};
use crate::iam::{
    self, Arn, ClusterArn, Decision, Layer, LayerName, Missing, Outcome, Policies, Request,
    evaluate,
};
use crate::vpc::{self, Gap, World};

/// One action, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Right {
    /// The action.
    pub action: &'static Action,
    /// What was asked.
    pub request: Request,
    /// The answer of our own reading.
    pub outcome: Outcome,
    /// The simulator's, where it was asked.
    pub witness: Option<Witness>,
    /// Whether a policy of the cluster has a say, which the simulator does not know.
    cluster_has_a_say: bool,
}

/// What an identity may do on a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Rights {
    /// Whose rights they are.
    pub identity: Identity,
    /// Of which cluster.
    pub cluster: ClusterArn,
    /// All that bears on them.
    policies: Policies,
    /// One for each action that was asked for; to connect comes first.
    pub answers: Vec<Right>,
}

/// Whether a case asks for rights: it has facts, an identity, and a login with IAM.
#[must_use]
pub fn is_asked(case: &Case) -> bool {
    whose(case).is_some()
}

fn whose(case: &Case) -> Option<Result<(&Snapshot, Identity), Gap>> {
    let facts = case.facts.as_ref()?;
    if case.target.auth != crate::target::Auth::Iam {
        return None;
    }
    Some(identity(case, facts)?.map(|identity| (facts, identity)))
}

/// The rights that a case asks for. `None` where it asks for none: no facts, no identity, no login with IAM; an error
/// where something is not known without which nothing can be said.
#[must_use]
pub fn of(case: &Case) -> Option<Result<Rights, Gap>> {
    let (facts, identity) = match whose(case)? {
        Ok(whose) => whose,
        Err(gap) => return Some(Err(gap)),
    };
    let simulated = facts.known(|facts| &facts.simulations).next().is_some();
    if !policies::are_known(facts) && !simulated {
        return Some(Err(Gap {
            what: format!(
                "what {} may do: its policies are not among the facts",
                identity.name()
            ),
            needs: "iam:ListAttachedRolePolicies and iam:ListRolePolicies".to_owned(),
        }));
    }
    let names = Names {
        topic: case.target.topic.as_deref(),
        group: case.target.group.as_deref(),
        transactional_id: None,
    };
    let mut wanted = vec!["Connect", "DescribeCluster"];
    if names.topic.is_some() {
        wanted.extend([
            "DescribeTopic",
            "WriteData",
            "ReadData",
            "WriteDataIdempotently",
        ]);
    }
    if names.group.is_some() {
        wanted.extend(["DescribeGroup", "AlterGroup"]);
    }
    Some(
        cluster(case, facts)
            .map(|cluster| judge(facts, identity, &cluster, &wanted, &names, case.now)),
    )
}

/// The cluster, by its ARN: a policy has its UUID.
fn cluster(case: &Case, facts: &Snapshot) -> Result<ClusterArn, Gap> {
    let arn = match case.target.cluster.as_deref() {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        named => vpc::cluster(&World::new(facts, &[]), named)?
            .cluster_arn
            .clone(),
    };
    arn.parse().map_err(|_| Gap {
        what: format!("what may be done on {arn}: it is not the ARN of a cluster"),
        needs: "kafka:DescribeClusterV2".to_owned(),
    })
}

/// Judges actions of an identity on a cluster, as of `now`, seconds since 1970.
#[must_use]
pub fn judge(
    facts: &Snapshot,
    identity: Identity,
    cluster: &ClusterArn,
    actions: &[&str],
    names: &Names<'_>,
    now: i64,
) -> Rights {
    let policies = policies::of(facts, &identity, Some(cluster));
    let answers = actions
        .iter()
        .filter_map(|name| find(name))
        .filter_map(|action| {
            let mut request = Request::on_cluster(&identity.principal, action, cluster, names)?;
            if let Ok(now) = time::OffsetDateTime::from_unix_timestamp(now) {
                request.context.set_time(now);
            }
            let witness = witness::of(facts, &identity, &request);
            request.allowed_by_organizations = witness
                .as_ref()
                .and_then(|witness| witness.by_organizations);
            let outcome = evaluate(&policies, &request);
            Some(Right {
                action,
                request,
                outcome,
                witness,
                cluster_has_a_say: policies.cluster != Layer::Absent,
            })
        })
        .collect();
    Rights {
        identity,
        cluster: cluster.clone(),
        policies,
        answers,
    }
}

/// What actions on interfaces are asked for: some of all, some of each thing that they touch.
const TOUCHED: [&str; 4] = ["*", "network-interface/*", "subnet/*", "security-group/*"];

/// Which of these actions of EC2 the identity is certainly not allowed, on whatever they touch.
#[must_use]
pub fn refused(
    facts: &Snapshot,
    identity: &Identity,
    region: &str,
    actions: &[&'static str],
) -> Vec<&'static str> {
    let policies = policies::of(facts, identity, None);
    let principal = &identity.principal;
    let denied = |action: &'static str, resource: &str| {
        let resource = Arn {
            partition: principal.partition.clone(),
            service: action.split(':').next().unwrap_or_default().to_owned(),
            region: region.to_owned(),
            account: principal.account.clone(),
            resource: resource.to_owned(),
        };
        let request = Request::new(principal.clone(), action, resource);
        matches!(
            evaluate(&policies, &request).if_unread_pass,
            Decision::ImplicitDeny | Decision::ExplicitDeny
        )
    };
    let refused = |action: &&'static str| TOUCHED.iter().all(|resource| denied(action, resource));
    actions.iter().copied().filter(refused).collect()
}

impl Rights {
    /// The answer about an action, by its bare name; `None` if it was not asked for.
    #[must_use]
    pub fn about(&self, action: &str) -> Option<&Right> {
        self.answers
            .iter()
            .find(|right| right.action.name == action)
    }

    /// The statements about Kafka that test what belongs to a function or a session alone, quoted: whoever has the same role and
    /// is another function may be answered otherwise.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html>.
    #[must_use]
    pub fn session_tests(&self) -> Vec<String> {
        const TESTS: [&str; 4] = [
            "lambda:sourcefunctionarn",
            "aws:userid",
            "rolesessionname",
            ":assumed-role/",
        ];
        let mut found = Vec::new();
        for (layer, policies) in self.policies.layers() {
            for policy in policies.policies() {
                let iam::Content::Known(document) = &policy.content else {
                    continue;
                };
                for (index, statement) in document.statements.iter().enumerate() {
                    let text = statement.json.to_string();
                    let lower = text.to_lowercase();
                    let is_about_kafka =
                        lower.contains("kafka-cluster:") || lower.contains("\"*\"");
                    if is_about_kafka && TESTS.iter().any(|test| lower.contains(test)) {
                        let at = iam::StatementRef {
                            layer,
                            kind: policy.kind,
                            policy: policy.name.clone(),
                            group: policy.group.clone(),
                            index,
                            sid: statement.sid.clone(),
                        };
                        found.push(format!("{} ({text})", words::place(&at)));
                    }
                }
            }
        }
        found
    }

    /// The smallest changes after which denied actions are allowed, tried on a copy of the policies.
    #[must_use]
    pub fn repair(&self, denied: &[&Right]) -> Repair {
        let mut policies = self.policies.clone();
        let mut made: Vec<iam::fix::Change> = Vec::new();
        for right in denied {
            let outcome = evaluate(&policies, &right.request);
            let fix = fixes(&policies, &right.request, &outcome)
                .into_iter()
                .next();
            let Some(changed) = fix
                .as_ref()
                .and_then(|fix| apply(&policies, &fix.changes).ok())
            else {
                continue;
            };
            policies = changed;
            for change in fix.into_iter().flat_map(|fix| fix.changes) {
                if !made
                    .iter_mut()
                    .any(|before| change::joined(before, &change))
                {
                    made.push(change);
                }
            }
        }
        // As they are shown: statements about the same thing are one.
        policies = apply(&self.policies, &made).unwrap_or(policies);
        let after: Vec<Outcome> = denied
            .iter()
            .map(|right| evaluate(&policies, &right.request))
            .collect();
        let all = |decision: fn(&Outcome) -> Decision| {
            after
                .iter()
                .all(|outcome| decision(outcome) == Decision::Allowed)
        };
        Repair {
            changes: change::of(&policies, self, &made),
            tried: if all(|outcome| outcome.decision) {
                Tried::Allowed
            } else if all(|outcome| outcome.if_unread_pass) {
                Tried::AllowedAsRead
            } else {
                Tried::NotEnough
            },
        }
    }
}

impl Right {
    /// What is decided: by our own reading, by the simulator where that knows too little, by neither where they differ.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let own = self.outcome.if_unread_pass;
        match &self.witness {
            Some(witness) if own == Decision::Unknown && witness.is_sure => witness.decision,
            Some(_) if self.difference().is_some() => Decision::Unknown,
            _ => own,
        }
    }

    /// What the simulator says, where it is not what we read.
    #[must_use]
    pub fn difference(&self) -> Option<&Witness> {
        let witness = self.witness.as_ref()?;
        let differs = !self.cluster_has_a_say && witness.contradicts(self.outcome.if_unread_pass);
        differs.then_some(witness)
    }

    /// Whether our own reading knew too little, and the simulator decides.
    #[must_use]
    pub fn is_by_witness(&self) -> bool {
        self.outcome.if_unread_pass == Decision::Unknown && self.decision() != Decision::Unknown
    }

    /// Whether the policies as read deny it: what could not be read of the session and the organisation only takes away.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(
            self.decision(),
            Decision::ImplicitDeny | Decision::ExplicitDeny
        )
    }

    /// Whether it is certain to be allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision() == Decision::Allowed
            && (self.outcome.decision == Decision::Allowed || self.is_by_witness())
    }

    /// Whether everything that was read allows it, and only what can seldom be read is open.
    #[must_use]
    pub fn is_allowed_as_read(&self) -> bool {
        self.decision() == Decision::Allowed
    }

    /// The entry of the catalogue for a denial; `None` if it is not denied.
    #[must_use]
    pub fn fault(&self) -> Option<&'static Fault> {
        self.is_denied().then(|| fault::fault(self))
    }

    /// The answer in words.
    #[must_use]
    pub fn words(&self) -> String {
        words::rights(&[self])
    }

    /// Several answers in words.
    #[must_use]
    pub fn words_of(rights: &[&Right]) -> String {
        words::rights(rights)
    }

    /// The statements that decide, or what is wrong with the one that comes nearest.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        words::facts(self)
    }

    /// What is not known, by what would tell it: what can seldom be read is named alone.
    #[must_use]
    pub fn unknown(&self) -> Vec<Gap> {
        let missing = &self.outcome.missing;
        let others = missing.iter().filter(|one| !is_seldom_read(one)).count();
        let told = missing
            .iter()
            .filter(move |one| others == 0 || !is_seldom_read(one));
        let differs = self.difference().map(|witness| Gap {
            what: format!("why {}, which these policies do not", witness.words()),
            needs: "a login with the client's identity".to_owned(),
        });
        let mut by_needs: Vec<(String, Vec<String>)> = Vec::new();
        for missing in told {
            let (what, needs) = (words::missing(missing), words::needs(missing));
            match by_needs.iter_mut().find(|(other, _)| *other == needs) {
                Some((_, whats)) => whats.push(what),
                None => by_needs.push((needs, vec![what])),
            }
        }
        let missing = by_needs.into_iter().map(|(needs, whats)| Gap {
            what: words::few(&whats),
            needs,
        });
        differs.into_iter().chain(missing).collect()
    }
}

/// Whether it belongs to the organisation or to a session.
fn is_seldom_read(missing: &Missing) -> bool {
    matches!(
        missing,
        Missing::Layer {
            name: LayerName::Session
                | LayerName::ServiceControl { .. }
                | LayerName::ResourceControl { .. }
        }
    )
}
