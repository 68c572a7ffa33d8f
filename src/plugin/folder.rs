//! A socket in a private folder, which goes away with the process, and with the
//! next one if this one is killed.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

use super::handshake::Place;

/// The most bytes that a socket's path may have: `sun_path` of unix(7) without
/// its final NUL.
const LONGEST: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

// Short names, since a socket's path may have few bytes, and the folder for
// temporary files may lie deep in the tree.
const PREFIX: &str = "tfp";
const RANDOM: usize = 6;
const SOCKET: &str = "s";

/// Locked for as long as the process lives.
const LOCK: &str = "lock";
/// The lock's name until it is locked.
const NEW_LOCK: &str = "new";

/// The most entries of the folder for temporary files that are looked at.
const LOOKED_AT: usize = 10_000;

/// Why a place cannot hold the socket. `Display` is a clause.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// The handshake is text.
    #[error("its name is not UTF-8")]
    NotUtf8,
    /// The handshake is one line, whose fields stand between bars.
    #[error("its name holds a character that the handshake cannot carry")]
    Characters,
    /// The system has a limit for the paths of sockets.
    #[error(
        "its name has {length} bytes, and a socket in it would have more than the {LONGEST} that \
         this system allows (at most {} are left for the folder)",
        LONGEST - added()
    )]
    TooLong { length: usize },
    /// A folder or a socket cannot be made there.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// PLUGIN_UNIX_SOCKET_GROUP cannot be heeded. `Display` is a clause.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There is no such group.
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP names the group {0:?}, which /etc/group does not hold: name \
         another, or give its number"
    )]
    Unknown(String),
    /// /etc/group cannot be read.
    #[error("PLUGIN_UNIX_SOCKET_GROUP names the group {0:?}, but /etc/group cannot be read: {1}")]
    Unreadable(String, #[source] io::Error),
    /// This user may not give a file to the group.
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP names the group {0}, to which this user cannot give the socket: \
         {1}"
    )]
    Refused(u32, #[source] io::Error),
}

/// A socket that only its owner can open, or a group as well.
#[derive(Debug)]
pub(super) struct PrivateSocket {
    listener: UnixListener,
    address: String,
    folder: TempDir,
    /// Where the file system has no locks, nobody tells this folder from one
    /// that is in use, so that it is never removed by others.
    _lock: Option<File>,
}

impl PrivateSocket {
    /// Listens in a new folder in `place`, whatever the umask.
    pub(super) fn bind(place: &Place) -> Result<Self, Unfit> {
        // The host may have another working directory.
        let parent = std::path::absolute(&place.path)?;
        let text = parent.to_str().ok_or(Unfit::NotUtf8)?;
        if text.contains('|') || text.contains(char::is_control) {
            return Err(Unfit::Characters);
        }
        let length = text.len();
        if length + added() > LONGEST {
            return Err(Unfit::TooLong { length });
        }
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(without_path)?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700))?;
        let lock = lock(folder.path())?;
        let path = folder.path().join(SOCKET);
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            address: path.to_str().ok_or(Unfit::NotUtf8)?.to_owned(),
            folder,
            _lock: lock,
        })
    }

    /// Lets `group` connect too, as go-plugin's PLUGIN_UNIX_SOCKET_GROUP asks.
    pub(super) fn open_to(&self, group: Group) -> Result<(), GroupError> {
        let folder = self.folder.path();
        // The group passes through the folder, but does not see what is in it.
        for (path, mode) in [(Path::new(&self.address), 0o660), (folder, 0o710)] {
            std::os::unix::fs::chown(path, None, Some(group.0))
                .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
                .map_err(|error| GroupError::Refused(group.0, error))?;
        }
        Ok(())
    }

    /// The socket's absolute path.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }

    /// Begins to remove what killed processes have left beside this socket's
    /// folder, in a thread that holds up nobody.
    pub(super) fn tidy_up(&self) {
        let folder = self.folder.path().to_owned();
        // Without a thread, a later process does it.
        let _ = std::thread::Builder::new()
            .name("tidy-up".to_owned())
            .stack_size(128 << 10)
            .spawn(move || remove_abandoned(&folder));
    }
}

/// The bytes that the folder and the socket add to the path of their place.
const fn added() -> usize {
    "/".len() + PREFIX.len() + RANDOM + "/".len() + SOCKET.len()
}

/// tempfile appends the path that it has tried, of which nobody has heard.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause.to_owned()),
        None => error,
    }
}

/// Locks a new file in `folder`. It gets its name only when it is locked, so
/// that nobody finds it unlocked while the process lives.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let (new, name) = (folder.join(NEW_LOCK), folder.join(LOCK));
    let file = File::create_new(&new)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    if let Err(error) = file.try_lock() {
        tracing::debug!(%error, "the private folder cannot be locked");
        fs::remove_file(&new)?;
        return Ok(None);
    }
    fs::rename(new, name)?;
    Ok(Some(file))
}

/// Removes folders like `own` beside it whose processes are gone. Their lock
/// tells: the ids of processes mean nothing where containers share a folder.
fn remove_abandoned(own: &Path) {
    let Some(parent) = own.parent() else { return };
    let (Ok(entries), Ok(ours)) = (fs::read_dir(parent), fs::symlink_metadata(own)) else {
        return;
    };
    for entry in entries.take(LOOKED_AT).flatten() {
        let named = entry.file_name().to_str().is_some_and(is_name);
        // Does not follow a link.
        if named
            && entry
                .metadata()
                .is_ok_and(|found| is_private(&found, ours.uid()))
        {
            remove_if_abandoned(&entry.path());
        }
    }
}

fn is_name(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether nobody but `user` can have put anything into a folder.
fn is_private(found: &fs::Metadata, user: u32) -> bool {
    found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0
}

fn remove_if_abandoned(folder: &Path) {
    let lock = folder.join(LOCK);
    let Ok(file) = File::open(&lock) else { return };
    if file.try_lock().is_err() || !holds_only_ours(folder) {
        return;
    }
    let _ = fs::remove_file(folder.join(SOCKET));
    let _ = fs::remove_file(lock);
    if fs::remove_dir(folder).is_ok() {
        tracing::debug!(folder = %folder.display(), "removed what a killed process has left");
    }
}

fn holds_only_ours(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.all(|entry| {
            entry.is_ok_and(|entry| entry.file_name() == SOCKET || entry.file_name() == LOCK)
        })
    })
}

/// A group of the system, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group(u32);

impl Group {
    /// Finds a group by number, or by name in /etc/group.
    pub(super) fn find(name: &str) -> Result<Self, GroupError> {
        let number = |text: &str| text.parse().ok().filter(|&number| number != u32::MAX);
        if let Some(number) = number(name) {
            return Ok(Self(number));
        }
        let groups = fs::read("/etc/group")
            .map_err(|error| GroupError::Unreadable(name.to_owned(), error))?;
        // group(5): name, password, number, members.
        String::from_utf8_lossy(&groups)
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields[0] == name)
            .and_then(|fields| number(fields.get(2)?))
            .map(Self)
            .ok_or_else(|| GroupError::Unknown(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
