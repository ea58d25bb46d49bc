//! Saved AWS facts: a folder of what the AWS CLI printed, untouched.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::calls::Call;
use super::snapshot::{Answer, Facts, Snapshot};

/// More than any answer that one folder should hold, bytes.
const MOST: u64 = 256 * 1024 * 1024;

/// What is wrong with a folder of facts.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The folder or a file cannot be written.
    #[error("cannot write {path}: {error}")]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is nothing in it.
    #[error(
        "{0} holds no AWS facts: expected files such as ec2-describe-subnets.json (`msk-doctor snapshot --script` prints the commands that make them)"
    )]
    Empty(PathBuf),
    /// A file is not what its name says.
    #[error(
        "{path}{at}: {problem}; expected what `aws {service} {operation} --output json` prints, or its AccessDenied error",
        at = line.map(|line| format!(", line {line}")).unwrap_or_default()
    )]
    NotTheAnswer {
        /// Which file.
        path: PathBuf,
        /// The line.
        line: Option<usize>,
        /// What is wrong with it.
        problem: String,
        /// The service that its name says.
        service: &'static str,
        /// The operation that its name says.
        operation: &'static str,
    },
}

/// Reads a folder of saved facts, with one sub-folder for each account and region, or none.
///
/// # Errors
/// Where the folder cannot be read, holds no facts, or holds a file that is not what its name says.
pub fn read(folder: &Path) -> Result<Snapshot, FilesError> {
    let mut own = Facts::default();
    let mut snapshot = Snapshot::default();
    for path in entries(folder)? {
        if path.is_dir() {
            let mut facts = scope_of(&path);
            for file in entries(&path)? {
                read_file(&file, &mut facts)?;
            }
            if !facts.is_empty() {
                snapshot.scopes.push(facts);
            }
        } else {
            read_file(&path, &mut own)?;
        }
    }
    if !own.is_empty() {
        snapshot.scopes.insert(0, own);
    }
    if snapshot.scopes.is_empty() {
        return Err(FilesError::Empty(folder.to_owned()));
    }
    Ok(snapshot)
}

/// What is in a folder, in the order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |error| FilesError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    let mut found = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    found.sort();
    Ok(found)
}

/// `<account>-<region>`.
fn scope_of(folder: &Path) -> Facts {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (account, region) = name
        .split_once('-')
        .filter(|(account, _)| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
        .map_or((None, None), |(account, region)| {
            (Some(account.to_owned()), Some(region.to_owned()))
        });
    Facts {
        account,
        region,
        ..Facts::default()
    }
}

/// The call and the key that a file's name says: `ec2-search-transit-gateway-routes.tgw-rtb-1.json`.
fn named(path: &Path) -> Option<(&'static Call, String)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    Facts::CALLS.iter().find_map(|call| {
        let rest = name.strip_prefix(&call.stem())?;
        let key = match rest.strip_prefix('.') {
            Some(key) => key,
            None if rest.is_empty() => "",
            None => return None,
        };
        Some((*call, key.to_owned()))
    })
}

/// Reads a file, if its name is that of a call that is modelled.
fn read_file(path: &Path, facts: &mut Facts) -> Result<(), FilesError> {
    let Some((call, key)) = named(path) else {
        return Ok(());
    };
    let unreadable = |error| FilesError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let wrong = |line, problem| FilesError::NotTheAnswer {
        path: path.to_owned(),
        line,
        problem,
        service: call.service,
        operation: call.operation,
    };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST {
        return Err(wrong(None, format!("{size} bytes are too many")));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(None, "it is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let not_json = |error: &serde_json::Error| wrong(Some(error.line()), error.to_string());
    if is_denial(text) {
        return facts
            .take(call, &key, Answer::Denied)
            .map_err(|error| not_json(&error));
    }
    if text.trim().is_empty() {
        return Err(wrong(None, "the file is empty".to_owned()));
    }
    if !text.trim_start().starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
        return Err(wrong(None, "it is no JSON object".to_owned()));
    }
    // Its fields are read only once, by their own types.
    let fields: HashMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if !call.field.is_empty() && !fields.contains_key(call.field) {
        return Err(wrong(None, format!("it has no {:?}", call.field)));
    }
    let begins = |field: &str, with: &str| {
        let own = fields.get(field);
        own.is_some_and(|own| own.get().starts_with(with))
    };
    let cut_off = begins("NextToken", "\"")
        || begins("nextToken", "\"")
        || begins("AdditionalRoutesAvailable", "true");
    let answer = if cut_off {
        Answer::Failed("the saved answer is only its first part".to_owned())
    } else {
        Answer::Known(text)
    };
    facts
        .take(call, &key, answer)
        .map_err(|error| not_json(&error))
}

/// Writes facts as the AWS CLI prints them, one sub-folder for each account and region where there are several, and
/// removes facts that the folder held before. A call that failed leaves no file: it may be asked again. Gives the
/// number of files.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(snapshot: &Snapshot, folder: &Path) -> Result<usize, FilesError> {
    remove_old(folder)?;
    let mut written = 0;
    for facts in &snapshot.scopes {
        let folder = match snapshot.scopes.len() {
            1 => folder.to_owned(),
            _ => folder.join(format!(
                "{}-{}",
                facts.account.as_deref().unwrap_or("unknown"),
                facts.region.as_deref().unwrap_or("unknown")
            )),
        };
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |error| FilesError::Unwritable { path, error }
        };
        fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
        let mut files = Vec::new();
        facts
            .each(|call, key, answer| {
                let dot = if key.is_empty() { "" } else { "." };
                let path = folder.join(format!("{}{dot}{}.json", call.stem(), key_of(key)));
                match answer {
                    Answer::Known(value) => files.push((path, format!("{:#}\n", bare(value)))),
                    Answer::Denied => files.push((path, denial(call))),
                    Answer::Failed(_) => {}
                }
            })
            .map_err(|error| unwritable(&folder)(error.into()))?;
        written += files.len();
        for (path, text) in files {
            fs::write(&path, text).map_err(unwritable(&path))?;
        }
    }
    Ok(written)
}

/// Removes the facts that a folder holds, and nothing else.
fn remove_old(folder: &Path) -> Result<(), FilesError> {
    if !folder.exists() {
        return Ok(());
    }
    for path in entries(folder)? {
        let files = match path.is_dir() {
            true if scope_of(&path).account.is_some() => entries(&path)?,
            true => continue,
            false => vec![path],
        };
        for path in files.into_iter().filter(|path| named(path).is_some()) {
            fs::remove_file(&path).map_err(|error| FilesError::Unwritable { path, error })?;
        }
    }
    Ok(())
}

/// Without what is null, which the CLI leaves out.
fn bare(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => items.into_iter().map(bare).collect(),
        serde_json::Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, bare(value)))
            .collect(),
        other => other,
    }
}

/// The CLI's words for "you may not".
fn denial(call: &Call) -> String {
    let code = match call.service {
        "ec2" => "UnauthorizedOperation",
        _ => "AccessDeniedException",
    };
    format!(
        "\nAn error occurred ({code}) when calling the {} operation: You are not authorized to perform {}\n",
        call.api,
        call.action()
    )
}

/// Whether a file holds the CLI's words for "you may not".
fn is_denial(text: &str) -> bool {
    !text.trim_start().starts_with(['{', '['])
        && ["AccessDenied", "UnauthorizedOperation"]
            .iter()
            .any(|word| text.contains(word))
}

/// An id, name or ARN as file names and [`Answers`](super::snapshot::Answers) have it.
#[must_use]
pub fn key_of(id: &str) -> String {
    id.chars()
        .map(|c| {
            if matches!(c, '/' | ':' | '\\') {
                '_'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(account: &str, region: &str) -> Facts {
        let mut facts = Facts {
            account: Some(account.to_owned()),
            region: Some(region.to_owned()),
            ..Facts::default()
        };
        for (index, call) in Facts::CALLS.iter().enumerate() {
            let field = if call.field.is_empty() {
                "BootstrapBrokerString"
            } else {
                call.field
            };
            let value = match (call.service, field) {
                ("iam", "Role" | "Policy" | "PolicyVersion")
                | (_, "ClusterInfo" | "VpcBlockPublicAccessOptions") => "{}",
                (
                    _,
                    "VpcId"
                    | "FunctionName"
                    | "Policy"
                    | "PolicyName"
                    | "VpcConnectionArn"
                    | "BootstrapBrokerString"
                    | "Arn",
                ) => "\"x\"",
                _ => "[]",
            };
            let text = format!("{{\"{field}\": {value}}}");
            facts
                .take(call, "", Answer::Known(&text))
                .expect("an answer");
            if index % 2 == 0 {
                facts
                    .take(call, "thing-1", Answer::Denied)
                    .expect("a denial");
            }
        }
        facts
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let snapshot = Snapshot {
            scopes: vec![
                facts("111122223333", "eu-west-1"),
                facts("444455556666", "us-east-1"),
            ],
        };
        write(&snapshot, folder.path()).expect("it is written");
        assert_eq!(read(folder.path()).expect("it is read"), snapshot);

        // Another snapshot takes its place; other files stay.
        fs::write(folder.path().join("notes.json"), "mine").expect("a file");
        let mut only = facts("111122223333", "eu-west-1");
        only.subnets
            .insert(String::new(), Answer::Failed("Throttling".to_owned()));
        let snapshot = Snapshot { scopes: vec![only] };
        write(&snapshot, folder.path()).expect("it is written");
        let found = read(folder.path()).expect("it is read");
        assert_eq!(found.scopes.len(), 1);
        assert!(!found.scopes[0].subnets.contains_key(""));
        assert_eq!(found.scopes[0].vpcs, snapshot.scopes[0].vpcs);
        assert!(folder.path().join("notes.json").exists());
    }
}
