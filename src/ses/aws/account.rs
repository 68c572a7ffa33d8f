//! Account of the credentials, where it must be known: as they say themselves, or by STS's
//! `GetCallerIdentity`.

use async_trait::async_trait;

use super::connection::Connection;
use super::credentials::{Effort, failed};
use super::owner::Owner;
use crate::mail_from::visible;
use crate::ses::caller::{Caller, Known};

#[async_trait]
impl Caller for Connection {
    fn settings(&self) -> String {
        self.connection_settings().of_credentials()
    }

    async fn known(&self) -> Known {
        match self.owner().await {
            Owner::Account(account) => Known {
                account: Some(account),
                mark: None,
            },
            Owner::Unknown => Known::default(),
            owner => Known {
                account: None,
                mark: Some(format!("{owner:?}")),
            },
        }
    }

    async fn asked(&self) -> Result<Known, String> {
        let aws = self.aws().await.map_err(|error| error.to_string())?;
        let ready = aws.credentials.ready(Effort::Any).await;
        let at_hand = ready.and_then(|()| aws.credentials.at_hand());
        let (credentials, _) = at_hand.map_err(|failed| visible(&failed.to_string()))?;
        let key = Some(format!("key {}", credentials.access_key_id()));
        let settings = self.connection_settings();
        if settings.skips_account && credentials.account_id().is_none() {
            return Err("`skip_requesting_account_id` says not to ask for it".to_owned());
        }
        let account = aws.sts.account(credentials).await.map_err(|error| {
            let failed = failed("the account", &error, None);
            visible(&failed.to_string())
        })?;
        Ok(Known {
            account: Some(account),
            mark: key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{AccessKeys, ConnectionSettings};
    use super::super::sts::{Role, WebIdentity};
    use super::*;

    fn settings(change: impl FnOnce(&mut ConnectionSettings)) -> String {
        let mut settings = ConnectionSettings {
            profile: Some("deploy".to_owned()),
            ..ConnectionSettings::default()
        };
        change(&mut settings);
        Connection::new(settings).settings()
    }

    #[test]
    fn settings_that_lead_to_other_credentials_are_told_apart() {
        let arn = |number: u32| format!("arn:aws:iam::11112222333{number}:role/terraform");
        let role = |number| {
            settings(|settings| {
                settings.roles = vec![Role {
                    arn: arn(number),
                    ..Role::default()
                }];
            })
        };
        let web = |number| {
            settings(|settings| {
                let web = WebIdentity::of_file("token".into(), arn(number));
                settings.web_identity = Some(web);
            })
        };
        let key = |key: &str| {
            settings(|settings| {
                settings.keys = Some(AccessKeys {
                    access_key: key.to_owned(),
                    secret_key: "a secret".to_owned(),
                    token: None,
                });
            })
        };
        let all = [
            settings(|_| ()),
            settings(|settings| settings.profile = None),
            role(1),
            role(2),
            web(1),
            web(2),
            key("AKIAONE"),
            key("AKIAOTHER"),
        ];
        for (number, one) in all.iter().enumerate() {
            assert!(!one.contains("a secret"));
            assert!(!all[..number].contains(one), "{one}");
        }
        assert_eq!(role(1), role(1));
        let region = crate::mail_from::Region::parse("eu-west-1").unwrap();
        assert_eq!(all[0], settings(|settings| settings.region = Some(region)));
    }
}
