//! From the start of the process to its first line.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use terraform_provider_ses::plugin::proto::tfplugin6::get_metadata;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::process::Command;

use crate::plugin::{Plugin, SOON, command, command_by_terraform, plaintext, toy_provider};

/// Starts the plugin in vain, and returns what it has said on stdout and stderr.
async fn refused(mut command: Command) -> (String, String) {
    let output = tokio::time::timeout(SOON, command.output())
        .await
        .expect("the plugin still runs")
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// Starts the plugin in vain, and returns the one line that it tells its host.
async fn told(command: Command) -> String {
    let (stdout, stderr) = refused(command).await;
    let line = stdout.strip_suffix('\n').unwrap();
    // As go-plugin looks for a handshake.
    assert!(
        !line.contains('|') && !line.contains(char::is_control),
        "{line:?}"
    );
    assert!(
        line.starts_with("the provider test/toy cannot start: "),
        "{line}"
    );
    assert!(
        stderr
            .lines()
            .any(|logged| logged == format!("[ERROR] {line}")),
        "{stderr}"
    );
    line.to_owned()
}

/// `command` after `limit`, a command of a shell.
fn limited(limit: &str, command: &Command) -> Command {
    let command = command.as_std();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    shell
}

/// The plugin serves, and where its socket is.
async fn serves_below(command: Command) -> PathBuf {
    let mut plugin = Plugin::spawn_as_it_is(command).await;
    let folder = plugin.socket.parent().unwrap().parent().unwrap().to_owned();
    let channel = plugin.plaintext().await.unwrap();
    plugin.shut_down(channel).await;
    folder
}

#[tokio::test]
async fn started_by_hand_it_says_what_it_is() {
    let (stdout, said) = refused(command()).await;
    assert_eq!(stdout, "");
    assert!(said.contains("this is a Terraform provider"), "{said}");
}

#[tokio::test]
async fn another_cookie_is_refused() {
    let mut command = command_by_terraform(None);
    command.env("TF_PLUGIN_MAGIC_COOKIE", "another");
    assert_eq!(refused(command).await.0, "");
}

#[tokio::test]
async fn a_host_without_protocol_6_is_answered_and_explains_it_by_itself() {
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_PROTOCOL_VERSIONS", "4,5");
    Plugin::spawn(command).await;
}

#[tokio::test]
async fn what_the_host_has_said_wrongly_is_told() {
    for (variable, value) in [
        ("PLUGIN_CLIENT_CERT", "-----BEGIN NOTHING-----"),
        ("PLUGIN_MIN_PORT", "a|b"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "no|such\ngroup"),
    ] {
        let mut command = command_by_terraform(None);
        command.env(variable, value);
        let line = told(command).await;
        assert!(line.contains(variable), "{line}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_no_text_is_not_taken_for_none() {
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_CLIENT_CERT", OsString::from_vec(vec![0xff]));
    assert!(told(command).await.contains("PLUGIN_CLIENT_CERT"));
}

#[tokio::test]
async fn it_serves_from_a_temporary_folder_of_any_length() {
    let parent = tempfile::Builder::new()
        .prefix("")
        .tempdir_in("/tmp")
        .unwrap();
    for length in 70..=120 {
        let missing = length - parent.path().as_os_str().len() - "/".len();
        let folder = parent.path().join("x".repeat(missing));
        std::fs::create_dir(&folder).unwrap();
        let mut command = command_by_terraform(None);
        command.env("TMPDIR", &folder);
        let used = serves_below(command).await;
        let fits = length + "/tfpXXXXXX/s".len() <= 103;
        assert!(
            used == folder || (!fits && used == Path::new("/tmp")),
            "{length}"
        );
    }
}

#[tokio::test]
async fn a_temporary_folder_that_cannot_hold_a_socket_is_passed_over() {
    let parent = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    let bar = parent.path().join("a|b");
    let lines = parent.path().join("a\nb");
    let bytes = parent.path().join(OsString::from_vec(vec![b'a', 0xff]));
    for folder in [&bar, &lines, &bytes] {
        std::fs::create_dir(folder).unwrap();
    }
    let missing = parent.path().join("missing");
    let runtime = tempfile::tempdir().unwrap();
    for folder in [file, bar, lines, bytes, missing] {
        let mut command = command_by_terraform(None);
        command.env("TMPDIR", &folder);
        assert_eq!(serves_below(command).await, Path::new("/tmp"), "{folder:?}");

        let mut command = command_by_terraform(None);
        command
            .env("TMPDIR", &folder)
            .env("XDG_RUNTIME_DIR", runtime.path());
        assert_eq!(serves_below(command).await, runtime.path(), "{folder:?}");
    }
}

#[tokio::test]
async fn a_relative_temporary_folder_is_told_in_full() {
    let parent = tempfile::tempdir().unwrap();
    std::fs::create_dir(parent.path().join("here")).unwrap();
    let mut command = command_by_terraform(None);
    command.current_dir(parent.path()).env("TMPDIR", "here");
    let parent = parent.path().canonicalize().unwrap();
    assert_eq!(serves_below(command).await, parent.join("here"));
}

#[tokio::test]
async fn no_umask_keeps_the_host_out_or_lets_others_in() {
    for umask in ["777", "077", "000"] {
        let parent = tempfile::tempdir().unwrap();
        let mut command = command_by_terraform(None);
        command.env("TMPDIR", parent.path());
        let plugin = Plugin::spawn_as_it_is(limited(&format!("umask {umask}"), &command)).await;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(plugin.socket.parent().unwrap()), 0o700);
        assert_eq!(mode(&plugin.socket), 0o600);
    }
}

#[tokio::test]
async fn the_group_of_the_host_gets_in_too() {
    let parent = tempfile::tempdir().unwrap();
    let group = std::fs::metadata(parent.path()).unwrap().gid();
    let mut command = command_by_terraform(None);
    command
        .env("TMPDIR", parent.path())
        .env("PLUGIN_UNIX_SOCKET_GROUP", group.to_string());
    let plugin = Plugin::spawn_as_it_is(command).await;
    for (path, mode) in [
        (plugin.socket.as_path(), 0o660),
        (plugin.socket.parent().unwrap(), 0o710),
    ] {
        let found = std::fs::metadata(path).unwrap();
        assert_eq!((found.mode() & 0o777, found.gid()), (mode, group));
    }
}

#[tokio::test]
async fn what_a_killed_process_leaves_goes_with_the_next() {
    let parent = tempfile::tempdir().unwrap();
    let start = async || {
        let mut command = command_by_terraform(None);
        command.env("TMPDIR", parent.path());
        Plugin::spawn_as_it_is(command).await
    };
    let living = start().await;
    let mut killed = start().await;
    let left = killed.socket.parent().unwrap().to_owned();
    killed.process.kill().await.unwrap();
    assert!(left.exists());

    let mut next = start().await;
    let gone = async {
        while left.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, gone)
        .await
        .expect("it is still there");
    living.plaintext().await.unwrap();
    let channel = next.plaintext().await.unwrap();
    next.shut_down(channel).await;
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn too_few_open_files_are_told_at_once() {
    let line = told(limited("ulimit -n 12", &command_by_terraform(None))).await;
    assert!(line.contains("ulimit -n"), "{line}");
    // What is few, but enough, is raised to what the system lets it have.
    Plugin::spawn(limited("ulimit -S -n 12", &command_by_terraform(None))).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn too_few_threads_are_told_at_once() {
    // A limit of processes is none for root, so that root becomes somebody else,
    // for whom the program lies where everybody can start it.
    let folder = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("toy-provider");
    std::fs::copy(toy_provider(), &program).unwrap();
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0);
    let mut by_somebody = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        by_somebody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    by_somebody.args(["prlimit", "--nproc=1"]).arg(program);
    let terraform = command_by_terraform(None);
    let variables = terraform.as_std().get_envs();
    by_somebody
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let line = told(by_somebody).await;
    assert!(line.contains("ulimit -u"), "{line}");
}

#[tokio::test]
async fn too_little_memory_is_told_at_once() {
    // In KiB: enough to be loaded, too little to serve.
    let line = told(limited("ulimit -v 65536", &command_by_terraform(None))).await;
    assert!(line.contains("ulimit -v"), "{line}");
}

#[tokio::test]
async fn the_socket_is_in_a_private_directory() {
    let parent = tempfile::tempdir().unwrap();
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_UNIX_SOCKET_DIR", parent.path());
    let mut plugin = Plugin::spawn(command).await;
    let dir = plugin.socket.parent().unwrap();
    assert_eq!(dir.parent(), Some(parent.path()));
    let mode = std::fs::metadata(dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let channel = plugin.plaintext().await.unwrap();
    plugin.shut_down(channel).await;
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn debug_waits_for_terraform_to_attach_until_interrupted() {
    let mut command = command();
    // As terraform-plugin-testing sets it.
    command.arg("--debug").env("PLUGIN_PROTOCOL_VERSIONS", "5");
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let reattach = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(value) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS=") {
            break value.trim_matches('\'').to_owned();
        }
    };
    let reattach: serde_json::Value = serde_json::from_str(&reattach).unwrap();
    let entry = &reattach["test/toy"];
    assert_eq!(entry["Pid"], process.id().unwrap());
    let socket = entry["Addr"]["String"].as_str().unwrap();

    let channel = plaintext(socket.as_ref()).await.unwrap();
    let metadata = ProviderClient::new(channel)
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap();
    assert_eq!(metadata.into_inner().resources[0].type_name, "toy_thing");

    let status = std::process::Command::new("kill")
        .args(["-s", "INT", &process.id().unwrap().to_string()])
        .status();
    assert!(status.unwrap().success());
    let exit = tokio::time::timeout(SOON, process.wait()).await.unwrap();
    assert!(exit.unwrap().success());
    assert!(!Path::new(socket).exists());
}
