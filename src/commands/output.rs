//! Reports to standard output and files.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use anyhow::Result;
use msk_doctor::cli::{ColorChoice, Output, OutputArgs, ReportFormat};
use msk_doctor::report::text::Style;
use msk_doctor::report::{Combined, Report, Summary, github, json, junit, markdown, sarif, text};

use super::wrong;

/// Refuses what cannot be done before anything is sent.
pub fn check(args: &OutputArgs) -> Result<()> {
    let to_standard_output = args
        .output
        .iter()
        .filter(|output| output.file.is_none())
        .count();
    if to_standard_output > 1 {
        return Err(wrong(
            "two outputs go to standard output; give all but one a file: --output json=report.json",
        ));
    }
    for file in args
        .output
        .iter()
        .filter_map(|output| output.file.as_deref())
    {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(wrong(format!(
                "cannot write {}: its folder is not there",
                file.display()
            )));
        }
    }
    Ok(())
}

/// What is written.
#[derive(Clone, Copy)]
pub enum Reported<'a> {
    /// The report on one target.
    One(&'a Report),
    /// That on several.
    Several(&'a Combined),
}

/// Writes the report in every format that was asked for.
pub fn write(report: Reported<'_>, args: &OutputArgs) -> Result<()> {
    let default = [Output {
        format: ReportFormat::Text,
        file: None,
    }];
    let outputs = if args.output.is_empty() {
        &default[..]
    } else {
        &args.output
    };
    for output in outputs {
        if let Some(path) = &output.file {
            to_file(report, args, output.format, path)?;
            continue;
        }
        let style = style(args, io::stdout().is_terminal());
        let mut out = BufWriter::new(io::stdout().lock());
        let written =
            render(report, args, output.format, style, &mut out).and_then(|()| out.flush());
        // A reader that has seen enough is no failure.
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(error.into());
        }
    }
    Ok(())
}

fn to_file(
    report: Reported<'_>,
    args: &OutputArgs,
    format: ReportFormat,
    path: &Path,
) -> Result<()> {
    let cannot = |error: io::Error| wrong(format!("cannot write {}: {error}", path.display()));
    let mut out = BufWriter::new(File::create(path).map_err(cannot)?);
    let style = Style {
        color: args.color == ColorChoice::Always,
        ..style(args, false)
    };
    render(report, args, format, style, &mut out).map_err(cannot)?;
    out.flush().map_err(cannot)
}

fn render(
    report: Reported<'_>,
    args: &OutputArgs,
    format: ReportFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let summary = || match report {
        Reported::One(report) => Summary::of(report),
        Reported::Several(combined) => Summary::of_all(combined),
    };
    match (format, report) {
        (ReportFormat::Text, Reported::One(report)) => text::render(report, style, out),
        (ReportFormat::Text, Reported::Several(all)) => text::render_all(all, style, out),
        (ReportFormat::Json, Reported::One(report)) => json::render(report, out),
        (ReportFormat::Json, Reported::Several(all)) => json::render(all, out),
        (ReportFormat::Junit, _) => junit::render(&summary(), out),
        (ReportFormat::Sarif, _) => sarif::render(&summary(), &location(args), out),
        (ReportFormat::Markdown, _) => markdown::render(&summary(), out),
        (ReportFormat::Github, _) => {
            let summary = summary();
            to_step(&summary)?;
            github::render(&summary, out)
        }
    }
}

/// The summary of a workflow's step, where GitHub wants one.
fn to_step(summary: &Summary) -> io::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut file = File::options().create(true).append(true).open(path)?;
    markdown::render(summary, &mut file)
}

/// The file at which code scanning shows results.
fn location(args: &OutputArgs) -> String {
    const CONFIG: &str = "msk-doctor.toml";
    if let Some(given) = &args.sarif_location {
        return given.clone();
    }
    // owner/repository/.github/workflows/deploy.yml@refs/heads/main
    let workflow = std::env::var("GITHUB_WORKFLOW_REF").ok().and_then(|text| {
        let path = text.split('@').next()?.splitn(3, '/').nth(2)?;
        (!path.is_empty()).then(|| path.to_owned())
    });
    match workflow {
        Some(workflow) if !Path::new(CONFIG).is_file() => workflow,
        _ => CONFIG.to_owned(),
    }
}

/// Colours: the flag, then `CLICOLOR_FORCE`, then `NO_COLOR`, then the terminal.
pub fn style(args: &OutputArgs, terminal: bool) -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
    let color = match args.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => terminal && !set("NO_COLOR"),
    };
    colored::control::set_override(color);
    Style {
        width: width(terminal),
        ascii: args.ascii,
        color,
    }
}

/// `COLUMNS`, else the terminal's width, else 80.
pub fn width(terminal: bool) -> usize {
    let given = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let width = given.unwrap_or_else(|| if terminal { textwrap::termwidth() } else { 80 });
    width.clamp(40, 240)
}
