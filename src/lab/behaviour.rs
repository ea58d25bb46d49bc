//! How a user's own client fares against a lab: run as a process of its own, watched from outside.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use super::{Lab, REGION};

/// What is kept of the end of what a client prints, bytes.
const TAIL: usize = 64 * 1024;
/// How long the last words of a client that has ended may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// With exit code 0.
    Succeeds,
    /// With another exit code.
    Fails {
        /// The exit code.
        code: i32,
    },
    /// By a signal of its own making.
    Crashes {
        /// The signal's number.
        signal: i32,
    },
    /// Not at all: it was ended when the time was up.
    Hangs,
}

/// What a client did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Behaviour {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it ran, milliseconds.
    pub duration_ms: u64,
    /// Connections that the brokers took.
    pub connections: usize,
    /// Logins that they judged.
    pub logins: usize,
    /// The end of what it printed, standard output and standard error as they came.
    pub printed: String,
}

/// The end of what was printed.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(TAIL);
        self.0.drain(..over);
    }
}

/// Ends a client and all that it has started, however its run is left.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Nobody is left in it: fine.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Runs `command` against a lab, for at most `limit`; in its words `{bootstrap}`, `{ca}` and `{topic}` are the lab's. The lab's
/// credentials and region stand in its environment, with `MSK_DOCTOR_LAB_BOOTSTRAP` and `MSK_DOCTOR_LAB_CA`.
///
/// # Errors
/// When the command cannot be started.
pub async fn behaviour(
    command: &[String],
    lab: &Lab,
    ca: &Path,
    limit: Duration,
) -> io::Result<Behaviour> {
    let mut child = start(command, lab, ca)?;
    let began = Instant::now();
    let group = Group(
        child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)),
    );
    let printed = Arc::new(Mutex::new(Tail::default()));
    let out = child
        .stdout
        .take()
        .map(|pipe| tokio::spawn(keep(pipe, printed.clone())));
    let err = child
        .stderr
        .take()
        .map(|pipe| tokio::spawn(keep(pipe, printed.clone())));
    let ended = timeout(limit, child.wait()).await;
    let took = began.elapsed();
    let taken = lab.taken();
    drop(group);
    let outcome = if let Ok(status) = ended {
        outcome(status?)
    } else {
        child.wait().await?;
        Outcome::Hangs
    };
    for pipe in [out, err].into_iter().flatten() {
        // What has left the group may hold the pipe for ever.
        let _ = timeout(LAST_WORDS, pipe).await;
    }
    let printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Behaviour {
        outcome,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        connections: taken.connections,
        logins: taken.logins,
        printed: String::from_utf8_lossy(&printed.0).into_owned(),
    })
}

fn start(command: &[String], lab: &Lab, ca: &Path) -> io::Result<Child> {
    let (bootstrap, ca) = (lab.bootstrap(), ca.display().to_string());
    let topic = lab.topics().first().cloned().unwrap_or_default();
    let mut words = command.iter().map(|word| {
        word.replace("{bootstrap}", &bootstrap)
            .replace("{ca}", &ca)
            .replace("{topic}", &topic)
    });
    let program = words.next().unwrap_or_default();
    let credentials = lab.credentials();
    Command::new(program)
        .args(words)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("MSK_DOCTOR_LAB_BOOTSTRAP", &bootstrap)
        .env("MSK_DOCTOR_LAB_CA", &ca)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

async fn keep(mut pipe: impl AsyncRead + Unpin, kept: Arc<Mutex<Tail>>) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut bytes).await {
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&bytes[..read]);
    }
}

fn outcome(status: ExitStatus) -> Outcome {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(0), _) => Outcome::Succeeds,
        (Some(code), _) => Outcome::Fails { code },
        (None, signal) => Outcome::Crashes {
            signal: signal.unwrap_or_default(),
        },
    }
}
