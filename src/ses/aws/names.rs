//! Names that go out with each request, in `User-Agent`: Terraform's and this provider's,
//! the SDK's, and those that practitioners add.

use aws_config::AppName;

use super::files::Files;
use super::http::Names;
use super::settings::ConnectionSettings;

/// This provider.
const PRODUCT: &str = concat!("terraform-provider-ses/", env!("CARGO_PKG_VERSION"));

/// The names before and after the SDK's.
pub(super) fn around_the_sdk(settings: &ConnectionSettings) -> Names {
    let terraform = match settings.terraform_version.as_str() {
        "" => String::new(),
        version => format!("Terraform/{version} (+https://www.terraform.io) "),
    };
    let appended = settings.environment.first(&["TF_APPEND_USER_AGENT"]);
    let appended = appended.map(|(_, appended)| appended.trim());
    let block = settings.user_agent.iter().map(String::as_str);
    let after: Vec<&str> = block.chain(appended).collect();
    Names {
        before: printable(&format!("{terraform}{PRODUCT}")),
        after: printable(&after.join(" ")),
    }
}

/// Whether a text may be part of a header.
pub fn is_product(text: &str) -> bool {
    !text.trim().is_empty() && printable(text) == text
}

/// Without what no header may hold.
fn printable(text: &str) -> String {
    let text = text.trim().chars();
    text.filter(|c| matches!(c, ' '..='~')).collect()
}

/// The application's name that environment or profile say (`app/NAME`).
pub(super) fn application(settings: &ConnectionSettings, files: &Files) -> Option<AppName> {
    let said = settings.said(files, &["AWS_SDK_UA_APP_ID"], "sdk_ua_app_id")?;
    let name = AppName::new(said.text.to_owned());
    let name = name.inspect_err(|error| tracing::warn!(by = said.by, %error, "it is left out"));
    name.ok()
}

#[cfg(test)]
mod tests {
    use super::super::environment::AwsEnvironment;
    use super::*;

    #[test]
    fn the_names_of_block_and_environment_follow_and_no_line_breaks_do() {
        let names = |appended: &str| {
            let variable = ("TF_APPEND_USER_AGENT".to_owned(), appended.to_owned());
            around_the_sdk(&ConnectionSettings {
                terraform_version: "1.11.4".to_owned(),
                user_agent: vec!["a/1 (x y)".to_owned(), "b".to_owned()],
                environment: AwsEnvironment::read([variable]),
                ..ConnectionSettings::default()
            })
        };
        let before = format!("Terraform/1.11.4 (+https://www.terraform.io) {PRODUCT}");
        assert_eq!(names("").before, before);
        assert_eq!(names("").after, "a/1 (x y) b");
        assert_eq!(names(" c/2 d ").after, "a/1 (x y) b c/2 d");
        assert_eq!(names("c\r\nx: y").after, "a/1 (x y) b cx: y");
        let none = around_the_sdk(&ConnectionSettings::default());
        assert_eq!((none.before.as_str(), none.after.as_str()), (PRODUCT, ""));
    }
}
