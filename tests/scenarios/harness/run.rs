//! Runs a row: the lab, the way, msk-doctor, the replay.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use msk_doctor::case::Case;
use msk_doctor::lab::REGION;
use msk_doctor::redact::redact;
use msk_doctor::sasl::msk_iam;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::Outcome;
use super::expect::{agree, codes, differences};
use super::lab::{Lab, LabSpec, PROGRAM};
use super::net::Namespaces;
use super::secrets::Markers;
use super::spec::{Scenario, Sts, TokenSpec, read};
use super::sts;
use crate::formats;

/// Ports whose role is IAM.
const IAM_PORTS: [u16; 3] = [9098, 9198, 20098];
/// Where the variants are drawn from.
const SEED: u64 = 0x5eed;

/// How late the lab's answers are at most, in milliseconds.
const MOST_LATE_MS: usize = 60;

/// What varies between two runs of a row.
#[derive(Debug, Clone)]
struct Variant {
    /// The cluster's part of the brokers' names.
    cluster: String,
    brokers: usize,
    seed: u64,
    delay_ms: usize,
    tls: Option<&'static str>,
    port: u16,
    /// By how much the bootstrap string is turned.
    turn: usize,
}

impl Variant {
    /// What stands after `b-N`.
    fn domain(&self) -> String {
        format!("{}.kafka.{REGION}.amazonaws.com", self.cluster)
    }
}

/// Runs the row of a folder and its variants.
pub fn folder(folder: &Path) -> Outcome<()> {
    let scenario = read(folder)?;
    let mut variant = Variant {
        cluster: "demo.abc123.c2".to_owned(),
        brokers: scenario.brokers,
        seed: 1,
        delay_ms: 0,
        tls: None,
        port: IAM_PORTS[0],
        turn: 0,
    };
    let mut random = Random(SEED);
    for number in 0..=scenario.variants {
        once(&scenario, &variant).map_err(|error| {
            format!(
                "{error}\nthe scenario: {}\nrun {number}: {variant:?}",
                scenario.why
            )
        })?;
        variant = Variant {
            cluster: random.cluster(),
            brokers: match scenario.brokers {
                1 => 1,
                _ => 2 + random.below(3),
            },
            seed: random.next(),
            delay_ms: random.below(MOST_LATE_MS),
            tls: [None, Some("1.2"), Some("1.3")][random.below(3)],
            port: IAM_PORTS[random.below(IAM_PORTS.len())],
            turn: random.below(4),
        };
    }
    Ok(())
}

/// The case can be redacted, is judged the same then, and has none of the brokers' names.
fn redacted(saved: &str, report: &Value) -> Outcome<()> {
    let case: Case = serde_json::from_str(saved).map_err(|e| format!("the case: {e}"))?;
    let redacted = redact(&case, &[]).map_err(|error| error.to_string())?;
    let text = msk_doctor::text::json(&redacted).map_err(|error| error.to_string())?;
    let brokers = report["target"]["brokers"].as_array().into_iter().flatten();
    let names = brokers.filter_map(|broker| broker["name"].as_str());
    // An address and the name of this machine are nobody's own.
    for name in names.filter(|name| name.contains(".amazonaws.com")) {
        if let Some(line) = text.lines().find(|line| line.contains(name)) {
            return Err(format!("redacted, the case has {name}: {line}"));
        }
    }
    Ok(())
}

/// `SplitMix64`, so that the variants are the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)) >> 1
    }

    /// Names of users' own making, MSK's six characters and its cell.
    fn cluster(&mut self) -> String {
        const NAMES: [&str; 5] = [
            "orders",
            "kafka-prod-01",
            "c2",
            "msk",
            "a-name-as-long-as-a-team-makes-it",
        ];
        let id: String = (0..6)
            .map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[self.below(36)]))
            .collect();
        let name = NAMES[self.below(NAMES.len())];
        format!("{name}.{id}.c{}", 1 + self.below(9))
    }

    fn below(&mut self, end: usize) -> usize {
        let drawn = self.next() % u64::try_from(end).unwrap_or(1);
        usize::try_from(drawn).unwrap_or(0)
    }
}

fn once(scenario: &Scenario, variant: &Variant) -> Outcome<()> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let dir = dir.path();
    let net = match &scenario.net {
        Some(_) => Some(Namespaces::make(variant.brokers)?),
        None => None,
    };
    let lab = Lab::start(
        &LabSpec {
            codes: &scenario.lab,
            brokers: variant.brokers,
            cluster: &variant.cluster,
            seed: variant.seed,
            delay_ms: variant.delay_ms,
            tls: variant.tls,
            port: variant.port,
            net: net.as_ref(),
        },
        dir,
    )?;
    let fill = |text: &str| filled(text, &lab, variant, dir);
    if let (Some(net), Some(spec)) = (&net, &scenario.net) {
        net.set_up(spec, &fill)?;
    }
    let _background = match (&net, &scenario.net) {
        (Some(net), Some(spec)) => net.background(spec, &fill)?,
        _ => Vec::new(),
    };
    for (name, text) in &scenario.files {
        let path = dir.join(name);
        path.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, fill(text)))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    if let Some(world) = &scenario.facts {
        let facts = dir.join("facts");
        std::fs::create_dir(&facts).map_err(|error| error.to_string())?;
        super::world::build(world, &scenario.fact_changes, &facts)
            .map_err(|error| error.to_string())?;
    }
    let mut markers = Markers::new(&lab.secret);
    markers.add_credentials(&sts::granted());
    if let Some(spec) = &scenario.token {
        let token = token(spec, &lab)?;
        markers.add_token(&token);
        let text = spec.wrap.replace("{}", &token);
        std::fs::write(dir.join("token"), text).map_err(|error| error.to_string())?;
    }
    let run = Run {
        scenario,
        lab: &lab,
        net: net.as_ref(),
        dir,
        sts: scenario.sts.map(sts::start),
        fill: &fill,
    };
    run.compare(&mut markers)
}

/// `{b1}`…, `{last}`, `{name1}`…, `{bootstrap}`, `{ca}`, `{dir}`, `{token}`, `{port}`, `{domain}`, `{program}`.
fn filled(text: &str, lab: &Lab, variant: &Variant, dir: &Path) -> String {
    let domain = variant.domain();
    let mut turned = lab.brokers.clone();
    turned.rotate_left(variant.turn % lab.brokers.len().max(1));
    let mut values = vec![
        ("bootstrap".to_owned(), turned.join(",")),
        ("BOOTSTRAP".to_owned(), turned.join(",").to_uppercase()),
        ("ca".to_owned(), lab.ca.display().to_string()),
        ("dir".to_owned(), dir.display().to_string()),
        ("token".to_owned(), dir.join("token").display().to_string()),
        ("facts".to_owned(), dir.join("facts").display().to_string()),
        ("port".to_owned(), variant.port.to_string()),
        ("key".to_owned(), lab.key_id.clone()),
        ("secret".to_owned(), lab.secret.clone()),
        ("domain".to_owned(), domain.clone()),
        (
            "program".to_owned(),
            env!("CARGO_BIN_EXE_msk-doctor").to_owned(),
        ),
        (
            "last".to_owned(),
            lab.brokers.last().cloned().unwrap_or_default(),
        ),
    ];
    for (index, broker) in lab.brokers.iter().enumerate() {
        let number = index + 1;
        values.push((format!("b{number}"), broker.clone()));
        values.push((format!("name{number}"), format!("b-{number}.{domain}")));
    }
    values
        .into_iter()
        .fold(text.to_owned(), |text, (key, value)| {
            text.replace(&format!("{{{key}}}"), &value)
        })
}

fn token(spec: &TokenSpec, lab: &Lab) -> Outcome<String> {
    let age = Duration::from_secs(spec.age.unsigned_abs());
    let now = SystemTime::now();
    let time = if spec.age < 0 { now + age } else { now - age };
    let key_id = if spec.temporary_key_alone {
        lab.key_id.replacen("AKIA", "ASIA", 1)
    } else {
        lab.key_id.clone()
    };
    let credentials = Credentials::new(key_id, &lab.secret, None, None, "scenarios");
    let token = msk_iam::sign(&credentials, &spec.region, time).map_err(|e| e.to_string())?;
    Ok(token.expose().to_owned())
}

/// One run of one row.
struct Run<'a> {
    scenario: &'a Scenario,
    lab: &'a Lab,
    net: Option<&'a Namespaces>,
    dir: &'a Path,
    /// The URL of the scenario's STS.
    sts: Option<String>,
    fill: &'a dyn Fn(&str) -> String,
}

impl Run<'_> {
    /// msk-doctor in the client's place, with nothing of this machine's AWS configuration.
    fn diagnose(&self) -> Command {
        let mut command = match self.net {
            Some(net) => Namespaces::command(&net.client, PROGRAM),
            None => Command::new(PROGRAM),
        };
        command
            .arg("diagnose")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir)
            .env("COLUMNS", "80")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(std::process::Stdio::null());
        command
    }

    fn live(&self, case: &Path) -> Command {
        let scenario = self.scenario;
        let mut command = self.diagnose();
        if scenario.credentials {
            command
                .env("AWS_ACCESS_KEY_ID", &self.lab.key_id)
                .env("AWS_SECRET_ACCESS_KEY", &self.lab.secret);
        }
        if let Some(url) = &self.sts {
            command.env("AWS_ENDPOINT_URL_STS", url);
        }
        for (name, value) in &scenario.env {
            command.env(name, (self.fill)(value));
        }
        command.args(["--bootstrap", &(self.fill)(&scenario.bootstrap), "--no-aws"]);
        if scenario.ca {
            command.arg("--ca-file").arg(&self.lab.ca);
        }
        if let Some(region) = &scenario.region {
            command.args(["--region", region]);
        }
        command.arg("--save-case").arg(case);
        command.args(["--output", "json"]);
        command.args(scenario.args.iter().map(|argument| (self.fill)(argument)));
        command
    }

    fn compare(&self, markers: &mut Markers) -> Outcome<()> {
        let case = self.dir.join("case.json");
        let (output, report) = report_of(&mut self.live(&case))?;
        let saved = std::fs::read_to_string(&case).map_err(|e| format!("the case: {e}"))?;
        super::switched_off::keep(&saved)?;
        let found = differences(
            &self.scenario.expect,
            &report,
            output.status.code(),
            self.fill,
        );
        if !found.is_empty() {
            return Err(format!("{}\n{}", found.join("\n"), shortened(&report)));
        }
        let text_file = self.dir.join("report.txt");
        let mut replay = self.diagnose();
        replay.arg("--case").arg(&case).args(["--output", "json"]);
        let text_output = format!("text={}", text_file.display());
        replay.args(["--output", &text_output, "--ascii"]);
        replay.args(formats::outputs(self.dir));
        let (again, replayed) = report_of(&mut replay)?;
        if again.status.code() != output.status.code() {
            return Err(format!("replayed, it exits with {}", again.status));
        }
        agree(&report, &replayed)?;
        let text = std::fs::read_to_string(&text_file).map_err(|e| format!("the text: {e}"))?;
        check_text(&text, &report)?;
        formats::agree(&replayed, self.dir)?;
        redacted(&saved, &report)?;
        for format in ["junit", "sarif", "github", "markdown"] {
            let text = std::fs::read_to_string(self.dir.join(format)).unwrap_or_default();
            markers.check(format, &text)?;
        }
        self.add_made_token(markers, &saved)?;
        markers.check("the JSON", &String::from_utf8_lossy(&output.stdout))?;
        markers.check("standard error", &String::from_utf8_lossy(&output.stderr))?;
        markers.check("the saved case", &saved)?;
        markers.check("the replayed JSON", &String::from_utf8_lossy(&again.stdout))?;
        markers.check("the text", &text)
    }

    /// The token that msk-doctor made stands nowhere, so it is made again.
    fn add_made_token(&self, markers: &mut Markers, saved: &str) -> Outcome<()> {
        let saved: Value = serde_json::from_str(saved).map_err(|e| format!("the case: {e}"))?;
        let token = &saved["token"];
        if token.is_null() || token["given"] == true {
            return Ok(());
        }
        let (Some(region), Some(signed_at)) =
            (token["region"].as_str(), token["signed_at"].as_u64())
        else {
            return Err(format!("the case's token has no region or time: {token}"));
        };
        let credentials = match self.scenario.sts {
            Some(Sts::Grants) => sts::granted(),
            _ => Credentials::new(&self.lab.key_id, &self.lab.secret, None, None, "lab"),
        };
        markers.add_made(&credentials, region, signed_at);
        Ok(())
    }
}

/// Runs msk-doctor and reads the report on standard output.
fn report_of(command: &mut Command) -> Outcome<(Output, Value)> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let report = serde_json::from_slice(&output.stdout).map_err(|error| {
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        format!("no JSON report: {error}; {}\n{out}\n{err}", output.status)
    })?;
    Ok((output, report))
}

/// At 80 columns and in ASCII, with the origin's code.
fn check_text(text: &str, report: &Value) -> Outcome<()> {
    if let Some(line) = text.lines().find(|line| line.width() > 80) {
        return Err(format!(
            "the text has a line of {} columns: {line}",
            line.width()
        ));
    }
    if let Some(line) = text.lines().find(|line| !line.is_ascii()) {
        return Err(format!("with --ascii the text has {line:?}"));
    }
    match codes(report).first() {
        Some(code) if !text.contains(code.as_str()) => {
            Err(format!("the text does not name {code}:\n{text}"))
        }
        _ => Ok(()),
    }
}

/// The part of a report that one reads first.
fn shortened(report: &Value) -> String {
    let phases: Vec<String> = report["observations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|observation| {
            let ends: Vec<String> = observation["phases"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|phase| format!("{}:{}", phase["phase"], phase["end"]))
                .collect();
            format!(
                "{} {}",
                observation["broker"],
                ends.join(" ").replace('"', "")
            )
        })
        .collect();
    let causes = serde_json::to_string_pretty(&report["causes"]).unwrap_or_default();
    format!(
        "causes: {causes}\nunknown: {}\n{}",
        report["unknown"],
        phases.join("\n")
    )
}
