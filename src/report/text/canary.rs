//! What became of the canary, in one line.

use super::super::words::milliseconds;
use super::super::{Report, escape};
use crate::probe::observation::{CanaryDetail, CanaryPart, Observation};

/// The line, where a canary was sent.
pub(super) fn line(report: &Report) -> Option<String> {
    let observation = report.observations.iter().find(|o| o.canary().is_some())?;
    let detail = observation.canary()?;
    let names = if detail.without_overrides {
        "; it resolved the names by itself, without --resolve"
    } else {
        ""
    };
    Some(format!("{}{names}", words(observation, detail)))
}

fn words(observation: &Observation, detail: &CanaryDetail) -> String {
    let client = escape(&detail.client);
    let topic = escape(&detail.topic);
    let parts = [
        ("connected in", detail.connect_us),
        ("written in", detail.write_us),
        ("read back in", detail.read_us),
    ];
    let times: Vec<String> = parts
        .into_iter()
        .filter_map(|(what, time)| Some(format!("{what} {}", milliseconds(time?))))
        .collect();
    let at = match (detail.partition, detail.offset) {
        (Some(partition), Some(offset)) => {
            format!(" to {topic}, partition {partition}, offset {offset}")
        }
        _ => format!(" to {topic}"),
    };
    let Some(failed) = detail.failed else {
        return format!("{client}{at}: {}", times.join(", "));
    };
    let error = detail.error.as_deref().map(escape).unwrap_or_default();
    let so_far = times.join(", ");
    let so_far = if so_far.is_empty() {
        so_far
    } else {
        so_far + ", "
    };
    let stays = match (detail.sent, failed) {
        (false, _) => "; nothing was written",
        (true, CanaryPart::Write) => "; whether the record was written is not known",
        (true, _) => "; the record stays",
    };
    let leader = escape(&observation.broker.to_string());
    format!(
        "{client}{at}: {so_far}failed at {} ({leader}): {error}{stays}",
        failed.words()
    )
}
