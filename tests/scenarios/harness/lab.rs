//! The lab as a child process, on loopback or in a namespace.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Outcome;
use super::net::Namespaces;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_msk-doctor");
/// How long the lab may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running lab; it ends when dropped.
pub struct Lab {
    child: Child,
    /// `host:port` of each broker.
    pub brokers: Vec<String>,
    /// The CA's certificate.
    pub ca: PathBuf,
    /// The access key id that the brokers know.
    pub key_id: String,
    /// Its secret.
    pub secret: String,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a lab is started.
pub struct LabSpec<'a> {
    /// Faults.
    pub codes: &'a [String],
    /// How many brokers.
    pub brokers: usize,
    /// The cluster's part of its brokers' names.
    pub cluster: &'a str,
    /// Its seed.
    pub seed: u64,
    /// How late answers are at most, in milliseconds.
    pub delay_ms: usize,
    /// The only version of TLS that the brokers speak.
    pub tls: Option<&'static str>,
    /// The brokers' port, in a namespace.
    pub port: u16,
    /// Where, if not on loopback.
    pub net: Option<&'a Namespaces>,
}

impl Lab {
    /// Starts a lab whose files are in `dir`.
    pub fn start(spec: &LabSpec<'_>, dir: &Path) -> Outcome<Self> {
        let mut command = match spec.net {
            Some(net) => Namespaces::command(&net.broker, PROGRAM),
            None => Command::new(PROGRAM),
        };
        command.arg("lab").args(spec.codes);
        command.arg("--dir").arg(dir);
        command.args(["--seed", &spec.seed.to_string()]);
        command.args(["--cluster", spec.cluster]);
        if spec.delay_ms > 0 {
            command.args(["--delay", &format!("{}ms", spec.delay_ms)]);
        }
        if let Some(version) = spec.tls {
            command.args(["--tls", version]);
        }
        if spec.net.is_some() {
            for number in 1..=spec.brokers {
                command.args(["--listen", &format!("10.77.2.{number}:{}", spec.port)]);
            }
            command.args(["--real-names", "--dns", "10.77.2.53:53"]);
        } else {
            command.args(["--brokers", &spec.brokers.to_string()]);
        }
        let errors = dir.join("lab.stderr");
        let errors_file = std::fs::File::create(&errors).map_err(|error| error.to_string())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors_file)
            .spawn()
            .map_err(|error| format!("cannot start the lab: {error}"))?;
        // From here on the child ends with this value, whatever happens.
        let mut lab = Self {
            child,
            brokers: Vec::new(),
            ca: dir.join("ca.pem"),
            key_id: String::new(),
            secret: String::new(),
        };
        let bootstrap = lab.wait_for(&dir.join("bootstrap"), &errors)?;
        lab.brokers = bootstrap.trim().split(',').map(str::to_owned).collect();
        let credentials = std::fs::read_to_string(dir.join("credentials.env"))
            .map_err(|error| error.to_string())?;
        for line in credentials.lines() {
            match line.split_once('=') {
                Some(("AWS_ACCESS_KEY_ID", value)) => value.clone_into(&mut lab.key_id),
                Some(("AWS_SECRET_ACCESS_KEY", value)) => value.clone_into(&mut lab.secret),
                _ => {}
            }
        }
        Ok(lab)
    }

    fn wait_for(&mut self, file: &Path, errors: &Path) -> Outcome<String> {
        let start = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(file) {
                return Ok(text);
            }
            let ended = self.child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let words = std::fs::read_to_string(errors).unwrap_or_default();
                return Err(format!("the lab did not start ({ended:?}): {words}"));
            }
            sleep(Duration::from_millis(20));
        }
    }
}
