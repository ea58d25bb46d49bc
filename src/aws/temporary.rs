//! The only calls that change something: a temporary function is created, invoked and deleted.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    self, Architecture, FunctionCode, LoggingConfig, Runtime, StateReasonCode, VpcConfig,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::credentials::{CONNECT, loader};
use super::error::words;
use super::read::Access;
use crate::package::Processor;
use crate::remote::plan::{Place, Plan};
use crate::remote::tags::{self, Leftover};
use crate::secret::Printable;

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lambda:{operation}: {words}")]
pub struct Refused {
    /// The operation.
    pub operation: &'static str,
    /// The error's code, if the API gave one.
    pub code: Option<String>,
    /// What it said.
    pub words: String,
}

impl Refused {
    fn of<E, R>(operation: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let code = error.code().map(ToOwned::to_owned);
        Self {
            operation,
            code,
            words: Printable::new(&words(error)).to_string(),
        }
    }

    /// Whether the function is not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.code.as_deref() == Some("ResourceNotFoundException")
    }

    /// Whether it is known by experience to pass: a role that is a few seconds old, or a function that is being changed.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self.code.as_deref() {
            Some("InvalidParameterValueException") => self.words.contains("cannot be assumed"),
            Some("ResourceConflictException" | "TooManyRequestsException") => true,
            _ => false,
        }
    }
}

/// How far a function has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It can be invoked.
    Active,
    /// Not yet.
    Pending,
    /// It never will.
    Failed {
        /// The reason's code.
        code: String,
        /// Why, in Lambda's words.
        words: String,
    },
}

/// What an invocation gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    /// Whether the function failed.
    pub failed: bool,
    /// What it answered.
    pub payload: Vec<u8>,
}

/// Lambda, for what is temporary.
#[derive(Debug, Clone)]
pub struct Lambda {
    client: Client,
}

macro_rules! refused {
    ($operation:literal) => {
        |error| Refused::of($operation, &error)
    };
}

impl Lambda {
    /// As somebody, in a region.
    pub async fn new(access: &Access) -> Self {
        let config = loader(access.profile.as_deref(), Some(access.region.clone()))
            .credentials_provider(access.credentials.clone())
            // An invocation is never made twice.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .load()
            .await;
        Self {
            client: Client::new(&config),
        }
    }

    /// Creates the function of a plan.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn create(&self, plan: &Plan, package: &[u8]) -> Result<(), Refused> {
        let vpc = VpcConfig::builder()
            .set_subnet_ids(Some(plan.subnets.clone()))
            .set_security_group_ids(Some(plan.security_groups.clone()))
            .build();
        let logs = plan
            .log_group
            .as_ref()
            .map(|group| LoggingConfig::builder().log_group(group).build());
        self.client
            .create_function()
            .function_name(&plan.name)
            .description("A diagnosis by msk-doctor; it removes the function when it is done")
            .role(&plan.role)
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .architectures(match plan.processor {
                Processor::X86_64 => Architecture::X8664,
                Processor::Arm64 => Architecture::Arm64,
            })
            .code(FunctionCode::builder().zip_file(Blob::new(package)).build())
            .memory_size(plan.memory_mb)
            .timeout(i32::try_from(plan.timeout.as_secs()).unwrap_or(i32::MAX))
            .set_vpc_config((!plan.subnets.is_empty()).then_some(vpc))
            .set_logging_config(logs)
            .set_tags(Some(plan.tags.to_map().into_iter().collect()))
            .send()
            .await
            .map_err(refused!("CreateFunction"))?;
        Ok(())
    }

    async fn configuration(&self, name: &str) -> Result<GetFunctionConfigurationOutput, Refused> {
        let call = self.client.get_function_configuration();
        call.function_name(name)
            .send()
            .await
            .map_err(refused!("GetFunctionConfiguration"))
    }

    /// How far a function has come.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn state(&self, name: &str) -> Result<State, Refused> {
        let answer = self.configuration(name).await?;
        let printable = |text: Option<&str>| Printable::new(text.unwrap_or_default()).to_string();
        let code = answer.state_reason_code().map(StateReasonCode::as_str);
        Ok(match answer.state().map(types::State::as_str) {
            Some("Failed") => State::Failed {
                code: printable(code),
                words: printable(answer.state_reason()),
            },
            // A function that nobody has invoked for weeks wakes up by being invoked.
            Some("Active" | "Inactive") | None => State::Active,
            Some(_) => State::Pending,
        })
    }

    /// A function's place.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn place(&self, name: &str) -> Result<Place, Refused> {
        let answer = self.configuration(name).await?;
        let vpc = answer.vpc_config();
        Ok(Place {
            role: answer.role().unwrap_or_default().to_owned(),
            subnets: vpc.map(|vpc| vpc.subnet_ids().to_vec()).unwrap_or_default(),
            security_groups: vpc
                .map(|vpc| vpc.security_group_ids().to_vec())
                .unwrap_or_default(),
            memory_mb: answer.memory_size().unwrap_or_default(),
            function: answer.function_name().map(ToOwned::to_owned),
        })
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn invoke(
        &self,
        name: &str,
        event: Vec<u8>,
        patience: Duration,
    ) -> Result<Invoked, Refused> {
        let call = self
            .client
            .invoke()
            .function_name(name)
            .payload(Blob::new(event))
            .send();
        let answer = tokio::time::timeout(patience, call)
            .await
            .map_err(|_| Refused {
                operation: "Invoke",
                code: None,
                words: format!("no answer within {} s", patience.as_secs()),
            })?
            .map_err(refused!("Invoke"))?;
        Ok(Invoked {
            failed: answer.function_error().is_some(),
            payload: answer.payload.map(Blob::into_inner).unwrap_or_default(),
        })
    }

    /// Deletes a function; one that is not there is deleted.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn delete(&self, name: &str) -> Result<(), Refused> {
        let deleted = self
            .client
            .delete_function()
            .function_name(name)
            .send()
            .await;
        match deleted.map_err(refused!("DeleteFunction")) {
            Ok(_) => Ok(()),
            Err(refused) if refused.is_absent() => Ok(()),
            Err(refused) => Err(refused),
        }
    }

    /// The functions that runs of msk-doctor created and that are still there.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn leftovers(&self) -> Result<Vec<Leftover>, Refused> {
        let mut found = Vec::new();
        let mut pages = self.client.list_functions().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(refused!("ListFunctions"))?;
            for function in page.functions() {
                let (Some(name), Some(arn)) = (function.function_name(), function.function_arn())
                else {
                    continue;
                };
                if !tags::is_ours(name) {
                    continue;
                }
                let tags: HashMap<String, String> = self
                    .client
                    .list_tags()
                    .resource(arn)
                    .send()
                    .await
                    .map_err(refused!("ListTags"))?
                    .tags
                    .unwrap_or_default();
                found.extend(Leftover::of(name, &tags));
            }
        }
        Ok(found)
    }
}
