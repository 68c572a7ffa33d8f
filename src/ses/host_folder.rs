//! Folder of this user's that the provider processes of this host share.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A hash that is the same in every release: FNV-1a of 64 bits.
pub(super) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A folder that only this user can have put anything into: the temporary folder is
/// everybody's, and a link in it might lead to any file of ours. Its name is this user's:
/// another's first process must not keep ours out.
pub(super) fn private_folder(parent: &Path) -> io::Result<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};

        let user = rustix::process::geteuid().as_raw();
        let folder = parent.join(format!("terraform-provider-ses-{user}"));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(&folder)?;
        if found.is_dir() && found.mode() & 0o077 == 0 && found.uid() == user {
            return Ok(folder);
        }
        let problem = format!("{} is not a folder of this user's alone", folder.display());
        Err(io::Error::other(problem))
    }
    #[cfg(not(unix))]
    {
        // The temporary folder is the user's own there.
        let folder = parent.join("terraform-provider-ses");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}
