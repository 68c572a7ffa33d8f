//! What Terraform keeps beside the state of an object, for this provider alone: the
//! object's mark, what it has set, and when.
//!
//! A refresh leaves it as it was, or Terraform would take that for a change of the object;
//! but where it changes the state as well.

use std::ops::Not;

use serde::{Deserialize, Serialize};

use crate::mail_from::DomainName;
use crate::plugin::Call;
use crate::ses::{ObjectId, Sent, Setting};

/// The private state of one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Private {
    /// Tells the object from others of the same identity.
    pub(super) object: ObjectId,
    /// What it has set last.
    pub(super) own: Option<Setting>,
    /// What was sent last in the course of that, and made, or perhaps.
    pub(super) sent: Option<Sent>,
    /// Whether SES has got `behavior_on_mx_failure` after it had `behavior_until_verified`,
    /// or had verified the domain before.
    pub(super) is_cut_over: bool,
}

/// How it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set: Option<WrittenSetting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<WrittenSent>,
    #[serde(default, skip_serializing_if = "Not::not")]
    cut_over: bool,
}

#[derive(Serialize, Deserialize)]
struct WrittenSetting {
    mail_from_domain: String,
    behavior_on_mx_failure: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenSent {
    /// Whole seconds since the Unix epoch.
    at: u64,
    /// Whether it was the unset of a restart.
    #[serde(default)]
    unset: bool,
}

impl Private {
    /// That of an object which begins now, and has set nothing yet.
    pub(super) fn begin() -> Self {
        Self {
            object: ObjectId::random(),
            own: None,
            sent: None,
            is_cut_over: false,
        }
    }

    /// That of the object that `call` is about; `None` where there is none that could be
    /// read: an older release has made the object.
    pub(super) fn of<C>(call: &Call<C>) -> Option<Self> {
        let written: Written = serde_json::from_slice(call.private()).ok()?;
        let own = written.set.and_then(|set| {
            Some(Setting {
                domain: DomainName::parse(&set.mail_from_domain).ok()?,
                behavior: set.behavior_on_mx_failure.parse().ok()?,
            })
        });
        let sent = written.sent.map(|sent| Sent {
            at: sent.at as f64,
            setting: own.clone().filter(|_| !sent.unset),
        });
        Some(Self {
            object: ObjectId::parse(&written.object)?,
            own,
            sent,
            is_cut_over: written.cut_over,
        })
    }

    /// Lets Terraform keep it.
    pub(super) fn keep<C>(&self, call: &mut Call<C>) {
        call.set_private(self.to_bytes());
    }

    /// As it is kept.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let written = Written {
            object: self.object.as_str().to_owned(),
            set: self.own.as_ref().map(|own| WrittenSetting {
                mail_from_domain: own.domain.as_str().to_owned(),
                behavior_on_mx_failure: own.behavior.as_str().to_owned(),
            }),
            sent: self.sent.as_ref().map(|sent| WrittenSent {
                at: sent.at.ceil() as u64,
                unset: sent.setting.is_none(),
            }),
            cut_over: self.is_cut_over,
        };
        // Strings and a number: this cannot fail.
        serde_json::to_vec(&written).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail_from::BehaviorOnMxFailure;
    use crate::plugin::CancellationToken;

    fn call() -> Call<()> {
        Call::new(None, CancellationToken::new())
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let own = Setting {
            domain: DomainName::parse("bounce.example.com").unwrap(),
            behavior: BehaviorOnMxFailure::RejectMessage,
        };
        let sent = |setting| {
            Some(Sent {
                at: 1_700_000_000.0,
                setting,
            })
        };
        for private in [
            Private::begin(),
            Private {
                own: Some(own.clone()),
                ..Private::begin()
            },
            Private {
                own: Some(own.clone()),
                sent: sent(Some(own.clone())),
                ..Private::begin()
            },
            Private {
                own: Some(own.clone()),
                sent: sent(None),
                ..Private::begin()
            },
            Private {
                is_cut_over: true,
                ..Private::begin()
            },
        ] {
            let mut call = call();
            private.keep(&mut call);
            assert_eq!(Private::of(&call), Some(private));
        }
    }

    #[test]
    fn what_others_have_written_is_no_private_state() {
        for bytes in ["", "{}", "null", r#"{"object":"x"}"#, r#"{"e2bfb730":{}}"#] {
            let mut call = call();
            call.set_private(bytes.as_bytes().to_vec());
            assert_eq!(Private::of(&call), None, "{bytes}");
        }
    }
}
