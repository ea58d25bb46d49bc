//! Three network namespaces — client, router, brokers — and what is in the way between them.
//!
//! ```text
//! client 10.77.1.2 ── 10.77.1.1 router 10.77.2.254 ── 10.77.2.N brokers, 10.77.2.53 DNS
//! ```

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use super::spec::Net;

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The namespaces of one run; they are removed when dropped, also by a panic.
pub struct Namespaces {
    /// Where msk-doctor runs.
    pub client: String,
    /// What forwards.
    pub router: String,
    /// Where the lab runs.
    pub broker: String,
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in [&self.client, &self.router, &self.broker] {
            let _ = Command::new("ip").args(["netns", "del", name]).output();
        }
        let _ = std::fs::remove_dir_all(self.etc());
    }
}

/// A command that goes on in a namespace until this is dropped: its standard input ends then.
pub struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Namespaces {
    /// Makes them for `brokers` brokers.
    pub fn make(brokers: usize) -> Outcome<Self> {
        for tool in ["ip", "nft"] {
            if Command::new(tool).arg("-V").output().is_err() {
                return Err(format!(
                    "this scenario makes network namespaces and needs `{tool}` (iproute2, nftables)"
                ));
            }
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |role| format!("mskd-{}-{number}-{role}", std::process::id());
        let made = Self {
            client: name("c"),
            router: name("r"),
            broker: name("b"),
        };
        for name in [&made.client, &made.router, &made.broker] {
            ip(&["netns", "add", name]).map_err(|error| {
                format!(
                    "this scenario makes network namespaces and needs root (CAP_SYS_ADMIN, CAP_NET_ADMIN); it is not skipped: {error}"
                )
            })?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        made.wire(&made.client, "veth-c", "10.77.1.2/24", "10.77.1.1")?;
        made.wire(&made.broker, "veth-b", "10.77.2.53/24", "10.77.2.254")?;
        for number in 1..=brokers {
            let address = format!("10.77.2.{number}/24");
            ip(&["-n", &made.broker, "addr", "add", &address, "dev", "eth0"])?;
        }
        let forward = "sysctl -qw net.ipv4.ip_forward=1";
        Self::shell(&made.router, forward)?;
        Ok(made)
    }

    /// A veth pair between the router and `name`.
    fn wire(&self, name: &str, port: &str, address: &str, gateway: &str) -> Outcome<()> {
        let router = self.router.as_str();
        let pair = ["link", "add", port, "type", "veth", "peer", "name", "eth0"];
        ip(&[&["-n", router], &pair[..], &["netns", name]].concat())?;
        let gateway_net = format!("{gateway}/24");
        ip(&["-n", router, "addr", "add", &gateway_net, "dev", port])?;
        ip(&["-n", router, "link", "set", port, "up"])?;
        ip(&["-n", name, "addr", "add", address, "dev", "eth0"])?;
        ip(&["-n", name, "link", "set", "eth0", "up"])?;
        ip(&["-n", name, "route", "add", "default", "via", gateway])
    }

    fn etc(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(&self.client)
    }

    /// Writes the client's resolver files, sets the rules and runs the row's commands.
    pub fn set_up(&self, net: &Net, fill: &dyn Fn(&str) -> String) -> Outcome<()> {
        let usual = || {
            vec![
                "nameserver 10.77.2.53".to_owned(),
                "options timeout:1 attempts:1".to_owned(),
            ]
        };
        let filled =
            |lines: &[String]| -> String { lines.iter().map(|line| fill(line) + "\n").collect() };
        let etc = self.etc();
        let write = |file: &str, text: String| {
            std::fs::create_dir_all(&etc)
                .and_then(|()| std::fs::write(etc.join(file), text))
                .map_err(|error| format!("cannot write {}: {error}", etc.join(file).display()))
        };
        write(
            "resolv.conf",
            filled(&net.resolv.clone().unwrap_or_else(usual)),
        )?;
        write(
            "hosts",
            "127.0.0.1 localhost\n".to_owned() + &filled(&net.hosts),
        )?;
        write("nsswitch.conf", "hosts: files dns\n".to_owned())?;
        let places = [
            (&self.router, "forward", &net.router),
            (&self.broker, "input", &net.broker),
            (&self.client, "output", &net.client),
        ];
        for (name, hook, rules) in places {
            if !rules.is_empty() {
                Self::rules(name, hook, &filled(rules))?;
            }
        }
        let commands = [
            (&self.client, &net.client_commands),
            (&self.router, &net.router_commands),
            (&self.broker, &net.broker_commands),
        ];
        for (name, commands) in commands {
            for command in commands {
                Self::shell(name, &fill(command))?;
            }
        }
        Ok(())
    }

    /// Starts the row's commands that go on, and waits until each is ready.
    pub fn background(&self, net: &Net, fill: &dyn Fn(&str) -> String) -> Outcome<Vec<Background>> {
        let on_client = net.client_background.iter().map(|own| (&self.client, own));
        let on_brokers = net.broker_background.iter().map(|own| (&self.broker, own));
        on_client
            .chain(on_brokers)
            .map(|(name, text)| {
                let child = Self::command(name, "bash")
                    .args(["-c", &fill(text)])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .map_err(|error| format!("bash: {error}"))?;
                let mut running = Background(child);
                let mut line = String::new();
                if let Some(out) = running.0.stdout.take() {
                    let read = BufReader::new(out).read_line(&mut line);
                    read.map_err(|error| error.to_string())?;
                }
                match line.trim() {
                    "ready" => Ok(running),
                    other => Err(format!("{text:?} is not ready: {other:?}")),
                }
            })
            .collect()
    }

    fn rules(name: &str, hook: &str, rules: &str) -> Outcome<()> {
        let text = format!(
            "table inet scenario {{\nchain way {{\ntype filter hook {hook} priority 0\npolicy accept\n{rules}}}\n}}\n"
        );
        let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        std::fs::write(file.path(), &text).map_err(|error| error.to_string())?;
        let mut command = Self::command(name, "nft");
        command.arg("-f").arg(file.path());
        check(&mut command).map_err(|error| format!("{error}\n{text}"))
    }

    fn shell(name: &str, text: &str) -> Outcome<()> {
        check(Self::command(name, "sh").args(["-c", text]))
    }

    /// `program` in a namespace.
    pub fn command(name: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", name, program]);
        command
    }
}

fn ip(arguments: &[&str]) -> Outcome<()> {
    check(Command::new("ip").args(arguments))
}

fn check(command: &mut Command) -> Outcome<()> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}: {words}", output.status))
}
