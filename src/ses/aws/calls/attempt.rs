//! One attempt at a call: how it is watched, and what its end means for the next.

use std::error::Error as StdError;
use std::sync::Arc;

use aws_sdk_ses::client::customize::CustomizableOperation;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use super::Client;
use crate::ses::api::Departure;
use crate::ses::aws::answer::AnswerCheck;
use crate::ses::aws::contact::Contact;
use crate::ses::aws::obstacle::{NotReached, find};
use crate::ses::aws::stamp::Stamp;
use crate::ses::aws::translate::translate;
use crate::ses::error::{CredentialFault, Error, Operation};

/// One attempt at a call of an operation.
pub(super) struct Attempt<'a> {
    pub(super) operation: Operation,
    pub(super) departure: &'a Arc<dyn Departure>,
    pub(super) client: &'a Client,
    pub(super) contact: &'a Contact,
    /// Which load the credentials come of.
    pub(super) load: u64,
}

impl Attempt<'_> {
    /// The call, which tells when it goes out, and whose answer has to be SES's.
    pub(super) fn watched<T, E, B>(
        &self,
        call: CustomizableOperation<T, E, B>,
    ) -> CustomizableOperation<T, E, B> {
        call.interceptor(Stamp(Arc::clone(self.departure)))
            .interceptor(AnswerCheck(self.operation))
    }

    /// The answer, or what its absence means for this attempt and the next.
    pub(super) fn ended<T, E>(
        &self,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, Error>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let failed = match answer {
            Ok(answer) => {
                self.contact.answered();
                return Ok(answer);
            }
            Err(failed) => failed,
        };
        let operation = self.operation;
        let error = translate(operation, self.departure, &failed);
        if matches!(error, Error::Refused { .. }) {
            self.contact.answered();
        }
        if let Some(not_reached) = find::<NotReached>(&failed)
            && self.contact.failed(not_reached, Instant::now())
        {
            return Err(unreachable(operation, not_reached.clone()));
        }
        if error.says_expired() && self.client.credentials.have_expired(self.load) {
            return Err(Error::Credentials {
                operation,
                fault: CredentialFault::Expired,
                reason: error.to_string(),
                refusal: None,
            });
        }
        Err(error)
    }
}

pub(super) fn unreachable(
    operation: Operation,
    NotReached { obstacle, reason }: NotReached,
) -> Error {
    Error::Unreachable {
        operation,
        obstacle,
        reason,
    }
}
