//! The provider block in front of every configuration.

use simulator::Simulator;

use super::REGION;

/// The provider block, by HCL expressions; what is `None` is left out.
#[derive(Clone, Debug)]
pub(crate) struct ProviderBlock {
    pub(crate) region: Option<String>,
    pub(crate) access_key: Option<String>,
    pub(crate) secret_key: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) requests_per_second: Option<String>,
    /// `endpoints.ses`
    pub(crate) ses_endpoint: Option<String>,
    /// The body of the `dns` block.
    pub(crate) dns: Option<String>,
}

impl ProviderBlock {
    /// Everything at the simulator, as fast as it can.
    pub(crate) fn at(simulator: &Simulator) -> Self {
        Self {
            region: Some(format!("{REGION:?}")),
            access_key: Some(r#""AKIAIOSFODNN7EXAMPLE""#.to_owned()),
            secret_key: Some(r#""wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY""#.to_owned()),
            token: None,
            requests_per_second: Some("0".to_owned()),
            ses_endpoint: Some(format!("{:?}", simulator.ses_url())),
            dns: Some(format!("nameservers = [\"{}\"]", simulator.dns_addr())),
        }
    }

    /// As HCL, with the source address that Terraform finds the provider by.
    pub(crate) fn hcl(&self) -> String {
        let attribute = |name: &str, value: &Option<String>| match value {
            Some(value) => format!("  {name} = {value}\n"),
            None => String::new(),
        };
        let block = |name: &str, body: Option<String>| match body {
            Some(body) => format!("  {name} {{\n    {body}\n  }}\n"),
            None => String::new(),
        };
        let endpoint = self.ses_endpoint.as_ref().map(|url| format!("ses = {url}"));
        [
            "terraform {\n  required_providers {\n    ses = { source = \"terraform-provider-ses/ses\" }\n  }\n}\n\nprovider \"ses\" {\n",
            &attribute("region", &self.region),
            &attribute("access_key", &self.access_key),
            &attribute("secret_key", &self.secret_key),
            &attribute("token", &self.token),
            &attribute("requests_per_second", &self.requests_per_second),
            &block("endpoints", endpoint),
            &block("dns", self.dns.clone()),
            "}\n",
        ]
        .concat()
    }
}
