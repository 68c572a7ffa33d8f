//! Where the provider listens: a socket in the temporary folder, however that is
//! called, or wherever else it can.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::harness::{Run, Workspace, basic};

/// A folder in the workspace's whose whole path has `length` bytes.
fn folder_of(ws: &Workspace, length: usize) -> PathBuf {
    let home = ws.home();
    let missing = length.checked_sub(home.as_os_str().len() + 1).unwrap();
    let folder = home.join("t".repeat(missing));
    assert_eq!(folder.as_os_str().len(), length);
    folder
}

/// A plan with the temporary folder at `path`.
#[track_caller]
fn plan_with(ws: &Workspace, path: impl Into<OsString>) -> Run {
    ws.set_env("TMPDIR", path);
    ws.plan()
}

/// Asserts that it was planned all the same, or that what Terraform prints names
/// the folder.
#[track_caller]
fn is_planned_or_names(run: &Run, path: &str) {
    let told = [run.stdout.as_str(), run.stderr.as_str()].concat();
    assert!(
        run.code == Some(2) || (run.code == Some(1) && told.contains(path)),
        "{path:?}: {run:?}"
    );
}

/// Asserts that nothing is left in the folder.
#[track_caller]
fn is_empty(folder: &Path) {
    let left: Vec<_> = fs::read_dir(folder).unwrap().collect();
    // What the processes of one machine share stays.
    let left: Vec<_> = left
        .into_iter()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("terraform-provider-ses-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn temporary_folder_of_any_length_plans() {
    let ws = Workspace::new();
    ws.config(&basic());
    // A socket's path may have 107 bytes on Linux, 103 on macOS.
    for length in [70, 76, 77, 91, 92, 95, 100, 107, 108, 120] {
        let folder = folder_of(&ws, length);
        fs::create_dir(&folder).unwrap();
        let run = plan_with(&ws, &folder);
        assert_eq!(run.code, Some(2), "{length} bytes: {run:?}");
        is_empty(&folder);
    }
}

#[test]
fn temporary_folder_that_is_missing_plans_or_is_named() {
    let ws = Workspace::new();
    ws.config(&basic());
    let folder = ws.home().join("missing");
    is_planned_or_names(&plan_with(&ws, &folder), folder.to_str().unwrap());
    assert!(!fs::exists(&folder).unwrap(), "nobody asked for it");
}

#[test]
fn temporary_folder_that_is_a_file_plans_or_is_named() {
    let ws = Workspace::new();
    ws.config(&basic());
    let file = ws.home().join("file");
    fs::write(&file, "").unwrap();
    is_planned_or_names(&plan_with(&ws, &file), file.to_str().unwrap());
}

#[test]
fn temporary_folder_whose_name_breaks_the_handshake_plans_or_is_named() {
    let ws = Workspace::new();
    ws.config(&basic());
    for name in ["a|b", "a\nb", "a b", "a%sb", "ä"] {
        let folder = ws.home().join(name);
        fs::create_dir(&folder).unwrap();
        is_planned_or_names(&plan_with(&ws, &folder), "a");
        is_empty(&folder);
    }
    let mut name = ws.home().into_os_string().into_vec();
    name.extend(b"/no\xff\xfeUTF-8");
    let folder = PathBuf::from(OsString::from_vec(name));
    // Not every file system takes such a name.
    if fs::create_dir(&folder).is_ok() {
        is_planned_or_names(&plan_with(&ws, &folder), "UTF-8");
    }
}

#[test]
fn temporary_folder_may_be_relative() {
    let ws = Workspace::new();
    ws.config(&basic());
    fs::create_dir(ws.folder().join("tmp")).unwrap();
    is_planned_or_names(&plan_with(&ws, "tmp"), "tmp");
    is_planned_or_names(&plan_with(&ws, ""), "TMPDIR");
}
