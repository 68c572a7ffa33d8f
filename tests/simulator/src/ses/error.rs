//! Errors that SES answers with.

/// An error of SES: HTTP status, code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    pub(crate) fn invalid(message: String) -> Self {
        Self::new(400, "InvalidParameterValue", &message)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        let member = decapitalize(parameter);
        Self::new(
            400,
            "ValidationError",
            &format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy \
                 constraint: Member must not be null"
            ),
        )
    }

    pub(crate) fn not_in_set(member: &str, value: &str, set: &str) -> Self {
        Self::new(
            400,
            "ValidationError",
            &format!(
                "1 validation error detected: Value '{value}' at '{member}' failed to satisfy \
                 constraint: Member must satisfy enum value set: [{set}]"
            ),
        )
    }

    pub(crate) fn invalid_action(action: &str) -> Self {
        Self::new(
            400,
            "InvalidAction",
            &format!("Could not find operation {action} for version 2010-12-01"),
        )
    }

    pub(crate) fn throttling() -> Self {
        Self::new(400, "Throttling", "Rate exceeded")
    }

    pub(crate) fn access_denied(action: &str) -> Self {
        Self::new(
            403,
            "AccessDenied",
            &format!(
                "User: arn:aws:iam::123456789012:user/u is not authorized to perform: \
                 ses:{action} because no identity-based policy allows the ses:{action} action"
            ),
        )
    }

    pub(crate) fn expired_token() -> Self {
        Self::new(
            403,
            "ExpiredToken",
            "The security token included in the request is expired",
        )
    }

    /// Who is at fault, as SES's XML names it.
    pub(crate) fn kind(&self) -> &'static str {
        if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        }
    }
}

fn decapitalize(parameter: &str) -> String {
    let mut letters = parameter.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}
