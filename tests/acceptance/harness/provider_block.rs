//! The provider block in front of every configuration.

use simulator::Simulator;

use super::REGION;

/// The provider block, by HCL expressions; what is `None` is left out.
#[derive(Clone, Debug)]
pub(crate) struct ProviderBlock {
    pub(crate) alias: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) access_key: Option<String>,
    pub(crate) secret_key: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) requests_per_second: Option<String>,
    pub(crate) skip_region_validation: Option<String>,
    /// `endpoints.ses`
    pub(crate) ses_endpoint: Option<String>,
    /// `endpoints.sts`
    pub(crate) sts_endpoint: Option<String>,
    /// The body of the `dns` block.
    pub(crate) dns: Option<String>,
    pub(crate) allowed_account_ids: Option<String>,
    /// The body of an `assume_role` block.
    pub(crate) assume_role: Option<String>,
}

impl ProviderBlock {
    /// Everything at the simulator, as fast as it can.
    pub(crate) fn at(simulator: &Simulator) -> Self {
        Self {
            alias: None,
            region: Some(format!("{REGION:?}")),
            profile: None,
            access_key: Some(r#""AKIAIOSFODNN7EXAMPLE""#.to_owned()),
            secret_key: Some(r#""wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY""#.to_owned()),
            token: None,
            requests_per_second: Some("0".to_owned()),
            skip_region_validation: None,
            ses_endpoint: Some(format!("{:?}", simulator.ses_url())),
            sts_endpoint: None,
            allowed_account_ids: None,
            assume_role: None,
            dns: Some(format!("nameservers = [\"{}\"]", simulator.dns_addr())),
        }
    }

    /// As HCL.
    pub(crate) fn block(&self) -> String {
        let attributes = [
            ("alias", &self.alias),
            ("region", &self.region),
            ("allowed_account_ids", &self.allowed_account_ids),
            ("profile", &self.profile),
            ("access_key", &self.access_key),
            ("secret_key", &self.secret_key),
            ("token", &self.token),
            ("requests_per_second", &self.requests_per_second),
            ("skip_region_validation", &self.skip_region_validation),
        ];
        let endpoints = [("ses", &self.ses_endpoint), ("sts", &self.sts_endpoint)];
        let endpoints: Vec<String> = endpoints
            .into_iter()
            .filter_map(|(name, url)| Some(format!("{name} = {}", url.as_ref()?)))
            .collect();
        let endpoints = (!endpoints.is_empty()).then(|| endpoints.join("\n    "));
        let blocks = [
            ("endpoints", &endpoints),
            ("dns", &self.dns),
            ("assume_role", &self.assume_role),
        ];

        let attributes = attributes.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("  {name} = {value}\n"))
        });
        let blocks = blocks.into_iter().filter_map(|(name, body)| {
            let body = body.as_ref()?;
            Some(format!("  {name} {{\n    {body}\n  }}\n"))
        });
        let body: String = attributes.chain(blocks).collect();
        format!("provider \"ses\" {{\n{body}}}\n")
    }
}
