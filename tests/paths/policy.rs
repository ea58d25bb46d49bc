//! Commands that change policies, made on saved facts.

use std::path::Path;

use serde_json::{Value, json};

/// Whether a cause is of a policy.
pub fn is_of_one(cause: &Value) -> bool {
    let code = cause["code"].as_str().unwrap_or_default();
    // From IAM-15 on it is a setting.
    code.starts_with("IAM-") && code < "IAM-15"
}

/// What follows an option, as a shell reads it.
fn option<'a>(words: &'a [String], name: &str) -> Result<&'a str, String> {
    let at = words.iter().position(|word| word == name);
    at.and_then(|at| words.get(at + 1))
        .map(String::as_str)
        .ok_or_else(|| format!("{name} is not in {words:?}"))
}

/// Makes a command on a folder of facts; one that is not about policies is left alone.
pub fn make(command: &str, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let words = shlex::split(command).ok_or_else(|| format!("no shell reads {command}"))?;
    let verb = words.get(2).map(String::as_str).unwrap_or_default();
    let key = |text: &str| text.replace(['/', ':'], "_");
    let document = |name: &str| -> Result<Value, Box<dyn std::error::Error>> {
        Ok(serde_json::from_str(option(&words, name)?)?)
    };
    let write = |file: String, facts: &Value| {
        std::fs::write(folder.join(format!("{file}.json")), facts.to_string())
    };
    match verb {
        "create-policy-version" => {
            let arn = option(&words, "--policy-arn")?;
            let facts = json!({ "PolicyVersion": { "VersionId": "v9", "IsDefaultVersion": true, "Document": document("--policy-document")? } });
            write(format!("iam-get-policy-version.{}", key(arn)), &facts)?;
        }
        "put-role-policy" => {
            let (role, name) = (
                option(&words, "--role-name")?,
                option(&words, "--policy-name")?,
            );
            let facts = json!({ "RoleName": role, "PolicyName": name, "PolicyDocument": document("--policy-document")? });
            write(format!("iam-get-role-policy.{role}.{name}"), &facts)?;
            let list = folder.join(format!("iam-list-role-policies.{role}.json"));
            let mut names: Value = serde_json::from_str(&std::fs::read_to_string(&list)?)?;
            let names_of = names["PolicyNames"].as_array_mut().ok_or("no names")?;
            if !names_of.iter().any(|own| own == name) {
                names_of.push(json!(name));
            }
            std::fs::write(&list, names.to_string())?;
        }
        "put-cluster-policy" => {
            let facts = json!({ "Policy": document("--policy")?.to_string() });
            write("kafka-get-cluster-policy".to_owned(), &facts)?;
        }
        "detach-role-policy" => {
            let (role, arn) = (
                option(&words, "--role-name")?,
                option(&words, "--policy-arn")?,
            );
            let list = folder.join(format!("iam-list-attached-role-policies.{role}.json"));
            let mut attached: Value = serde_json::from_str(&std::fs::read_to_string(&list)?)?;
            let all = attached["AttachedPolicies"]
                .as_array_mut()
                .ok_or("no policies")?;
            all.retain(|own| own["PolicyArn"] != arn);
            std::fs::write(&list, attached.to_string())?;
        }
        _ => {}
    }
    Ok(())
}
