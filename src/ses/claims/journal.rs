//! Journals: what one process tells the others of its run, in a file that only it writes.
//!
//! The process holds a lock on its journal for as long as it lives. That is how others
//! know, and why a journal gets its name once it is locked.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::line::Line;
use super::told::Told;

/// How the names of journals end.
const ENDING: &str = ".journal";

/// A journal does not grow beyond this, nor is more of one read.
const LARGEST: u64 = 32 << 20;

/// No line of ours is longer.
const LONGEST_LINE: usize = 8 << 10;

/// The journal of this process.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    length: u64,
}

/// The journal of another process, read as far as it goes.
#[derive(Debug)]
pub(super) struct Tail {
    /// `None` once its writer was found dead.
    file: Option<File>,
    offset: u64,
    pub(super) told: Told,
}

impl Journal {
    /// A new journal in `folder` that begins with `first`.
    pub(super) fn create(folder: &Path, first: &Line) -> io::Result<Self> {
        let name = format!("{:016x}", fastrand::u64(..));
        let nameless = folder.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        let file = options.open(&nameless)?;
        let path = folder.join(format!("{name}{ENDING}"));
        let mut journal = Self {
            file,
            path,
            length: 0,
        };
        let written = (journal.file.try_lock().map_err(io::Error::from))
            .and_then(|()| journal.write(first))
            .and_then(|()| fs::rename(&nameless, &journal.path));
        if written.is_err() {
            let _ = fs::remove_file(&nameless);
        }
        written.map(|()| journal)
    }

    /// Writes a line in one piece.
    pub(super) fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = line.to_json()?;
        text.push(b'\n');
        let length = self.length + text.len() as u64;
        if length > LARGEST {
            return Err(io::Error::other("it is too large"));
        }
        self.length = length;
        self.file.write_all(&text)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Tail {
    /// Opens a journal, and reads nothing of it yet.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        Ok(Self {
            file: Some(File::open(path)?),
            offset: 0,
            told: Told::default(),
        })
    }

    /// Whether its writer lived at the last look.
    pub(super) fn lives(&self) -> bool {
        self.file.is_some()
    }

    /// Reads what is new; tells whether anything is. What the dead have said is read
    /// once.
    pub(super) fn follow(&mut self) -> bool {
        let Some(file) = self.file.take() else {
            return false;
        };
        // Before it is read: what a process says last is not missed.
        let lives = is_locked(&file);
        let read = self.read(&file).unwrap_or_else(|error| {
            tracing::debug!(%error, "cannot read the journal of another process of this run");
            false
        });
        self.file = lives.then_some(file);
        read || !lives
    }

    fn read(&mut self, mut file: &File) -> io::Result<bool> {
        file.seek(SeekFrom::Start(self.offset))?;
        let mut text = Vec::new();
        let left = LARGEST.saturating_sub(self.offset);
        file.take(left).read_to_end(&mut text)?;
        // The last line may not be whole yet.
        let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(false);
        };
        self.offset += end as u64 + 1;
        let lines = text[..end].split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| line.len() <= LONGEST_LINE);
        lines
            .filter_map(Line::parse)
            .for_each(|line| self.told.take(line));
        Ok(true)
    }
}

/// The journals in `folder`.
pub(super) fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_journal = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.ends_with(ENDING))
    };
    paths.filter(is_journal).collect()
}

/// Whether the writer of a journal lives.
fn is_locked(file: &File) -> bool {
    // Shared, so that two who look are not in each other's way.
    match file.try_lock_shared() {
        Ok(()) => {
            // Closing the file unlocks it as well.
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{Event, Says, Site};
    use super::super::object::ObjectId;
    use super::*;

    fn site() -> Site {
        Site {
            endpoint: None,
            region: "eu-west-1".to_owned(),
            identity: "example.com".to_owned(),
        }
    }

    fn keeps(at: u64, object: &ObjectId) -> Line {
        Line {
            at,
            says: Says::Object(Event::Keeps, site(), object.clone()),
        }
    }

    fn kept(tail: &Tail) -> Vec<ObjectId> {
        let mut kept: Vec<_> = tail.told.wants(&site()).map(|(o, _)| o.clone()).collect();
        kept.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        kept
    }

    #[test]
    fn a_journal_is_followed_line_by_line_until_its_writer_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let mut objects: Vec<_> = (0..3).map(|_| ObjectId::random()).collect();
        objects.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        let mut journal = Journal::create(folder.path(), &keeps(1, &objects[0])).unwrap();
        let [path] = &journals(folder.path())[..] else {
            panic!();
        };
        assert_eq!(path, journal.path());
        let mut tail = Tail::open(path).unwrap();
        assert!(tail.follow());
        assert_eq!((kept(&tail), tail.lives()), (objects[..1].to_vec(), true));
        assert!(!tail.follow(), "nothing is new");
        journal.write(&keeps(2, &objects[1])).unwrap();
        assert!(tail.follow());
        assert_eq!(kept(&tail), objects[..2]);
        journal.write(&keeps(3, &objects[2])).unwrap();
        drop(journal);
        assert!(tail.follow());
        assert_eq!((kept(&tail), tail.lives()), (objects, false));
        assert!(!tail.follow());
    }

    #[test]
    fn junk_and_half_lines_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let objects: Vec<_> = (0..3).map(|_| ObjectId::random()).collect();
        let mut journal = Journal::create(folder.path(), &keeps(1, &objects[0])).unwrap();
        let mut tail = Tail::open(journal.path()).unwrap();
        let half = keeps(2, &objects[1]).to_json().unwrap();
        let (first, second) = half.split_at(half.len() / 2);
        journal.file.write_all(b"\xff\n[[[[\n\n{}\n").unwrap();
        journal
            .file
            .write_all(&vec![b'x'; LONGEST_LINE + 1])
            .unwrap();
        journal.file.write_all(b"\n").unwrap();
        journal.file.write_all(first).unwrap();
        tail.follow();
        assert_eq!(kept(&tail), objects[..1]);
        journal.file.write_all(second).unwrap();
        tail.follow();
        assert_eq!(kept(&tail), objects[..1], "its end has not come");
        journal.file.write_all(b"\n").unwrap();
        tail.follow();
        assert_eq!(kept(&tail).len(), 2);
    }

    #[test]
    fn a_journal_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let object = ObjectId::random();
        let mut journal = Journal::create(folder.path(), &keeps(1, &object)).unwrap();
        journal.length = LARGEST - 10;
        assert!(journal.write(&keeps(2, &object)).is_err());
        let mut tail = Tail::open(journal.path()).unwrap();
        tail.follow();
        assert_eq!(kept(&tail), [object]);
    }
}
