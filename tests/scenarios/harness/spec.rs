//! What a `scenario.toml` may say. An unknown key is an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Outcome;
use super::world::Edit;

/// One row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the fault looks like in the field, in a sentence.
    pub why: String,
    /// Faults that the lab makes.
    #[serde(default)]
    pub lab: Vec<String>,
    /// How many brokers the lab has.
    #[serde(default = "three")]
    pub brokers: usize,
    /// The bootstrap string, if it is not the lab's.
    #[serde(default = "whole_bootstrap")]
    pub bootstrap: String,
    /// More arguments of `diagnose`.
    #[serde(default)]
    pub args: Vec<String>,
    /// More environment of `diagnose`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether `diagnose` has the lab's credentials.
    #[serde(default = "yes")]
    pub credentials: bool,
    /// Whether `diagnose` trusts the lab's CA.
    #[serde(default = "yes")]
    pub ca: bool,
    /// The region given, if any.
    #[serde(default = "ireland")]
    pub region: Option<String>,
    /// A token written to `{token}`.
    pub token: Option<TokenSpec>,
    /// An STS that knows the standard variables' name for it, and what it says of `AssumeRole`.
    pub sts: Option<Sts>,
    /// Files below the home folder, by name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// AWS facts for `--facts {facts}`: a world of `tests/paths/worlds`.
    pub facts: Option<String>,
    /// What is different from that world.
    #[serde(default)]
    pub fact_changes: Vec<Edit>,
    /// Network namespaces, if the fault is on the way.
    pub net: Option<Net>,
    /// How many times it is run again with other seeds, broker counts, orders and ports.
    #[serde(default)]
    pub variants: usize,
    /// The right answer.
    pub expect: Expect,
}

/// What STS says of `AssumeRole`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sts {
    /// `AccessDenied`: the role's trust policy, or the caller's own.
    Denies,
    /// Credentials of the role, which the brokers do not know.
    Grants,
    /// Nothing.
    Silent,
}

/// A token made by the test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// The region that it is signed for.
    #[serde(default = "ireland_always")]
    pub region: String,
    /// How long ago it was signed, seconds; negative: signed in the future.
    #[serde(default)]
    pub age: i64,
    /// What is around it; `{}` is the token.
    #[serde(default = "nothing_around")]
    pub wrap: String,
    /// Signed with a temporary key (`ASIA…`) whose session token is missing.
    #[serde(default)]
    pub temporary_key_alone: bool,
}

/// Client — router — brokers, each a network namespace. The lab's names are real and its DNS
/// server is at 10.77.2.53.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Net {
    /// nftables rules on what the router forwards.
    #[serde(default)]
    pub router: Vec<String>,
    /// nftables rules on what comes to the brokers.
    #[serde(default)]
    pub broker: Vec<String>,
    /// nftables rules on what leaves the client.
    #[serde(default)]
    pub client: Vec<String>,
    /// Lines of the client's hosts file.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Lines of the client's `resolv.conf`, if not the usual ones.
    pub resolv: Option<Vec<String>>,
    /// Shell commands in the client's namespace, after everything else is up.
    #[serde(default)]
    pub client_commands: Vec<String>,
    /// Bash in the client's namespace that prints `ready`, and ends when its standard input does.
    #[serde(default)]
    pub client_background: Vec<String>,
    /// The same in the brokers' namespace.
    #[serde(default)]
    pub broker_background: Vec<String>,
    /// Shell commands in the brokers' namespace, after everything else is up.
    #[serde(default)]
    pub broker_commands: Vec<String>,
    /// Shell commands in the router's namespace, after everything else is up.
    #[serde(default)]
    pub router_commands: Vec<String>,
}

/// The right answer. What is not given is not compared, except that there are no causes but
/// `first` and `also`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `healthy`, `faulty` or `inconclusive`.
    pub verdict: String,
    /// The exit code.
    pub exit_code: i32,
    /// The origin; absent: no cause at all.
    pub first: Option<String>,
    /// The other causes.
    #[serde(default)]
    pub also: Vec<String>,
    /// `proven`, `likely` or `possible`.
    pub confidence: Option<String>,
    /// `client`, `path`, `broker`, `aws` or `unknown`.
    pub side: Option<String>,
    /// The phase of the origin.
    pub phase: Option<String>,
    /// Codes that the origin explains.
    #[serde(default)]
    pub explained: Vec<String>,
    /// Codes that the origin rules out.
    #[serde(default)]
    pub ruled_out: Vec<String>,
    /// Codes that must not be ruled out, because nothing seen excludes them.
    #[serde(default)]
    pub not_ruled_out: Vec<String>,
    /// Codes that must not be the origin.
    #[serde(default)]
    pub not_first: Vec<String>,
    /// Exactly the subjects of the origin.
    pub subjects: Option<Vec<String>>,
    /// Exactly the codes of the warnings.
    pub warnings: Option<Vec<String>>,
    /// Words that stand in some `unknown`.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// Whether the run came to its end.
    #[serde(default = "yes")]
    pub complete: bool,
}

fn three() -> usize {
    3
}

fn yes() -> bool {
    true
}

fn whole_bootstrap() -> String {
    "{bootstrap}".to_owned()
}

fn ireland_always() -> String {
    msk_doctor::lab::REGION.to_owned()
}

// serde's signature for an `Option`.
#[expect(clippy::unnecessary_wraps)]
fn ireland() -> Option<String> {
    Some(ireland_always())
}

fn nothing_around() -> String {
    "{}".to_owned()
}

/// The folders with a row, by name.
pub fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("tests/scenarios can be read")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !path.ends_with("harness"))
        .collect();
    found.sort();
    found
}

/// Reads a row and holds it against its folder's name.
pub fn read(folder: &Path) -> Outcome<Scenario> {
    let path = folder.join("scenario.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let near_miss = name.starts_with("healthy-") || name.contains("-not-");
    let fits = match &scenario.expect.first {
        Some(code) => near_miss || name.starts_with(&format!("{code}-")),
        None => near_miss || scenario.expect.verdict == "inconclusive",
    };
    if !fits {
        return Err(format!(
            "the folder is called {name}, and the first cause is {:?}",
            scenario.expect.first
        ));
    }
    if name.starts_with("healthy-") != (scenario.expect.verdict == "healthy") {
        let verdict = &scenario.expect.verdict;
        return Err(format!(
            "the folder is called {name}, the verdict is {verdict}"
        ));
    }
    Ok(scenario)
}
