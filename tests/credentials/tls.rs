//! Whether certificates are checked.

use crate::Expected::{Fails, Signed, Warns};
use crate::hold;
use crate::world::case;

#[tokio::test]
async fn nobody_checks_certificates_where_the_block_says_so() {
    let insecure = |name, is: bool| case(name).env_keys().by_https().block("insecure", is);
    hold(vec![
        (insecure("true", true), Signed("AKIAENV", "us-east-1")),
        (
            insecure("true, beside a bundle", true).block("custom_ca_bundle", "~/authority.pem"),
            Signed("AKIAENV", "us-east-1"),
        ),
        (
            insecure("true is told", true),
            Warns(&["Certificates are not checked", "`custom_ca_bundle`"]),
        ),
        (
            insecure("false", false),
            Fails(&["is not trusted: this machine does not trust who has issued it"]),
        ),
    ])
    .await;
}
