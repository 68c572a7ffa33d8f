//! Holds the map in `src/lib.rs`: who may import whom.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import of ours.
const LAYERS: [(&str, &[&str]); 20] = [
    (
        "provider",
        &[
            "plugin",
            "identities_mail_from",
            "identity_mail_from",
            "identity_mail_from_verification",
            "functions",
            "clients",
            "diagnostics",
            "dns",
            "duration",
            "mail_from",
            "ses",
        ],
    ),
    (
        "identity_mail_from",
        &[
            "plugin",
            "fleet",
            "held",
            "target",
            "attributes",
            "dns_records",
            "dns_findings",
            "dns_check",
            "clients",
            "diagnostics",
            "mail_from",
            "ses",
        ],
    ),
    (
        "identity_mail_from_verification",
        &[
            "plugin",
            "target",
            "attributes",
            "dns_check",
            "clients",
            "diagnostics",
            "mail_from",
            "ses",
        ],
    ),
    (
        "identities_mail_from",
        &[
            "plugin",
            "fleet",
            "held",
            "target",
            "attributes",
            "dns_records",
            "dns_findings",
            "dns_check",
            "clients",
            "mail_from",
            "ses",
        ],
    ),
    (
        "fleet",
        &[
            "plugin",
            "target",
            "attributes",
            "clients",
            "diagnostics",
            "mail_from",
            "ses",
        ],
    ),
    (
        "target",
        &[
            "plugin",
            "attributes",
            "clients",
            "diagnostics",
            "mail_from",
            "ses",
        ],
    ),
    (
        "attributes",
        &["plugin", "diagnostics", "duration", "mail_from"],
    ),
    (
        "functions",
        &["plugin", "dns_records", "diagnostics", "mail_from"],
    ),
    (
        "held",
        &[
            "attributes",
            "dns_records",
            "dns_findings",
            "ses",
            "mail_from",
        ],
    ),
    ("dns_records", &["plugin", "attributes", "mail_from"]),
    ("dns_findings", &["attributes", "mail_from"]),
    ("dns_check", &["clients", "diagnostics", "ses", "mail_from"]),
    ("clients", &["dns", "mail_from", "ses"]),
    ("diagnostics", &["plugin", "mail_from", "ses"]),
    ("dns", &["mail_from", "machine"]),
    ("ses", &["mail_from", "machine"]),
    ("duration", &["mail_from"]),
    ("mail_from", &[]),
    ("machine", &[]),
    ("plugin", &["machine"]),
];

/// The rooms of `ses`: each imports only rooms that stand before it here.
const ROOMS: [&str; 5] = ["aws", "limit", "read", "claims", "write"];

/// What belongs to the house: the client, which puts the rooms together, and SES as the
/// tests make it.
const HOUSE: [&str; 2] = ["client", "fake"];

/// Which module alone may know these crates.
const CRATES: [(&str, &str); 3] = [
    ("aws_", "ses/aws"),
    ("hickory_", "dns"),
    ("tonic", "plugin"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The module of `src/MODULE.rs` or `src/MODULE/…`, and its text.
fn modules() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files
        .into_iter()
        .filter(|file| !file.ends_with("main.rs") && !file.ends_with("src/lib.rs"))
        .map(|file| {
            let inside = file.strip_prefix(&src).unwrap();
            let first = inside.components().next().unwrap().as_os_str();
            let module = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (module, file, text)
        })
        .collect()
}

/// Whether `file` is below the folder `home` of `src`.
fn is_below(file: &Path, home: &str) -> bool {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    file.starts_with(src.join(home))
}

/// The words that follow `prefix` anywhere in the code of `text`.
fn names_after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(move |line| line.split(prefix).skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            &rest[..end.unwrap_or(rest.len())]
        })
}

#[test]
fn modules_import_only_what_stands_below_them() {
    let mut seen = BTreeSet::new();
    for (module, file, text) in modules() {
        let (_, allowed) = LAYERS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is not in the map of layers"));
        for imported in names_after(&text, "crate::") {
            assert!(
                imported == module || allowed.contains(&imported),
                "{} imports crate::{imported}, which {module} may not",
                file.display()
            );
            seen.insert((module.clone(), imported.to_owned()));
        }
    }
    assert!(seen.contains(&("provider".to_owned(), "identity_mail_from".to_owned())));
}

/// The part of `ses` that a file below `src/ses` belongs to: a room, or a file beside
/// the rooms.
fn part_of_ses(file: &Path) -> Option<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = file.strip_prefix(src.join("ses")).ok()?;
    let part = inside.components().next()?.as_os_str().to_str()?;
    Some(part.trim_end_matches(".rs").to_owned())
}

#[test]
fn rooms_of_ses_import_only_what_is_left_of_them() {
    let place = |part: &str| ROOMS.iter().position(|room| *room == part);
    let mut seen = BTreeSet::new();
    for (_, file, text) in modules() {
        let Some(part) = part_of_ses(&file) else {
            continue;
        };
        if part == "mod" || HOUSE.contains(&part.as_str()) {
            continue;
        }
        // What the tests of a room use is no import of the room.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        if file.ends_with("tests.rs") || file.ends_with("simulation.rs") {
            continue;
        }
        let relative = match place(&part) {
            Some(_) => "super::super::",
            None => "super::",
        };
        for prefix in ["crate::ses::", relative] {
            for imported in names_after(code, prefix) {
                let Some(room) = place(imported) else {
                    continue;
                };
                assert!(
                    place(&part).is_some_and(|own| room < own) || imported == part,
                    "{} imports ses::{imported}, which is not left of {part}",
                    file.display()
                );
                seen.insert((part.clone(), imported.to_owned()));
            }
        }
    }
    assert!(seen.contains(&("write".to_owned(), "limit".to_owned())));
}

#[test]
fn crates_of_one_place_are_used_there_alone() {
    for (_, file, text) in modules() {
        for (krate, home) in CRATES {
            let used = text.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {krate}"))
                    || line.starts_with(&format!("pub use {krate}"))
            });
            assert!(
                !used || is_below(&file, home),
                "{} uses {krate}…, which only {home} may",
                file.display()
            );
        }
    }
}
