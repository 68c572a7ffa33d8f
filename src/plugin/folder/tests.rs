use super::*;

fn place(path: impl Into<std::path::PathBuf>) -> Place {
    Place {
        variable: None,
        path: path.into(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn folder_of(socket: &PrivateSocket) -> std::path::PathBuf {
    Path::new(socket.address()).parent().unwrap().to_owned()
}

#[tokio::test]
async fn a_socket_is_its_owners_and_goes_away() {
    let parent = tempfile::tempdir().unwrap();
    let socket = PrivateSocket::bind(&place(parent.path())).unwrap();
    let folder = folder_of(&socket);
    assert_eq!(folder.parent(), Some(parent.path()));
    assert!(is_name(folder.file_name().unwrap().to_str().unwrap()));
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(Path::new(socket.address())), 0o600);
    UnixStream::connect(socket.address()).await.unwrap();

    let other = PrivateSocket::bind(&place(parent.path())).unwrap();
    assert_ne!(other.address(), socket.address());

    drop(socket);
    assert!(!folder.exists());
    assert!(Path::new(other.address()).exists());
}

#[tokio::test]
async fn a_group_can_be_let_in() {
    let parent = tempfile::tempdir().unwrap();
    let socket = PrivateSocket::bind(&place(parent.path())).unwrap();
    let own = fs::metadata(socket.address()).unwrap().gid();
    let group = Group::find(&own.to_string()).unwrap();
    socket.open_to(group).unwrap();
    let folder = folder_of(&socket);
    assert_eq!(mode(&folder), 0o710);
    assert_eq!(mode(Path::new(socket.address())), 0o660);
    assert_eq!(fs::metadata(&folder).unwrap().gid(), own);
}

#[test]
fn groups_are_found_by_number_and_name() {
    assert_eq!(Group::find("1234").unwrap(), Group(1234));
    let first = fs::read_to_string("/etc/group").unwrap();
    let fields: Vec<_> = first.lines().next().unwrap().split(':').collect();
    let found = Group::find(fields[0]).unwrap();
    assert_eq!(found.0.to_string(), fields[2]);
    for unknown in ["no such group", "-1", "4294967295", "99999999999", ""] {
        let told = Group::find(unknown).unwrap_err().to_string();
        assert!(told.contains(&format!("{unknown:?}")), "{told}");
    }
}

/// A folder whose path has `length` bytes.
fn folder_of_length(parent: &Path, length: usize) -> std::path::PathBuf {
    let missing = length - parent.as_os_str().len() - "/".len();
    let folder = parent.join("x".repeat(missing));
    fs::create_dir(&folder).unwrap();
    folder
}

#[tokio::test]
async fn the_path_may_be_as_long_as_the_system_allows() {
    let parent = tempfile::tempdir().unwrap();
    let longest = folder_of_length(parent.path(), LONGEST - added());
    let socket = PrivateSocket::bind(&place(&longest)).unwrap();
    assert_eq!(socket.address().len(), LONGEST);
    UnixStream::connect(socket.address()).await.unwrap();

    let longer = folder_of_length(parent.path(), LONGEST - added() + 1);
    let unfit = PrivateSocket::bind(&place(&longer)).unwrap_err();
    assert!(matches!(unfit, Unfit::TooLong { length } if length == LONGEST - added() + 1));
    assert_eq!(fs::read_dir(&longer).unwrap().count(), 0);
}

#[tokio::test]
async fn a_place_that_cannot_be_named_or_used_is_told() {
    use std::os::unix::ffi::OsStringExt as _;

    let parent = tempfile::tempdir().unwrap();
    let not_text = std::ffi::OsString::from_vec(b"\xff".to_vec());
    for (name, expected) in [
        ("a|b".into(), "cannot carry"),
        ("a\nb".into(), "cannot carry"),
        (not_text, "not UTF-8"),
    ] {
        let folder = parent.path().join(name);
        fs::create_dir(&folder).unwrap();
        let unfit = PrivateSocket::bind(&place(folder)).unwrap_err().to_string();
        assert!(unfit.contains(expected), "{unfit}");
    }
    let missing = parent.path().join("missing");
    let unfit = PrivateSocket::bind(&place(missing))
        .unwrap_err()
        .to_string();
    assert_eq!(unfit, "No such file or directory (os error 2)");
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let unfit = PrivateSocket::bind(&place(file)).unwrap_err().to_string();
    assert_eq!(unfit, "Not a directory (os error 20)");
}

#[tokio::test]
async fn what_killed_processes_have_left_is_removed_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let path = |name: &str| parent.path().join(name);
    let folder = |name: &str, files: &[&str]| {
        fs::create_dir(path(name)).unwrap();
        fs::set_permissions(path(name), Permissions::from_mode(0o700)).unwrap();
        for file in files {
            fs::write(path(name).join(file), "").unwrap();
        }
    };
    folder("tfpAbCd01", &[SOCKET, LOCK]);
    folder("tfpAbCd02", &[LOCK]);
    // Being made right now, as far as one can tell.
    folder("tfpAbCd03", &[NEW_LOCK]);
    // Somebody else's.
    folder("tfpAbCd04", &[LOCK, "other"]);
    folder("tfpAbCd05", &[LOCK]);
    fs::set_permissions(path("tfpAbCd05"), Permissions::from_mode(0o777)).unwrap();
    folder("tfpAbCd", &[LOCK]);
    folder("tfpAbCd012", &[LOCK]);
    folder("tfpAbC.01", &[LOCK]);
    folder("elsewhere", &[LOCK]);
    std::os::unix::fs::symlink(path("elsewhere"), path("tfpAbCd06")).unwrap();
    fs::write(path("tfpAbCd07"), "").unwrap();
    let other = PrivateSocket::bind(&place(parent.path())).unwrap();
    let own = PrivateSocket::bind(&place(parent.path())).unwrap();

    remove_abandoned(&folder_of(&own));
    assert!(path("tfpAbCd04").join(LOCK).exists());

    let mut left: Vec<_> = fs::read_dir(parent.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    left.sort();
    let mut expected = [
        "elsewhere",
        "tfpAbC.01",
        "tfpAbCd",
        "tfpAbCd012",
        "tfpAbCd03",
        "tfpAbCd04",
        "tfpAbCd05",
        "tfpAbCd06",
        "tfpAbCd07",
    ]
    .map(path)
    .to_vec();
    expected.extend([folder_of(&own), folder_of(&other)]);
    expected.sort();
    assert_eq!(left, expected);
    for socket in [own, other] {
        UnixStream::connect(socket.address()).await.unwrap();
    }
}

#[tokio::test]
async fn where_places_were_locked_by_the_dead_they_are_free() {
    let parent = tempfile::tempdir().unwrap();
    let PrivateSocket {
        folder,
        _lock: lock,
        ..
    } = PrivateSocket::bind(&place(parent.path())).unwrap();
    let dead = folder.keep();
    let own = PrivateSocket::bind(&place(parent.path())).unwrap();
    remove_abandoned(&folder_of(&own));
    assert!(dead.exists());
    // The system unlocks what a dead process has locked.
    drop(lock);
    remove_abandoned(&folder_of(&own));
    assert!(!dead.exists());
}
