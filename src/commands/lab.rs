//! `lab`: the embedded cluster until Ctrl-C.

mod check;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Result;
use msk_doctor::cli::LabArgs;
use msk_doctor::lab::{
    Advertise, FaultSpec, LAB_FAULTS, LAB_VARIANTS, Lab, LabConfig, LabError, LabFault, Schedule,
    page,
};

use super::{runtime, signals, wrong};

/// Runs the lab.
pub fn run(args: &LabArgs) -> Result<u8> {
    if args.list {
        print!("{}", list(LAB_FAULTS.iter().chain(LAB_VARIANTS)));
        return Ok(0);
    }
    let listen = if args.listen.is_empty() {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); args.brokers as usize]
    } else {
        args.listen.clone()
    };
    let config = LabConfig {
        listen,
        advertise: if args.real_names {
            Advertise::RealNames
        } else {
            Advertise::Addresses
        },
        faults: faults(&args.codes)?,
        dns: args.dns,
        cluster: args.cluster.clone(),
        seed: args.seed,
        schedule: Schedule {
            after: args.after,
            share: args.share,
            delay: args.delay.unwrap_or_default(),
        },
        tls: args.tls,
        ..LabConfig::default()
    };
    if !args.check_client.is_empty() {
        return runtime()?.block_on(check::run(args, &config));
    }
    let folder = Folder::open(args.dir.clone())?;
    runtime()?.block_on(async {
        let lab = Lab::start(config).await.map_err(start_failed)?;
        let ca_file = folder.write(&lab)?;
        print!("{}", page(&lab, &ca_file));
        println!("\nready; Ctrl-C ends the lab");
        signals::interrupted().await;
        Ok(0)
    })
}

/// Faults, a line each.
pub fn list<'a>(rows: impl IntoIterator<Item = &'a (LabFault, &'a str, &'a str)>) -> String {
    rows.into_iter()
        .fold(String::new(), |text, (_, code, summary)| {
            format!("{text}{code:<23}{summary}\n")
        })
}

/// Reads fault codes.
pub fn faults(codes: &[String]) -> Result<Vec<FaultSpec>> {
    codes
        .iter()
        .map(|code| code.parse().map_err(wrong))
        .collect()
}

/// A lab that cannot start is mostly a port in use: wrong use.
pub fn start_failed(error: LabError) -> anyhow::Error {
    match error {
        LabError::Listen { .. } | LabError::NoSuchBroker(_) | LabError::NotOfConnections(_) => {
            wrong(error.to_string())
        }
        LabError::Certificates(_) | LabError::Tls(_) => error.into(),
    }
}

/// Where the lab's files lie; a folder of its own is removed at the end.
struct Folder {
    path: PathBuf,
    own: bool,
}

impl Folder {
    fn open(given: Option<PathBuf>) -> Result<Self> {
        let own = given.is_none();
        let path = given.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("msk-doctor-lab-{}", std::process::id()))
        });
        std::fs::create_dir_all(&path)
            .map_err(|error| wrong(format!("cannot make {}: {error}", path.display())))?;
        Ok(Self { path, own })
    }

    fn write(&self, lab: &Lab) -> Result<PathBuf> {
        let ca = self.path.join("ca.pem");
        let credentials = lab.credentials();
        let environment = format!(
            "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
            credentials.access_key_id(),
            credentials.secret_access_key()
        );
        let files = [
            (ca.clone(), lab.ca_pem().to_owned()),
            (self.path.join("credentials.env"), environment),
            (self.path.join("hosts"), lab.hosts()),
            // Last: who waits for it finds the others.
            (self.path.join("bootstrap"), lab.bootstrap() + "\n"),
        ];
        for (path, text) in files {
            let partial = path.with_extension("partial");
            std::fs::write(&partial, text)
                .and_then(|()| std::fs::rename(&partial, &path))
                .map_err(|error| wrong(format!("cannot write {}: {error}", path.display())))?;
        }
        Ok(ca)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.own {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
