//! The parameters of a request to the Query API.

use super::error::ApiError;

/// The parameters of a form-encoded request, in order.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// `Name.member.1`, `Name.member.2` and so on.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}.member.");
        self.0
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// The identities that the request is about, one or many.
    pub(crate) fn identities(&self) -> Vec<String> {
        ["Identity", "Domain", "EmailAddress"]
            .iter()
            .filter_map(|name| self.get(name).map(str::to_owned))
            .chain(self.members("Identities"))
            .collect()
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_lists_flattened() {
        let form = Form::parse(
            b"Action=Get&Identities.member.1=a%40b.test&Identities.member.2=c+d&Identity=&Other=x",
        );
        assert_eq!(form.get("Action"), Some("Get"));
        assert_eq!(form.get("Identity"), Some(""));
        assert_eq!(form.members("Identities"), ["a@b.test", "c d"]);
        assert_eq!(form.identities(), ["", "a@b.test", "c d"]);
        let missing = form.required("MailFromDomain").unwrap_err();
        assert!(missing.message.contains("'mailFromDomain'"), "{missing:?}");
    }
}
