//! Parts of errors: what stood in the way, why there are no credentials, and how far a
//! request has come.

/// What can stand between this process and an endpoint of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// A certificate that is not trusted.
    Certificate,
    /// TLS that both sides cannot agree on.
    Tls,
    /// A host name that does not exist.
    NoSuchHost,
    /// A host name that could not be looked up.
    LookUp,
    /// A connection that was refused.
    Refused,
    /// A proxy that does not let requests through.
    Proxy,
    /// A proxy that wants to know who asks, and is not told, or not right.
    ProxyAuthentication,
    /// A connection that could not be made, or broke.
    Connection,
    /// An answer that does not come.
    Answer,
}

impl Obstacle {
    /// Whether it stands until a setting is changed, whatever was answered before.
    pub fn stays(self) -> bool {
        matches!(self, Self::Certificate | Self::ProxyAuthentication)
    }
}

/// Why there are no credentials to call with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// No source has any.
    Absent,
    /// A source has failed, and will again.
    Lasting,
    /// A source is away, or has failed for a reason that passes.
    Passing,
    /// AWS says that they have expired, and their source may give others.
    Expired,
    /// They belong to an account that the settings rule out.
    NotAllowed,
    /// Only a program gives them, and it is not started for mere advice.
    NotAsked,
}

/// Refusal of STS's, which stands between a source and the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// STS's operation, such as `AssumeRole`.
    pub operation: &'static str,
    /// STS's error code, such as `AccessDenied`.
    pub code: String,
    /// STS's message, as it came from the network.
    pub message: String,
}

/// How far a request without an accepting answer has come, from nothing to the most
/// that is possible. Of several attempts at one request, the farthest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It was not sent.
    #[default]
    NotSent,
    /// It was sent, and refused by SES or before it: nothing has changed.
    Refused,
    /// It was sent, and its answer is lost: SES has carried it out or has not, and a
    /// read tells.
    MaybeMade,
    /// It was sent, and its answer is still to come: SES has carried it out, or may yet
    /// even if a read does not show it.
    MaybeMadeLater,
}

impl Reach {
    /// Whether SES may have carried the request out, or may yet.
    pub fn may_be_made(self) -> bool {
        self >= Self::MaybeMade
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lost_answer_leaves_a_doubt() {
        for (reach, may_be_made) in [
            (Reach::NotSent, false),
            (Reach::Refused, false),
            (Reach::MaybeMade, true),
            (Reach::MaybeMadeLater, true),
        ] {
            assert_eq!(reach.may_be_made(), may_be_made, "{reach:?}");
        }
    }
}
