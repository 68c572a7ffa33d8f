//! What this machine lets a process have, of threads, memory and open files.
//!
//! Too little of one is told in a line that names the limit, before it shows as
//! a hang or as somebody else's fault. Three things cannot be told: memory that does
//! not suffice to load the program (the system's loader ends it), memory that runs
//! out under hundreds of calls at a time (Rust aborts), and the limit of a
//! container's memory, at which the system kills without a word.

use std::error::Error as StdError;
use std::io;
use std::sync::{PoisonError, RwLock};

/// Too little of something. `Display` is a clause that names the limit.
#[derive(Debug, thiserror::Error)]
pub enum Shortage {
    /// Of files that can be open at a time, sockets included.
    #[error("it needs {needed} more open files: {cause}")]
    Files {
        /// How many had to be open beside those that are.
        needed: usize,
        /// Whose limit it is.
        cause: String,
    },
    /// Of threads.
    #[error(
        "it needs {needed} threads: {cause}: the limit is that of this user's processes \
         (ulimit -u), or of the container's (pids)"
    )]
    Threads {
        /// How many must run beside the first.
        needed: usize,
        /// What the system says.
        cause: io::Error,
    },
    /// Of memory, as address space.
    #[error("it needs {needed} MiB of memory more than it has now: {cause}")]
    Memory {
        /// In MiB.
        needed: usize,
        /// Whose limit it is.
        cause: String,
    },
}

/// The most open files that are asked for: much more than this program opens,
/// and so few that programs started by it, which take the limit over, can still
/// go through all of them.
#[cfg(unix)]
const MOST_FILES: u64 = 4096;

/// Below this, files that were inherited may leave too few.
#[cfg(unix)]
const LOW_FILE_LIMIT: u64 = 1024;

/// Raises the limit of open files as far as the system lets this process, as Go
/// programs do; the usual limit is made for programs that know no better call
/// than select(2).
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let limit = getrlimit(Resource::Nofile);
        let wanted = limit
            .maximum
            .map_or(MOST_FILES, |most| most.min(MOST_FILES));
        if limit.current.is_some_and(|current| current < wanted) {
            let raised = Rlimit {
                current: Some(wanted),
                ..limit
            };
            // Without it, the limit stays what it was.
            let _ = setrlimit(Resource::Nofile, raised);
        }
    }
}

/// How many files may be open at a time; `None`: any number.
pub fn file_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// Whether `needed` files can be opened beside those that are open. Where the
/// limit is low, opens them: it does not tell how many a process has inherited.
pub fn check_files(needed: usize) -> Result<(), Shortage> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;

        if file_limit().is_none_or(|limit| limit >= LOW_FILE_LIMIT) {
            return Ok(());
        }
        let copies = (0..needed).map(|_| io::stderr().as_fd().try_clone_to_owned());
        if let Err(error) = copies.collect::<Result<Vec<_>, _>>()
            && let Some(cause) = file_shortage(&error)
        {
            return Err(Shortage::Files { needed, cause });
        }
    }
    Ok(())
}

/// Says which limit it was, if `error` comes of too many open files. A clause.
pub fn file_shortage(error: &(dyn StdError + 'static)) -> Option<String> {
    #[cfg(unix)]
    {
        use rustix::io::Errno;

        let codes = std::iter::successors(Some(error), |&error| error.source())
            .filter_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error());
        for code in codes {
            match Errno::from_raw_os_error(code) {
                Errno::MFILE => {
                    let limit = file_limit().map_or_else(String::new, |limit| limit.to_string());
                    return Some(format!(
                        "this process may have no more than {limit} files open (ulimit -n)"
                    ));
                }
                Errno::NFILE => {
                    let cause = "this system has as many files open as it can (fs.file-max)";
                    return Some(cause.to_owned());
                }
                _ => {}
            }
        }
    }
    #[cfg(not(unix))]
    let _ = error;
    None
}

/// Whether `needed` threads can run at a time beside this one. Runs them, since
/// a runtime panics, or waits for ever, if it cannot start its own.
pub fn check_threads(needed: usize) -> Result<(), Shortage> {
    let gate = RwLock::new(());
    let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        let started = (0..needed).try_for_each(|_| {
            let waits = || drop(gate.read());
            let thread = std::thread::Builder::new().spawn_scoped(scope, waits);
            thread.map(drop)
        });
        drop(closed);
        started.map_err(|cause| Shortage::Threads { needed, cause })
    })
}

/// Whether `needed` MiB of address space are left. Nothing of it is touched.
pub fn check_memory(needed: usize) -> Result<(), Shortage> {
    let mut space = Vec::<u8>::new();
    match space.try_reserve_exact(needed << 20) {
        Ok(()) => {
            std::hint::black_box(&space);
            Ok(())
        }
        Err(_) => Err(Shortage::Memory {
            needed,
            cause: memory_limit(),
        }),
    }
}

fn memory_limit() -> String {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};

        for (resource, name) in [(Resource::As, "ulimit -v"), (Resource::Data, "ulimit -d")] {
            if let Some(bytes) = getrlimit(resource).current {
                return format!("this process may take {} MiB in all ({name})", bytes >> 20);
            }
        }
    }
    "this system has none left".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_enough_of_is_not_told() {
        check_memory(1).unwrap();
        check_threads(2).unwrap();
        check_files(2).unwrap();
    }

    #[test]
    fn no_machine_has_so_much_memory() {
        let told = check_memory(usize::MAX >> 21).unwrap_err().to_string();
        assert!(told.starts_with("it needs "), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_lack_of_open_files_is_told_from_other_errors_wherever_it_hides() {
        let by_code = |code| io::Error::from_raw_os_error(code);
        let process = file_shortage(&by_code(24)).unwrap();
        assert!(process.contains("ulimit -n"), "{process}");
        let system = file_shortage(&by_code(23)).unwrap();
        assert!(system.contains("fs.file-max"), "{system}");
        assert_eq!(file_shortage(&by_code(13)), None);

        #[derive(Debug, thiserror::Error)]
        #[error("cannot connect")]
        struct Outer(#[source] io::Error);
        assert_eq!(file_shortage(&Outer(by_code(24))), Some(process.clone()));
        assert_eq!(
            file_shortage(&io::Error::other(Outer(by_code(24)))),
            Some(process)
        );
    }
}
