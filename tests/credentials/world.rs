//! What a row of the table has around it: SES, STS, and the places that hand out
//! credentials.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use simulator::ses::{Fault, FaultKind};
use simulator::{Options, Rate, Simulator};
use tempfile::TempDir;

use crate::peer;
use crate::provider::{LOG, Provider, SECRET, no_dns};
use crate::servers::by_tls;
use crate::sts::{Fares, ROLES_ACCOUNT, Sts, asks_for, request, respond, serve};
use crate::wire::{Backends, HOSTS, Seen, https, proxy};

/// One case: block, environment and files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Why the provider does otherwise than hashicorp/aws, where it does.
    pub(crate) beyond: Option<&'static str>,
    block: Vec<(&'static str, Json)>,
    environment: Vec<(String, String)>,
    config: String,
    credentials: String,
    /// Whether an instance's and a container's credentials are there.
    instance: bool,
    /// Where the block is to name the metadata service, and not the environment.
    instance_by_block: bool,
    /// The HTTP status of all that the metadata service answers, if it is odd.
    instance_status: Option<u16>,
    container: bool,
    /// What a container's credentials are handed out for.
    container_asks: Option<&'static str>,
    /// What is answered where a container's credentials should be.
    container_answers: Option<(u16, &'static str)>,
    /// The code of SES's refusal.
    ses_refuses: Option<&'static str>,
    /// Whether SES is there by HTTPS alone.
    by_https: bool,
    /// Whether somebody has logged in with SSO.
    logged_in: bool,
    sts_refuses: bool,
    proxy_status: Option<u16>,
    of_ours_alone: bool,
    has_region: bool,
    /// The region that the resource names, in place of the provider's.
    of_region: Option<&'static str>,
}

/// What came of a case.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Access key and region of what SES was sent.
    pub(crate) signed: Option<(String, String)>,
    /// How often SES was called.
    pub(crate) calls: usize,
    /// What STS was sent to assume roles.
    pub(crate) sts: Vec<String>,
    /// How often STS was asked whose the credentials are.
    pub(crate) identified: usize,
    /// What the proxy was asked for, each once, with the user that it was told.
    pub(crate) proxied: Vec<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// Lines of the log that hold a secret.
    pub(crate) leaks: Vec<String>,
}

pub(crate) fn case(name: &'static str) -> Case {
    Case {
        name,
        has_region: true,
        ..Case::default()
    }
}

impl Case {
    /// hashicorp/aws does otherwise, and this is why the provider does not.
    pub(crate) fn beyond_the_peer(mut self, why: &'static str) -> Self {
        self.beyond = Some(why);
        self
    }

    pub(crate) fn block(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.block.push((name, value.into()));
        self
    }

    pub(crate) fn block_keys(self) -> Self {
        self.block("access_key", "AKIABLOCK")
            .block("secret_key", "hush")
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn env_keys(self) -> Self {
        self.env("AWS_ACCESS_KEY_ID", "AKIAENV")
            .env("AWS_SECRET_ACCESS_KEY", "hush")
    }

    /// `HOME/token` is written in any case.
    pub(crate) fn env_web_identity(self) -> Self {
        self.env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/web")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", "~HOME~/token")
    }

    /// `~/.aws/config`
    pub(crate) fn config(mut self, text: impl Into<String>) -> Self {
        self.config = text.into();
        self
    }

    /// `~/.aws/credentials`
    pub(crate) fn credentials(mut self, text: impl Into<String>) -> Self {
        self.credentials = text.into();
        self
    }

    pub(crate) fn on_an_instance(mut self) -> Self {
        self.instance = true;
        self
    }

    /// `ec2_metadata_service_endpoint` says where the metadata service is.
    pub(crate) fn on_an_instance_of_the_block(mut self) -> Self {
        self.instance_by_block = true;
        self
    }

    pub(crate) fn on_an_instance_that_answers(mut self, status: u16) -> Self {
        self.instance_status = Some(status);
        self.on_an_instance()
    }

    pub(crate) fn in_a_container(mut self) -> Self {
        self.container = true;
        self
    }

    /// Only for who brings this token.
    pub(crate) fn in_a_container_that_asks_for(mut self, token: &'static str) -> Self {
        self.container_asks = Some(token);
        self.in_a_container()
    }

    pub(crate) fn in_a_container_that_answers(mut self, status: u16, body: &'static str) -> Self {
        self.container_answers = Some((status, body));
        self.in_a_container()
    }

    /// SES answers all calls with this code.
    pub(crate) fn ses_refuses(mut self, code: &'static str) -> Self {
        self.ses_refuses = Some(code);
        self
    }

    /// Somebody has run `aws sso login`, for the session `dev` and for
    /// `https://start.test`.
    pub(crate) fn logged_in(mut self) -> Self {
        self.logged_in = true;
        self
    }

    /// SES is there by HTTPS, with the certificate in `HOME/authority.pem`, which nobody
    /// knows.
    pub(crate) fn by_https(mut self) -> Self {
        self.by_https = true;
        self
    }

    pub(crate) fn sts_refuses(mut self) -> Self {
        self.sts_refuses = true;
        self
    }

    /// No region in the block.
    pub(crate) fn without_region(mut self) -> Self {
        self.has_region = false;
        self
    }

    /// The resource names its region.
    pub(crate) fn of_region(mut self, region: &'static str) -> Self {
        self.of_region = Some(region);
        self
    }

    /// Of what the peer's program does not read.
    pub(crate) fn of_ours_alone(mut self) -> Self {
        self.of_ours_alone = true;
        self
    }

    /// Whether the peer cannot be asked: it knows no resources either.
    pub(crate) fn is_ours(&self) -> bool {
        self.of_ours_alone || self.of_region.is_some()
    }

    /// SES and STS are where AWS has them, and the proxy of HTTPS_PROXY leads there.
    pub(crate) fn at_aws(self) -> Self {
        self.block("endpoints", Json::Null)
            .env("HTTPS_PROXY", "http://~PROXY~")
            .trusting()
    }

    /// The certificates of this world are trusted.
    pub(crate) fn trusting(self) -> Self {
        self.env("AWS_CA_BUNDLE", "~HOME~/authority.pem")
    }

    /// The proxy answers all requests with this HTTP status.
    pub(crate) fn proxy_refuses(mut self, status: u16) -> Self {
        self.proxy_status = Some(status);
        self
    }

    /// A block `assume_role`, behind those that are there.
    pub(crate) fn assume(self, role: &str, more: &Json) -> Self {
        let mut block = json!({ "role_arn": format!("arn:aws:iam::111122223333:role/{role}") });
        for (name, value) in more.as_object().unwrap() {
            block[name] = value.clone();
        }
        self.push("assume_role", block)
    }

    /// A block of a kind of which there may be several.
    pub(crate) fn push(mut self, name: &'static str, block: Json) -> Self {
        let known = self.block.iter_mut().find(|(known, _)| *known == name);
        match known.and_then(|(_, blocks)| blocks.as_array_mut()) {
            Some(blocks) => blocks.push(block),
            None => self.block.push((name, json!([block]))),
        }
        self
    }

    /// How often the account may be asked for.
    pub(crate) fn may_identify(&self) -> usize {
        let lists = ["allowed_account_ids", "forbidden_account_ids"];
        let names = |(name, _): &(&str, Json)| lists.contains(name);
        usize::from(self.block.iter().any(names))
    }

    /// Starts a provider in this world, and reads an identity.
    pub(crate) async fn run(&self) -> Outcome {
        let world = World::of(self, false);
        let id = match self.of_region {
            Some(region) => format!("example.com@{region}"),
            None => "example.com".to_owned(),
        };
        let mut provider = Provider::start(world.home.path(), &world.environment).await;
        let told = provider.read(&world.block, &id).await;
        let log = fs::read_to_string(world.home.path().join(LOG)).unwrap();
        assert!(log.contains("provider started"), "{log}");
        let lines = log.lines().filter(|line| line.contains(SECRET));
        let of_severity = |severity| {
            let told = told.iter().filter(|told| told.severity == severity);
            told.map(|told| format!("{}\n{}", told.summary, told.detail))
                .collect()
        };
        Outcome {
            errors: of_severity(1),
            warnings: of_severity(2),
            leaks: lines.map(str::to_owned).collect(),
            ..world.outcome()
        }
    }

    /// Lets the peer send its request in this world.
    pub(crate) async fn run_peer(&self, program: &Path) -> Outcome {
        let world = World::of(self, true);
        let home = world.home.path();
        let error = peer::run(program, home, &world.environment, &world.block).await;
        let mut outcome = world.outcome();
        outcome.errors.extend(error);
        outcome.sts.dedup_by_key(|sent| asks_for(sent));
        outcome
    }

    fn home(&self) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        let aws = home.path().join(".aws");
        fs::create_dir(&aws).unwrap();
        fs::write(home.path().join("token"), "hush-token\n").unwrap();
        fs::write(home.path().join("pod-token"), "hush-pod-token").unwrap();
        // Its access key tells how many arguments it was given.
        let program = "#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": \"AKIA'$#'\", \
                       \"SecretAccessKey\": \"hush\"}'\n";
        fs::write(home.path().join("count arguments.sh"), program).unwrap();
        let program = "#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": \"AKIAPROGRAM\", \
                       \"SecretAccessKey\": \"hush\"}'\n";
        fs::write(home.path().join("program.sh"), program).unwrap();
        if self.logged_in {
            let cache = aws.join("sso/cache");
            fs::create_dir_all(&cache).unwrap();
            let token = json!({
                "accessToken": "hush-sso-token", "expiresAt": "2099-01-01T00:00:00Z",
                "region": "us-east-1", "startUrl": "https://start.test",
            });
            for name in SSO_TOKENS {
                fs::write(cache.join(name), token.to_string()).unwrap();
            }
        }
        home
    }
}

/// A case as it is on this machine, until dropped.
struct World {
    simulator: Simulator,
    sts: Sts,
    proxied: Seen,
    home: TempDir,
    environment: Vec<(String, String)>,
    block: Json,
}

impl World {
    fn of(case: &Case, is_for_peer: bool) -> Self {
        let options = Options {
            rate: Rate::Unlimited,
            ..Options::default()
        };
        let simulator = Simulator::start(options).unwrap();
        if let Some(code) = case.ses_refuses {
            let kind = FaultKind::Error {
                status: 400,
                code: code.to_owned(),
                message: "The message of SES".to_owned(),
            };
            simulator.ses().inject(Fault::new(kind).forever());
        }
        // The peer assumes each role twice.
        let start = if is_for_peer { Sts::steady } else { Sts::new };
        let sts = start(match case.sts_refuses {
            true => Fares::Refuses,
            false => Fares::Well(3600),
        });
        let home = case.home();
        let certified = rcgen::generate_simple_self_signed(HOSTS.map(str::to_owned)).unwrap();
        fs::write(home.path().join("authority.pem"), certified.cert.pem()).unwrap();
        let tls = by_tls(&certified);
        let backends = Backends {
            ses: simulator.ses_url().replace("http://", ""),
            sts: sts.url().replace("http://", ""),
        };
        let ses = match case.by_https {
            true => format!("https://{}", https(Arc::clone(&tls), backends.ses.clone())),
            false => simulator.ses_url(),
        };
        let proxied = Seen::default();
        let status = case.proxy_status;
        let proxy = proxy(tls, backends, status, Arc::clone(&proxied)).to_string();
        let port = |url: &str| url.rsplit_once(':').unwrap().1.to_owned();
        let put = [
            ("~HOME~", home.path().to_str().unwrap().to_owned()),
            ("~PROXY~", proxy),
            ("~SES-PORT~", port(&ses)),
            ("~SES~", ses.clone()),
            ("~STS~", sts.url()),
        ];
        let put = |text: &str| {
            let text = text.to_owned();
            put.iter()
                .fold(text, |text, (name, value)| text.replace(name, value))
        };
        for (name, text) in [("config", &case.config), ("credentials", &case.credentials)] {
            if !text.is_empty() {
                fs::write(home.path().join(".aws").join(name), put(text)).unwrap();
            }
        }
        let own = case.environment.iter();
        let mut environment: Vec<_> = own
            .map(|(name, value)| (name.clone(), put(value)))
            .collect();
        let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
        let instance = format!("http://{}", instance(case.instance_status));
        if case.instance {
            set("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.clone());
        } else if !case.instance_by_block {
            set("AWS_EC2_METADATA_DISABLED", "true".to_owned());
        }
        if case.container {
            let container = container(case.container_asks, case.container_answers);
            let url = format!("http://{container}/credentials");
            set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
        }
        set("PATH", "/usr/bin:/bin".to_owned());
        set("AWS_ENDPOINT_URL_SSO", format!("http://{}", sso()));
        let mut block = json!({
            "requests_per_second": 0,
            "endpoints": { "ses": ses, "sts": sts.url() },
            "dns": no_dns(),
        });
        if case.has_region {
            block["region"] = "us-east-1".into();
        }
        if case.instance_by_block {
            block["ec2_metadata_service_endpoint"] = instance.into();
        }
        for (name, value) in &case.block {
            block[*name] = serde_json::from_str(&put(&value.to_string())).unwrap();
        }
        Self {
            simulator,
            sts,
            proxied,
            home,
            environment,
            block,
        }
    }

    /// What SES and STS have seen.
    fn outcome(&self) -> Outcome {
        let calls = self.simulator.ses().calls();
        let count = calls.len();
        let call = calls.into_iter().next();
        let (assumed, others): (Vec<_>, Vec<_>) = self
            .sts
            .requests()
            .into_iter()
            .partition(|sent| sent.contains("Action=AssumeRole"));
        let identified = others
            .iter()
            .filter(|sent| sent.contains("Action=GetCallerIdentity"));
        Outcome {
            proxied: self.proxied.lock().unwrap().clone(),
            user_agent: call.as_ref().and_then(|call| call.user_agent.clone()),
            signed: call.and_then(|call| Some((call.access_key?, call.region))),
            calls: count,
            sts: assumed,
            identified: identified.count(),
            ..Outcome::default()
        }
    }
}

/// The metadata service of an instance with a role.
fn instance(status: Option<u16>) -> SocketAddr {
    serve(move |mut stream| {
        let Some(request) = request(&mut stream) else {
            return;
        };
        if let Some(status) = status {
            return respond(&mut stream, status, "");
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let role = "/latest/meta-data/iam/security-credentials/";
        let answer = match path {
            "/latest/api/token" => "token".to_owned(),
            "/latest/meta-data/placement/region" => "eu-west-3".to_owned(),
            // Where the peer looks.
            "/latest/dynamic/instance-identity/document" => {
                json!({ "region": "eu-west-3", "accountId": ROLES_ACCOUNT }).to_string()
            }
            path if path == role => "a-role".to_owned(),
            path if path.starts_with(role) => handed_out("ASIAINSTANCE"),
            _ => return respond(&mut stream, 404, ""),
        };
        respond(&mut stream, 200, &answer);
    })
}

/// The names of cached SSO tokens: the SHA-1 of `dev` and of `https://start.test`.
const SSO_TOKENS: [&str; 2] = [
    "34c6fceca75e456f25e7e99531e2425c6c1de443.json",
    "66b884d22f65a5f7d190840f806cdfefb9e5e804.json",
];

/// SSO's portal, for who has a token.
fn sso() -> SocketAddr {
    serve(|mut stream| {
        let Some(request) = request(&mut stream) else {
            return;
        };
        let asks = [
            "role_name=mailer",
            "account_id=111122223333",
            "hush-sso-token",
        ];
        match asks.iter().all(|text| request.contains(text)) {
            true => {
                let keys = json!({ "roleCredentials": {
                    "accessKeyId": "ASIASSO", "secretAccessKey": "hush", "sessionToken": "hush",
                    "expiration": 4_070_908_800_000_u64,
                }});
                respond(&mut stream, 200, &keys.to_string());
            }
            // Whoever is known, and is not let in there.
            false if request.contains("account_id=444455556666") => {
                respond(&mut stream, 403, "{}");
            }
            false => respond(&mut stream, 401, "{}"),
        }
    })
}

/// Where a container's credentials are handed out.
fn container(asks: Option<&'static str>, answers: Option<(u16, &'static str)>) -> SocketAddr {
    serve(move |mut stream| {
        let Some(request) = request(&mut stream) else {
            return;
        };
        let is_let_in = asks.is_none_or(|token| request.contains(token));
        match answers {
            Some((status, body)) => respond(&mut stream, status, body),
            None if is_let_in => respond(&mut stream, 200, &handed_out("ASIACONTAINER")),
            None => respond(&mut stream, 401, "{}"),
        }
    })
}

fn handed_out(access_key: &str) -> String {
    json!({
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": access_key,
        "SecretAccessKey": "hush", "Token": "hush", "Expiration": "2099-01-01T00:00:00Z",
        "LastUpdated": "2020-01-01T00:00:00Z",
    })
    .to_string()
}
