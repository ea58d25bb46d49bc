//! A change of policies as an AWS CLI command and as Terraform: the whole document afterwards, as both tools want it.

use serde_json::{Value, json};

use super::Rights;
use crate::diagnosis::Change;
use crate::iam::{self, Content, Kind, LayerName, Policies, Policy, Version};
use crate::text::shell_word;

/// A change of one policy. Msk-doctor shows it and never makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsChange {
    /// The statements that it is about, for a person.
    pub words: String,
    /// The AWS CLI command that makes it.
    pub command: String,
    /// The same as a Terraform fragment.
    pub terraform: String,
}

/// Changes that were made, `changed` being the policies after them: one for each policy that they touch.
pub(super) fn of(changed: &Policies, rights: &Rights, made: &[iam::fix::Change]) -> Vec<Change> {
    let mut found: Vec<RightsChange> = Vec::new();
    for change in made {
        let now = match change {
            iam::fix::Change::Detach { layer, policy } => detach(rights, *layer, policy),
            iam::fix::Change::Add {
                layer,
                kind,
                policy,
                ..
            } => written(rights, changed, *layer, |own| {
                own.kind == *kind && own.name == *policy
            }),
            iam::fix::Change::Replace { at, .. } => written(rights, changed, at.layer, |own| {
                own.kind == at.kind && own.name == at.policy && own.group == at.group
            }),
        };
        let Some(now) = now else { continue };
        let words = words(change);
        match found.iter_mut().find(|known| known.command == now.command) {
            Some(known) => known.words = format!("{}; {words}", known.words),
            None => found.push(RightsChange { words, ..now }),
        }
    }
    found.into_iter().map(Change::Rights).collect()
}

/// Whether a statement that is added only says of a further action what one that was added before says of another: then that
/// one has both.
pub(super) fn joined(before: &mut iam::fix::Change, new: &iam::fix::Change) -> bool {
    use iam::fix::Change::Add;
    let (
        Add {
            layer,
            kind,
            policy,
            statement,
        },
        Add {
            layer: new_layer,
            kind: new_kind,
            policy: new_policy,
            statement: new,
        },
    ) = (before, new)
    else {
        return false;
    };
    let without_action = |statement: &Value| {
        let mut rest = statement.clone();
        rest.as_object_mut()
            .map(|elements| elements.remove("Action"));
        rest
    };
    let same = (*layer, *kind, &*policy) == (*new_layer, *new_kind, new_policy)
        && without_action(statement) == without_action(new);
    if same {
        let list = |value: &Value| match value {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let mut actions = list(&statement["Action"]);
        actions.extend(list(&new["Action"]));
        statement["Action"] = Value::Array(actions);
    }
    same
}

/// What a change does to its policy, for a person: the statement, not the whole document.
fn words(change: &iam::fix::Change) -> String {
    match change {
        iam::fix::Change::Add {
            policy, statement, ..
        } => {
            format!("add to {}: {statement}", named(policy))
        }
        iam::fix::Change::Replace { at, to, .. } if to.is_empty() => {
            format!("remove {}", super::words::place(at))
        }
        iam::fix::Change::Replace { at, to, .. } => {
            let to: Vec<String> = to.iter().map(Value::to_string).collect();
            format!(
                "replace {} with: {}",
                super::words::place(at),
                to.join(" and ")
            )
        }
        iam::fix::Change::Detach { policy, .. } => format!("detach {}", named(policy)),
    }
}

fn named(policy: &str) -> String {
    if policy == super::policies::CLUSTER {
        policy.to_owned()
    } else {
        format!("policy {policy}")
    }
}

fn written(
    rights: &Rights,
    changed: &Policies,
    layer: LayerName,
    is_it: impl Fn(&Policy) -> bool,
) -> Option<RightsChange> {
    let policy = changed
        .layer(layer)?
        .policies()
        .iter()
        .find(|own| is_it(own))?;
    let Content::Known(document) = &policy.content else {
        return None;
    };
    let statements: Vec<&Value> = document.statements.iter().map(|own| &own.json).collect();
    let mut text = json!({
        "Version": match document.version { Version::V2008 => "2008-10-17", Version::V2012 => "2012-10-17" },
        "Statement": statements,
    });
    if let Some(id) = &document.id {
        text["Id"] = json!(id);
    }
    Some(write(rights, policy, &text))
}

/// The document of a policy, as a whole.
fn write(rights: &Rights, policy: &Policy, document: &Value) -> RightsChange {
    let name = &policy.name;
    let compact = shell_word(&document.to_string());
    let owner = rights.identity.principal.name.as_str();
    let group = policy.group.as_deref().unwrap_or_default();
    let kind = if rights.identity.principal.is_role() {
        "role"
    } else {
        "user"
    };
    let cluster = rights.cluster.to_string();
    let (command, resource, lines) = match policy.kind {
        Kind::Inline => (
            format!(
                "aws iam put-{kind}-policy --{kind}-name {} --policy-name {} --policy-document {compact}",
                shell_word(owner),
                shell_word(name)
            ),
            format!("aws_iam_{kind}_policy"),
            vec![("name", name.as_str()), (kind, owner)],
        ),
        Kind::GroupInline => (
            format!(
                "aws iam put-group-policy --group-name {} --policy-name {} --policy-document {compact}",
                shell_word(group),
                shell_word(name)
            ),
            "aws_iam_group_policy".to_owned(),
            vec![("name", name.as_str()), ("group", group)],
        ),
        Kind::Managed | Kind::GroupManaged | Kind::Boundary | Kind::Session => (
            format!(
                "aws iam create-policy-version --policy-arn {} --set-as-default --policy-document {compact}",
                shell_word(name)
            ),
            "aws_iam_policy".to_owned(),
            vec![("name", name.rsplit('/').next().unwrap_or(name))],
        ),
        Kind::ServiceControl | Kind::ResourceControl => (
            format!(
                "aws organizations update-policy --policy-id {} --content {compact}",
                shell_word(name)
            ),
            "aws_organizations_policy".to_owned(),
            vec![("name", name.as_str())],
        ),
        Kind::Cluster => (
            format!(
                "aws kafka put-cluster-policy --cluster-arn {} --policy {compact}",
                shell_word(&cluster)
            ),
            "aws_msk_cluster_policy".to_owned(),
            vec![("cluster_arn", cluster.as_str())],
        ),
    };
    let element = match policy.kind {
        Kind::ServiceControl | Kind::ResourceControl => "content",
        _ => "policy",
    };
    RightsChange {
        words: String::new(),
        command,
        terraform: fragment(&resource, &lines, Some((element, document))),
    }
}

/// A policy that cannot be edited is taken away.
fn detach(rights: &Rights, layer: LayerName, policy: &str) -> Option<RightsChange> {
    let owner = rights.identity.principal.name.as_str();
    let kind = if rights.identity.principal.is_role() {
        "role"
    } else {
        "user"
    };
    let name = shell_word(owner);
    match layer {
        LayerName::Identity => Some(RightsChange {
            words: String::new(),
            command: format!(
                "aws iam detach-{kind}-policy --{kind}-name {name} --policy-arn {}",
                shell_word(policy)
            ),
            terraform: format!(
                "# remove the aws_iam_{kind}_policy_attachment of {policy} to {owner}"
            ),
        }),
        LayerName::Boundary => Some(RightsChange {
            words: String::new(),
            command: format!("aws iam delete-{kind}-permissions-boundary --{kind}-name {name}"),
            terraform: format!("# remove permissions_boundary of the aws_iam_{kind} {owner}"),
        }),
        _ => None,
    }
}

fn fragment(kind: &str, lines: &[(&str, &str)], document: Option<(&str, &Value)>) -> String {
    let mut all: Vec<(&str, String)> = lines
        .iter()
        .map(|(key, value)| (*key, literal(&json!(value))))
        .collect();
    all.extend(document.map(|(key, value)| (key, format!("jsonencode({})", literal(value)))));
    let width = all.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let body: Vec<String> = all
        .iter()
        .map(|(key, value)| format!("  {key:width$} = {value}"))
        .collect();
    format!("resource \"{kind}\" \"msk\" {{\n{}\n}}", body.join("\n"))
}

/// JSON as an expression of Terraform: `${` and `%{` begin templates there, and policies have variables.
/// Source: <https://developer.hashicorp.com/terraform/language/expressions/strings>.
fn literal(value: &Value) -> String {
    format!("{value:#}")
        .replace("${", "$${")
        .replace("%{", "%%{")
}
