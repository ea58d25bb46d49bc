//! Requests whose answer shows a right, one after the other. None of them changes anything: no transactional id is ever initialised, which
//! would fence its producer.

use std::time::Duration;

use super::{Attempt, Effect, State, Versions};
use crate::kafka::messages;
use crate::phase::Phase;
use crate::probe::observation::{
    Ask, AuthoriseDetail, Detail, End, Meter, RightAnswer, Stop, coordinates_the_group,
};

/// A request that waits for its answer, those that follow, and the answers so far.
#[derive(Debug)]
pub(super) struct Asking {
    versions: Versions,
    asked: Ask,
    version: i16,
    rest: Vec<Ask>,
    /// How often it was asked.
    times: u8,
    pub(super) answers: Vec<RightAnswer>,
}

/// How often something is asked that the broker may only not be ready for: its first producer id, a coordinator that has moved.
const MOST_TIMES: u8 = 4;
/// How long is waited in between.
const PAUSE: Duration = Duration::from_millis(300);
/// `COORDINATOR_LOAD_IN_PROGRESS`, `COORDINATOR_NOT_AVAILABLE`, `NOT_COORDINATOR`.
const NOT_READY: std::ops::RangeInclusive<i16> = 14..=16;

/// Whether the broker may answer otherwise soon. That it is not the coordinator is news of the coordinator alone: a group is asked of
/// all.
fn is_not_ready(answer: &RightAnswer, is_coordinator: bool) -> bool {
    const NOT_COORDINATOR: i16 = 16;
    let elsewhere = matches!(answer.asked, Ask::GroupOperations { .. })
        && answer.error_code == NOT_COORDINATOR
        && !is_coordinator;
    NOT_READY.contains(&answer.error_code) && !elsewhere
}

impl Attempt {
    /// Asks for what the client will need.
    pub(super) fn ask_for_rights(&mut self, versions: Versions, may_write: bool) -> Effect {
        let group = self.plan.group.clone().map(|name| Ask::Group { name });
        let id = self.plan.transactional_id.clone();
        let id = id.map(|id| Ask::Transaction { id });
        // Whoever may not write has no use for it.
        let idempotent = may_write.then_some(Ask::IdempotentWrite);
        let asks = [group, id, idempotent].into_iter().flatten().collect();
        self.next_ask(versions, asks, Vec::new(), None)
    }

    fn next_ask(
        &mut self,
        versions: Versions,
        mut rest: Vec<Ask>,
        answers: Vec<RightAnswer>,
        meter: Option<Meter>,
    ) -> Effect {
        while !rest.is_empty() {
            let asked = rest.remove(0);
            let correlation = self.next_correlation();
            // What the broker does not know is not asked.
            if let Some((version, bytes)) = messages::ask(&asked, &versions, correlation) {
                self.spent = meter;
                self.state = State::Asking(Asking {
                    versions,
                    asked,
                    version,
                    rest,
                    times: 1,
                    answers,
                });
                return Effect::Exchange(bytes);
            }
        }
        let detail = AuthoriseDetail {
            answers,
            ..AuthoriseDetail::default()
        };
        self.record(
            Phase::Authorise,
            meter.unwrap_or_default(),
            End::Answered,
            Detail::Authorise(detail),
        );
        self.stop(Stop::Asked)
    }

    /// Asks what was not answered yet once more.
    pub(super) fn ask_again(&mut self, asking: Asking, meter: Meter) -> Effect {
        let correlation = self.next_correlation();
        let Some((_, bytes)) = messages::ask(&asking.asked, &asking.versions, correlation) else {
            return Effect::Close;
        };
        self.spent = Some(meter);
        self.state = State::Asking(Asking {
            times: asking.times + 1,
            ..asking
        });
        Effect::Exchange(bytes)
    }

    pub(super) fn answered(&mut self, asking: Asking, frame: &[u8], meter: Meter) -> Effect {
        let Asking {
            versions,
            asked,
            version,
            rest,
            times,
            mut answers,
        } = asking;
        let is_coordinator = coordinates_the_group(&answers, &self.plan.broker);
        match messages::read_ask(&asked, frame, self.correlation, version) {
            Ok(answer) if is_not_ready(&answer, is_coordinator) && times < MOST_TIMES => {
                self.spent = Some(meter);
                self.state = State::Pausing(Asking {
                    versions,
                    asked,
                    version,
                    rest,
                    times,
                    answers,
                });
                Effect::Pause(PAUSE)
            }
            Ok(answer) => {
                let mut rest = rest;
                // Whose coordinator may be asked for may be described.
                if let (Ask::Group { name }, 0) = (&asked, answer.error_code) {
                    let name = name.clone();
                    rest.insert(0, Ask::GroupOperations { name });
                }
                answers.push(answer);
                self.next_ask(versions, rest, answers, Some(meter))
            }
            Err(error) => {
                let detail = AuthoriseDetail {
                    answers,
                    error: Some(error.to_string()),
                    ..AuthoriseDetail::default()
                };
                self.record(
                    Phase::Authorise,
                    meter,
                    End::ProtocolError,
                    Detail::Authorise(detail),
                );
                Effect::Close
            }
        }
    }
}
