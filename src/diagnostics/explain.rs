//! What went wrong with a call to SES, in words, and what to do about it.

use super::{refusals, sentence, sts};
use crate::mail_from::{all_visible, visible};
use crate::ses::{CredentialFault, Error, Obstacle};

/// What says how long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// The resource's `timeouts` block.
    Timeouts,
    /// Nothing that can be set.
    Fixed,
}

/// What went wrong with a call to SES, in SES's words and ours, and what to do.
pub fn explain(error: &Error) -> String {
    explain_within(error, TimeLimit::Timeouts)
}

/// The same of a call that may take as long as `limit` says.
pub fn explain_within(error: &Error, limit: TimeLimit) -> String {
    let told = match error {
        Error::Refused {
            operation,
            status,
            code,
            message,
            request_id,
        } => {
            let request = match request_id {
                Some(id) => format!(", request id {}", visible(id)),
                None => String::new(),
            };
            let (code, message) = (visible(code), visible(message));
            format!("SES answered {operation} with {code}: {message} (HTTP {status}{request})")
        }
        Error::NotSes {
            operation,
            status,
            begins,
        } => {
            let quoted = if begins.is_empty() {
                "It is empty.".to_owned()
            } else {
                format!("It begins: {}", visible(begins))
            };
            format!(
                "{operation} was answered with HTTP status {status} and an answer that is not \
                 SES's: a proxy or a captive portal may stand between. {quoted}"
            )
        }
        Error::NoAnswer {
            operation, reason, ..
        } => {
            format!("SES did not answer {operation}: {}", visible(reason))
        }
        Error::Unreachable {
            operation, reason, ..
        } => format!(
            "SES cannot be reached to call {operation}: {}.",
            visible(reason)
        ),
        Error::Account {
            fault: CredentialFault::NotAllowed,
            reason,
            ..
        }
        | Error::Credentials {
            fault: CredentialFault::NotAllowed,
            reason,
            ..
        } => sentence(&all_visible(reason)),
        Error::Credentials {
            operation,
            fault,
            reason,
            ..
        } => {
            let what = match fault {
                CredentialFault::Absent => "There are no AWS credentials",
                CredentialFault::Expired => "The AWS credentials have expired",
                _ => "The AWS credentials could not be loaded",
            };
            format!("{what} to call {operation} with: {}", all_visible(reason))
        }
        Error::Account {
            fault: CredentialFault::Absent,
            reason,
            ..
        } => format!("There are no AWS credentials: {}", all_visible(reason)),
        Error::Account { reason, .. } => {
            format!(
                "The AWS account could not be found: {}",
                all_visible(reason)
            )
        }
        Error::Settings { reason } => sentence(&all_visible(reason)),
        Error::Internal { what } => {
            format!("{} This is a fault of the provider.", sentence(what))
        }
        Error::TimedOut { .. } => sentence(&error.to_string()),
        Error::Stopped { .. } => {
            "The provider was asked to stop (Ctrl-C, or the end of a CI job).".to_owned()
        }
    };
    let mut paragraphs = vec![told];
    if let Some(last) = error.last() {
        paragraphs.push(format!("The last attempt: {}", explain_within(last, limit)));
    }
    paragraphs.extend(remedy(error, limit));
    paragraphs.join("\n\n")
}

fn remedy(error: &Error, limit: TimeLimit) -> Option<String> {
    match error {
        Error::Refused {
            operation,
            status,
            code,
            message,
            ..
        } => refusals::of_ses(*operation, *status, code, message),
        Error::Unreachable { obstacle, .. } => Some(around(*obstacle)),
        Error::Account { .. } | Error::Credentials { .. }
            if let Some(remedy) = error.refusal().and_then(sts::remedy) =>
        {
            Some(format!("SES was not called. {}", visible(&remedy)))
        }
        Error::Account {
            fault: CredentialFault::NotAllowed,
            ..
        }
        | Error::Credentials {
            fault: CredentialFault::NotAllowed,
            ..
        } => Some(
            "SES was not called. Use credentials of an account that is allowed (`profile`, \
             `assume_role`, AWS_PROFILE), or change `allowed_account_ids` or \
             `forbidden_account_ids`."
                .to_owned(),
        ),
        Error::Account {
            fault: CredentialFault::Lasting,
            ..
        }
        | Error::Credentials {
            fault: CredentialFault::Lasting,
            ..
        } => Some(
            "SES was not called. Put right what the source says, or name another: `profile`, or \
             `access_key` and `secret_key`, in the provider block, AWS_PROFILE, or \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
                .to_owned(),
        ),
        Error::Account {
            fault: CredentialFault::Passing,
            ..
        }
        | Error::Credentials {
            fault: CredentialFault::Passing | CredentialFault::Expired,
            ..
        } => Some(
            "SES was not called. See that this machine can reach the source of the credentials, \
             and try again when that answers."
                .to_owned(),
        ),
        Error::Account { .. } | Error::Credentials { .. } => Some(
            "Set `profile`, or `access_key` and `secret_key`, in the provider block, or any source \
             of the AWS credential chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, \
             `aws sso login`, a container's or an instance's role."
                .to_owned(),
        ),
        Error::NotSes { .. } | Error::NoAnswer { .. } => Some(elsewhere()),
        Error::Internal { .. } => Some(
            "Try again, and report it together with what Terraform logs with TF_LOG=debug."
                .to_owned(),
        ),
        Error::TimedOut { last: Some(last), .. } if matches!(**last, Error::Credentials { .. }) => {
            None
        }
        Error::TimedOut { .. } => Some(match limit {
            TimeLimit::Timeouts => {
                "Try again; if SES is slow, or many share the account's limit of one request a \
                 second, give the operation more time in the resource's `timeouts` block."
            }
            TimeLimit::Fixed => {
                "Try again; no setting gives this more time. If many share the account's limit of \
                 one request a second, run this while fewer of them do, or leave it room by \
                 `requests_per_second` in their provider blocks. Of many identities, the data \
                 source `ses_identities_mail_from` reads a hundred in one request."
            }
        }
        .to_owned()),
        _ => None,
    }
}

/// What to do about what stands between this process and SES.
fn around(obstacle: Obstacle) -> String {
    match obstacle {
        Obstacle::Certificate => {
            "If a proxy that looks into TLS, or a private endpoint, stands between, name the PEM \
             file with the certificate of its authority in `custom_ca_bundle` or AWS_CA_BUNDLE. \
             See also that this machine's clock and its own certificates (ca-certificates) are \
             right."
        }
        Obstacle::Proxy | Obstacle::ProxyAuthentication => {
            "See that `https_proxy` in the provider block, or else HTTPS_PROXY, names the right \
             proxy, with a user and a password where it asks for them \
             (`http://USER:PASSWORD@HOST:PORT`), that the proxy may connect to SES, and that \
             `no_proxy` or NO_PROXY lists what is reached without it."
        }
        Obstacle::NoSuchHost | Obstacle::LookUp => {
            "See that SES is offered in this region, that the region and `endpoints.ses`, if set, \
             are spelt right, and that this machine can look up the names of hosts. (A proxy that \
             does it for this machine belongs into HTTPS_PROXY.)"
        }
        Obstacle::Tls | Obstacle::Refused | Obstacle::Connection | Obstacle::Answer => {
            return elsewhere();
        }
    }
    .to_owned()
}

/// What to look at where something other than SES has answered, or nothing.
fn elsewhere() -> String {
    "See that SES is offered in this region, that `endpoints.ses`, if set, is right, and \
     that this machine can reach it (HTTPS_PROXY, AWS_CA_BUNDLE)."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::ses::Operation;

    fn refused(code: &str, message: &str) -> Error {
        Error::Refused {
            operation: Operation::SetIdentityMailFromDomain,
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: Some("7e6d".to_owned()),
        }
    }

    #[test]
    fn explanation_quotes_ses_and_says_what_to_do() {
        let missing = explain(&refused(
            "InvalidParameterValue",
            "Identity <example.com> does not exist.",
        ));
        assert!(missing.contains("InvalidParameterValue: Identity <example.com> does not exist."));
        assert!(missing.contains("request id 7e6d"), "{missing}");
        assert!(
            missing.contains("SES has no such identity in this region"),
            "{missing}"
        );

        let message = "Identity <a@example.com> does not exist.";
        let address = explain(&refused("InvalidParameterValue", message));
        assert!(address.contains("holds for all its addresses"), "{address}");
        assert!(!address.contains("aws_ses_domain_identity"), "{address}");

        let denied = explain(&refused("AccessDenied", "User u is not authorized"));
        assert!(
            denied.contains("`ses:SetIdentityMailFromDomain`"),
            "{denied}"
        );
    }

    #[test]
    fn explanation_of_a_time_out_tells_the_last_attempt() {
        let error = Error::TimedOut {
            operation: Operation::SetIdentityMailFromDomain,
            after: Duration::from_secs(90),
            last: Some(Arc::new(refused("Throttling", "Rate exceeded"))),
        };
        let text = explain(&error);
        assert!(text.contains("gave up after 1m 30s"), "{text}");
        assert!(text.contains("Throttling: Rate exceeded"), "{text}");
        assert!(text.contains("`timeouts`"), "{text}");
    }

    #[test]
    fn what_has_no_timeouts_block_is_told_what_helps_there() {
        let error = Error::TimedOut {
            operation: Operation::GetIdentityMailFromDomainAttributes,
            after: Duration::from_secs(300),
            last: None,
        };
        let text = explain_within(&error, TimeLimit::Fixed);
        assert!(!text.contains("`timeouts`"), "{text}");
        assert!(text.contains("`requests_per_second`"), "{text}");
    }

    #[test]
    fn an_answer_that_is_not_ses_s_is_quoted_with_visible_escapes() {
        let told = |begins: &str| {
            explain(&Error::NotSes {
                operation: Operation::SetIdentityMailFromDomain,
                status: 200,
                begins: begins.to_owned(),
            })
        };
        let page = told("<html>\u{1b}[2J");
        assert!(page.contains("an answer that is not SES's"), "{page}");
        assert!(page.contains(r"It begins: <html>\u{1b}[2J"), "{page}");
        assert!(page.contains("HTTPS_PROXY"), "{page}");
        assert!(told("").contains("It is empty."));
    }

    #[test]
    fn a_fault_of_the_provider_is_not_put_down_to_its_settings() {
        let text = explain(&Error::Internal {
            what: "the reader of SES has ended",
        });
        let told = "The reader of SES has ended. This is a fault of the provider.";
        assert!(text.starts_with(told), "{text}");
    }

    #[test]
    fn text_from_the_network_cannot_drive_a_terminal() {
        let text = explain(&refused("InvalidParameterValue", "\u{1b}[2Jgone"));
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
