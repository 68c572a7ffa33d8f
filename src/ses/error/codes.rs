//! Codes and HTTP statuses of AWS's errors: what they say.

/// The codes by which AWS's query APIs say that a client is too fast.
const THROTTLING_CODES: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];

/// The codes of faults that pass, whatever the HTTP status.
const TRANSIENT_CODES: [&str; 6] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// The codes by which AWS says that credentials, or a signature, have expired.
pub(crate) const EXPIRED_CODES: [&str; 3] =
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// Whether an answer of AWS's says that the client is too fast.
pub(super) fn is_throttling(status: u16, code: &str) -> bool {
    THROTTLING_CODES.contains(&code) || status == 429
}

/// Whether an answer of AWS's says that it may be asked again.
pub fn passes(status: u16, code: &str) -> bool {
    is_throttling(status, code) || TRANSIENT_CODES.contains(&code) || status >= 500
}

/// Whether a code of AWS's says that the caller may not call.
pub fn is_access_denied(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized"
    )
}
