//! Names in `User-Agent`.

use serde_json::json;

use crate::Expected::{Fails, Named};
use crate::hold;
use crate::world::case;

#[tokio::test]
async fn those_of_block_and_environment_are_added_to_our_own() {
    const OWN: &str = concat!("terraform-provider-ses/", env!("CARGO_PKG_VERSION"));
    let append = |name, value: &str| case(name).env_keys().env("TF_APPEND_USER_AGENT", value);
    let block = |name, names| {
        case(name)
            .env_keys()
            .block("user_agent", names)
            .of_ours_alone()
    };
    hold(vec![
        (
            case("ours").env_keys().of_ours_alone(),
            Named(&[OWN, "aws-sdk-rust/"]),
        ),
        (append("name", "Env"), Named(&[" Env"])),
        (append("name and version", "Env/1.2"), Named(&[" Env/1.2"])),
        (
            append("several, with a comment", "E/1.2 (c) F"),
            Named(&[" E/1.2 (c) F"]),
        ),
        (
            block("block", json!(["a/1 (x)", "b"])).env("TF_APPEND_USER_AGENT", "Env"),
            Named(&[" a/1 (x) b Env"]),
        ),
        (
            case("an application")
                .env_keys()
                .env("AWS_SDK_UA_APP_ID", "app-1"),
            Named(&["app/app-1"]),
        ),
        (
            block("no header", json!(["a", "b\n"])),
            Fails(&["Invalid user_agent[1]", "in ASCII"]),
        ),
    ])
    .await;
}
