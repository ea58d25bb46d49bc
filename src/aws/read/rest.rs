//! Answers of the APIs that speak JSON, as they came: the models name every field as the CLI prints it, which is the
//! API's own name with a capital. The SDK's types would lose what is newer than they are, IPv6 bootstrap strings.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use super::Refusal;
use crate::aws::snapshot::Response;

/// More pages than any answer has: a server that never ends is no use.
const MOST_PAGES: usize = 1000;

/// Keeps the body of the last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture(Arc<Mutex<Option<Vec<u8>>>>);

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().map(<[u8]>::to_vec);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(())
    }
}

/// An answer in the making, page by page.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// For the next request.
    pub capture: Capture,
    /// Where the next page begins.
    pub token: Option<String>,
    turned: Vec<Value>,
}

impl Pages {
    /// Takes in the page that was captured; whether there is another.
    pub fn turn(&mut self, next: Option<&str>) -> Result<bool, Refusal> {
        let body = self
            .capture
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or_else(|| Refusal::Failed("the answer has no body".to_owned()))?;
        let mut page: Value = serde_json::from_slice(&body).map_err(|error| not_json(&error))?;
        capitalise(&mut page);
        self.turned.push(page);
        let next = next.filter(|token| !token.is_empty());
        if self.turned.len() >= MOST_PAGES || next.is_some() && next == self.token.as_deref() {
            return Err(Refusal::Failed("the answer has no last page".to_owned()));
        }
        self.token = next.map(ToOwned::to_owned);
        Ok(self.token.is_some())
    }

    /// All pages as one answer.
    pub fn whole<T: Response>(self) -> Result<T, Refusal> {
        let mut pages = self.turned.into_iter();
        let mut whole = pages.next().unwrap_or_default();
        for mut page in pages {
            let more = page[T::CALL.field].take();
            if let (Value::Array(all), Value::Array(more)) = (&mut whole[T::CALL.field], more) {
                all.extend(more);
            }
        }
        if !T::CALL.field.is_empty() && whole.get(T::CALL.field).is_none() {
            return Err(Refusal::Failed(format!("it has no {:?}", T::CALL.field)));
        }
        serde_json::from_value(without_nulls(whole)).map_err(|error| not_json(&error))
    }
}

fn not_json(error: &serde_json::Error) -> Refusal {
    Refusal::Failed(format!("the answer cannot be read: {error}"))
}

/// Gives fields their capital: `nodeInfoList` of MSK is `NodeInfoList` in the CLI. What users name is left alone.
fn capitalise(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(capitalise),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(name, mut value)| {
                    let mut letters = name.chars();
                    let name = letters.next().map_or_else(String::new, |first| {
                        first.to_uppercase().chain(letters).collect()
                    });
                    if !matches!(name.as_str(), "Tags" | "Variables") {
                        capitalise(&mut value);
                    }
                    (name, value)
                })
                .collect();
        }
        _ => {}
    }
}

/// The CLI leaves out what is null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

/// Sends a request, page by page, and gives the whole answer.
macro_rules! whole {
    ($request:expr) => {{
        let mut pages = super::rest::Pages::default();
        let request = $request.customize().interceptor(pages.capture.clone());
        request.send().await?;
        pages.turn(None)?;
        pages.whole()
    }};
    ($request:expr, $set:ident, $next:ident) => {{
        let mut pages = super::rest::Pages::default();
        loop {
            let request = $request.$set(pages.token.clone());
            let request = request.customize().interceptor(pages.capture.clone());
            let output = request.send().await?;
            if !pages.turn(output.$next())? {
                break pages.whole();
            }
        }
    }};
}
pub(super) use whole;
