//! SES's operations: parameters in, effect on the account, result out.

use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

use super::account::{Account, Behavior, Identity, IdentityName, Key, MailFrom};
use super::error::ApiError;
use super::form::Form;
use super::status::{Status, Verification};
use super::xml;

/// How a Get sees the account: as it is, or as a fault shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) kind: ViewKind,
    /// The one identity that is seen so; `None` for all.
    pub(crate) of: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ViewKind {
    #[default]
    Present,
    BeforeLastChange,
    Absent,
}

/// What is not documented of SES, as this simulator was told to behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) identical_set_restarts: bool,
    pub(crate) identical_set_resets_success: bool,
    /// How old the state is that a Get shows.
    pub(crate) shows_late: Duration,
}

/// A request, bound to the region's account and the moment.
pub(crate) struct Operation<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) region: &'a str,
    pub(crate) form: &'a Form,
    pub(crate) rules: Rules,
    pub(crate) now: Duration,
}

/// The most identities a Get takes.
const GET_LIMIT: usize = 100;
/// The most identities a page of a List holds.
const LIST_LIMIT: usize = 1000;

impl Operation<'_> {
    /// Carries the operation out and returns what its result element holds.
    pub(crate) fn perform(self, action: &str, view: &View) -> Result<String, ApiError> {
        match action {
            "SetIdentityMailFromDomain" => self.set_mail_from_domain(),
            "GetIdentityMailFromDomainAttributes" => self.get_mail_from_domain_attributes(view),
            "ListIdentities" => self.list_identities(),
            "GetIdentityVerificationAttributes" => self.get_verification_attributes(),
            "VerifyDomainIdentity" => self.verify_domain_identity(),
            "VerifyEmailIdentity" => self.verify_email_identity(),
            "DeleteIdentity" => self.delete_identity(),
            _ => Err(ApiError::invalid_action(action)),
        }
    }

    fn key(&self, identity: &str) -> Key {
        Key::new(self.region, identity)
    }

    fn set_mail_from_domain(self) -> Result<String, ApiError> {
        let asked = self.form.required("Identity")?;
        let behavior = self
            .form
            .get("BehaviorOnMXFailure")
            .map(parse_behavior)
            .transpose()?;
        let key = self.key(asked);
        let identity = self
            .account
            .get_mut(&key)
            .ok_or_else(|| ApiError::invalid(format!("Identity <{asked}> does not exist.")))?;
        let Some(domain) = self.form.get("MailFromDomain") else {
            identity.change_mail_from(None, self.now);
            return Ok(String::new());
        };
        if !is_domain_name(domain) {
            return Err(ApiError::invalid(format!("Invalid domain name {domain}.")));
        }
        if !key.name.has_subdomain(domain) {
            return Err(ApiError::invalid(format!(
                "Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the \
                 identity <{asked}>."
            )));
        }
        if !identity.verified {
            return Err(ApiError::invalid(format!(
                "Provided MAIL-FROM domain <{domain}> or its parents are not verified for \
                 identity <{asked}>."
            )));
        }
        let mail_from = set(identity, domain, behavior, self.rules, self.now);
        identity.change_mail_from(Some(mail_from), self.now);
        Ok(String::new())
    }

    fn get_mail_from_domain_attributes(self, view: &View) -> Result<String, ApiError> {
        let shown = self.now.saturating_sub(self.rules.shows_late);
        let entries = self.each_identity(|asked, identity| {
            let kind = match &view.of {
                Some(of) if of != asked => ViewKind::Present,
                _ => view.kind,
            };
            let mail_from = match kind {
                ViewKind::Present => identity.mail_from_at(shown),
                ViewKind::BeforeLastChange => identity.mail_from_before(),
                ViewKind::Absent => return None,
            };
            Some(attributes(mail_from, self.now))
        })?;
        Ok(format!(
            "<MailFromDomainAttributes>{entries}</MailFromDomainAttributes>"
        ))
    }

    fn get_verification_attributes(self) -> Result<String, ApiError> {
        let entries = self.each_identity(|asked, identity| {
            let status = if identity.verified {
                "Success"
            } else {
                "Pending"
            };
            let mut value = xml::element("VerificationStatus", status);
            if !IdentityName::new(asked).is_address() {
                value.push_str(&xml::element("VerificationToken", &token(asked)));
            }
            Some(value)
        })?;
        Ok(format!(
            "<VerificationAttributes>{entries}</VerificationAttributes>"
        ))
    }

    /// The entries of a map over the identities asked for: each that exists
    /// once, keyed as it was asked for, or as it was registered where that is not in
    /// lower case.
    fn each_identity(
        &self,
        value: impl Fn(&str, &Identity) -> Option<String>,
    ) -> Result<String, ApiError> {
        let mut asked = self.form.members("Identities");
        if asked.is_empty() {
            return Err(ApiError::missing("Identities"));
        }
        if asked.len() > GET_LIMIT {
            return Err(ApiError::invalid(format!(
                "Too many identities: {}. At most {GET_LIMIT} identities are allowed per request.",
                asked.len()
            )));
        }
        asked.sort();
        asked.dedup();
        Ok(asked
            .iter()
            .filter_map(|asked| {
                let identity = self.account.get(&self.key(asked))?;
                Some(xml::entry(
                    identity.spelled(asked),
                    &value(asked, identity)?,
                ))
            })
            .collect())
    }

    fn list_identities(self) -> Result<String, ApiError> {
        let limit = match self.form.get("MaxItems") {
            None => LIST_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIST_LIMIT).contains(limit))
                .ok_or_else(|| {
                    ApiError::invalid(format!(
                        "Invalid MaxItems value {text}. It must be between 1 and {LIST_LIMIT}."
                    ))
                })?,
        };
        let addresses = match self.form.get("IdentityType") {
            None => None,
            Some("EmailAddress") => Some(true),
            Some("Domain") => Some(false),
            Some(other) => {
                return Err(ApiError::not_in_set(
                    "identityType",
                    other,
                    "Domain, EmailAddress",
                ));
            }
        };
        let last = match self.form.get("NextToken") {
            None => String::new(),
            Some(token) => decode_token(token)
                .ok_or_else(|| ApiError::invalid("Invalid NextToken.".to_owned()))?,
        };
        let mut names = self
            .account
            .range((Excluded(self.key(&last)), Unbounded))
            .take_while(|(key, _)| key.region == self.region)
            .map(|(key, identity)| (&key.name, identity))
            .filter(|(name, _)| addresses.is_none_or(|addresses| name.is_address() == addresses));
        let page: Vec<_> = names.by_ref().take(limit).collect();
        let members: String = page
            .iter()
            .map(|(name, identity)| xml::element("member", identity.spelled(name.as_str())))
            .collect();
        let mut result = format!("<Identities>{members}</Identities>");
        if let (Some((last, _)), Some(_)) = (page.last(), names.next()) {
            result.push_str(&xml::element("NextToken", &encode_token(last.as_str())));
        }
        Ok(result)
    }

    fn verify_domain_identity(self) -> Result<String, ApiError> {
        let domain = self.form.required("Domain")?;
        if !is_domain_name(domain) {
            return Err(ApiError::invalid(format!("Invalid domain name {domain}.")));
        }
        self.register(domain);
        Ok(xml::element("VerificationToken", &token(domain)))
    }

    fn verify_email_identity(self) -> Result<String, ApiError> {
        let address = self.form.required("EmailAddress")?;
        match address.split_once('@') {
            Some((local, domain)) if !local.is_empty() && is_domain_name(domain) => {}
            _ => {
                return Err(ApiError::invalid(format!(
                    "Invalid email address {address}."
                )));
            }
        }
        self.register(address);
        Ok(String::new())
    }

    fn register(self, name: &str) {
        let key = self.key(name);
        self.account.entry(key).or_default().register(name);
    }

    fn delete_identity(self) -> Result<String, ApiError> {
        let key = self.key(self.form.required("Identity")?);
        self.account.remove(&key);
        Ok(String::new())
    }
}

/// MAIL FROM of `identity` after `domain` has been set.
pub(crate) fn set(
    identity: &Identity,
    domain: &str,
    behavior: Option<Behavior>,
    rules: Rules,
    now: Duration,
) -> MailFrom {
    let prior = identity.mail_from();
    let behavior = behavior
        .or(prior.map(|prior| prior.behavior))
        .unwrap_or_default();
    let verification = prior
        .filter(|prior| prior.domain.eq_ignore_ascii_case(domain))
        .map(|prior| prior.verification)
        .filter(|verification| match verification.status(now) {
            Status::Pending | Status::TemporaryFailure => true,
            Status::Failed => !rules.identical_set_restarts,
            Status::Success => !rules.identical_set_resets_success,
        })
        .unwrap_or_else(|| Verification::begin(now));
    MailFrom {
        domain: domain.to_owned(),
        behavior,
        verification,
    }
}

/// The value of a `MailFromDomainAttributes` entry.
fn attributes(mail_from: Option<&MailFrom>, now: Duration) -> String {
    let Some(mail_from) = mail_from else {
        return xml::element("BehaviorOnMXFailure", Behavior::default().as_str());
    };
    [
        xml::element("MailFromDomain", &mail_from.domain),
        xml::element(
            "MailFromDomainStatus",
            mail_from.verification.status(now).as_str(),
        ),
        xml::element("BehaviorOnMXFailure", mail_from.behavior.as_str()),
    ]
    .concat()
}

fn parse_behavior(text: &str) -> Result<Behavior, ApiError> {
    match text {
        "UseDefaultValue" => Ok(Behavior::UseDefaultValue),
        "RejectMessage" => Ok(Behavior::RejectMessage),
        other => Err(ApiError::not_in_set(
            "behaviorOnMXFailure",
            other,
            "RejectMessage, UseDefaultValue",
        )),
    }
}

/// Whether SES takes `name` for a domain: at least two labels of 1 to 63
/// letters, digits, hyphens (not at an end) or underscores, no final dot, 253
/// characters at most.
pub(crate) fn is_domain_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// A verification token of SES's shape: 44 characters that hang on the name alone.
fn token(name: &str) -> String {
    let mut token = encode_token(&name.to_ascii_lowercase());
    token.truncate(43);
    while token.len() < 43 {
        token.push('0');
    }
    token.push('=');
    token
}

fn encode_token(last: &str) -> String {
    last.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode_token(token: &str) -> Option<String> {
    let bytes = token
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}
