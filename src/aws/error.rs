//! What a call's error says, in words.

use std::error::Error;
use std::iter::successors;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::credentials::NoWay;

/// The API's code and message, else why there was no answer.
pub(super) fn words<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match (error.code(), error.message(), error) {
        (Some(code), Some(message), _) => format!("{code}: {message}"),
        (Some(code), None, _) => code.to_owned(),
        (None, _, SdkError::TimeoutError(_)) => "no answer in time".to_owned(),
        (None, _, SdkError::DispatchFailure(failure)) => {
            NoWay::of(failure).map_or_else(|| chain(error), ToString::to_string)
        }
        (None, ..) => chain(error),
    }
}

/// An error and its sources; a source whose words the one before ends with is not said twice.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = String::new();
    for error in successors(Some(error), |error: &&(dyn Error + 'static)| {
        (*error).source()
    }) {
        let own = error.to_string();
        if words.is_empty() {
            words = own;
        } else if !words.ends_with(&own) {
            words = format!("{words}: {own}");
        }
    }
    words
}
