//! AWS's configuration files, read as the AWS command line and hashicorp/aws read them.
//!
//! The SDK's own parser gives up a whole file for one line that it cannot read, and for
//! one that is indented. Here such a line is skipped and remembered.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The properties of a section, by their names in lower case.
pub(super) type Properties = BTreeMap<String, String>;

const DEFAULT: &str = "default";

/// How many problems of the files are told: one that is none of AWS's may have any number.
const TOLD: usize = 5;

/// The names of a profile's keys.
pub(super) const ACCESS_KEY: &str = "aws_access_key_id";
pub(super) const SECRET_KEY: &str = "aws_secret_access_key";
pub(super) const TOKEN: &str = "aws_session_token";

/// The configuration file and the credentials file together.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    profiles: BTreeMap<String, Properties>,
    sso_sessions: BTreeMap<String, Properties>,
    /// The properties of each service of each section of services.
    services: BTreeMap<String, BTreeMap<String, Properties>>,
    /// Sections that look like those of profiles and are none, by the profile's name: what
    /// they are called, and what they would have to be called.
    strangers: BTreeMap<String, String>,
    /// What was looked for.
    paths: Vec<PathBuf>,
    /// Lines and files that cannot be read, as clauses.
    problems: Vec<String>,
}

/// A section of a file.
#[derive(Debug, Default)]
struct Section {
    header: String,
    properties: Vec<Property>,
}

#[derive(Debug)]
struct Property {
    name: String,
    value: String,
    /// How far it is indented.
    indent: usize,
    /// The lines below a property that has no value of its own.
    nested: Vec<String>,
}

impl Files {
    /// Reads what is there. A file that is not there says nothing.
    pub(super) async fn read(config: &[PathBuf], credentials: &[PathBuf]) -> Self {
        let mut files = Self::default();
        let config = config.iter().map(|path| (path, false));
        let credentials = credentials.iter().map(|path| (path, true));
        for (path, is_credentials) in config.chain(credentials) {
            files.paths.push(path.clone());
            match tokio::fs::read(path).await {
                Ok(bytes) => files.add(path, &String::from_utf8_lossy(&bytes), is_credentials),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let problem = format!("{} cannot be read: {error}", path.display());
                    files.problems.push(problem);
                }
            }
        }
        files
    }

    fn add(&mut self, path: &Path, text: &str, is_credentials: bool) {
        let (sections, strays) = parse(text);
        for line in strays {
            let problem = format!("line {line} of {} cannot be read", path.display());
            self.problems.push(problem);
        }
        let is_default = |section: &Section| {
            let header = &section.header;
            header != DEFAULT && kind_and_name(header, is_credentials) == ("profile", DEFAULT)
        };
        let is_moot = sections.iter().any(is_default);
        let mut profiles = BTreeMap::<String, Properties>::new();
        for section in sections {
            // `[profile default]` leaves nothing of `[default]`.
            if is_moot && section.header == DEFAULT {
                continue;
            }
            let (kind, name) = kind_and_name(&section.header, is_credentials);
            let name = name.to_owned();
            self.note_stranger(path, &section.header, is_credentials);
            if kind == "services" {
                let into = self.services.entry(name).or_default();
                for Property { name, nested, .. } in section.properties {
                    into.entry(name)
                        .or_default()
                        .extend(nested_properties(&nested));
                }
                continue;
            }
            let into = match kind {
                "profile" => &mut profiles,
                "sso-session" => &mut self.sso_sessions,
                _ => continue,
            };
            let properties = section.properties.into_iter();
            let properties = properties.map(|property| (property.name, property.value));
            into.entry(name).or_default().extend(properties);
        }
        for (name, properties) in profiles {
            let into = self.profiles.entry(name).or_default();
            // Keys of one file are no pair with those of another.
            let is_set = |key| properties.get(key).is_some_and(|key| !key.is_empty());
            if is_set(ACCESS_KEY) || is_set(SECRET_KEY) {
                into.retain(|name, _| ![ACCESS_KEY, SECRET_KEY, TOKEN].contains(&name.as_str()));
            }
            into.extend(properties);
        }
    }

    /// The configuration file wants `profile` before a name, and the credentials file does
    /// not.
    fn note_stranger(&mut self, path: &Path, header: &str, is_credentials: bool) {
        let (kind, name) = kind_and_name(header, false);
        let (is_stranger, right) = match is_credentials {
            true => (kind == "profile" && header != DEFAULT, name.to_owned()),
            false => (kind.is_empty(), format!("profile {name}")),
        };
        if is_stranger {
            let path = path.display();
            let hint = format!("{path} has [{header}], which would have to be [{right}]");
            self.strangers.insert(name.to_owned(), hint);
        }
    }

    /// What looks like the profile that does not exist, as the end of a sentence.
    pub(super) fn instead_of(&self, name: &str) -> String {
        let stranger = self.strangers.get(name).cloned();
        let other_case = || {
            let mut names = self.profiles.keys();
            let other = names.find(|other| other.eq_ignore_ascii_case(name))?;
            Some(format!("there is `{other}`"))
        };
        let hint = stranger.or_else(other_case);
        hint.map_or_else(String::new, |hint| format!("; {hint}"))
    }

    /// The properties of a profile. What the credentials file says comes first.
    pub(super) fn profile(&self, name: &str) -> Option<&Properties> {
        self.profiles.get(name)
    }

    /// The properties of an SSO session.
    pub(super) fn sso_session(&self, name: &str) -> Option<&Properties> {
        self.sso_sessions.get(name)
    }

    /// The properties of a service in a section of services.
    pub(super) fn service(&self, section: &str, service: &str) -> Option<&Properties> {
        self.services.get(section)?.get(service)
    }

    /// What was looked for, and what of it cannot be read: for an error, as a clause.
    pub(super) fn looked_for(&self) -> String {
        let paths = self.paths.iter().map(|path| path.display().to_string());
        let paths: Vec<String> = paths.collect();
        self.with_problems(paths.join(" and "))
    }

    /// What is said, and what of the files cannot be read, unless it says so already.
    pub(super) fn with_problems(&self, mut said: String) -> String {
        let new = self.problems.iter();
        let new: Vec<_> = new.filter(|problem| !said.contains(*problem)).collect();
        for problem in new.iter().take(TOLD) {
            let _ = write!(said, "; {problem}");
        }
        if let Some(more) = new.len().checked_sub(TOLD).filter(|more| *more > 0) {
            let _ = write!(said, "; and {more} more");
        }
        said
    }
}

fn nested_properties(lines: &[String]) -> impl Iterator<Item = (String, String)> {
    let parts = lines.iter().filter_map(|line| name_and_value(line));
    parts.map(|(name, value)| (name, value.to_owned()))
}

/// What a section is about. The credentials file holds nothing but profiles.
fn kind_and_name(header: &str, is_credentials: bool) -> (&str, &str) {
    if is_credentials || header == DEFAULT {
        return ("profile", header);
    }
    let (kind, name) = header.split_once([' ', '\t']).unwrap_or(("", header));
    (kind, unquoted(name.trim()))
}

/// Without the quotes around it.
fn unquoted(text: &str) -> &str {
    let within = |quote| {
        let text = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!text.contains(quote)).then_some(text)
    };
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// The name and the value of a line. A program is quoted for the shell.
fn name_and_value(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(['=', ':'])?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    let value = match name.as_str() {
        "credential_process" => value,
        _ => unquoted(value),
    };
    Some((name, value))
}

/// The sections of a file, and the numbers of the lines that are none of it.
fn parse(text: &str) -> (Vec<Section>, Vec<usize>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut sections, mut strays) = (Vec::<Section>::new(), Vec::new());
    // Whether properties belong to the last section.
    let mut inside = false;
    for (number, raw) in (1..).zip(text.lines()) {
        let line = without_comment(raw);
        if line.is_empty() {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split_once(']').map(|(header, _)| header.trim());
            inside = header.is_some_and(|header| !header.is_empty());
            match header.filter(|_| inside) {
                Some(header) => sections.push(Section {
                    header: header.to_owned(),
                    ..Section::default()
                }),
                None => strays.push(number),
            }
            continue;
        }
        let properties = sections.last_mut().filter(|_| inside);
        let properties = properties.map(|section| &mut section.properties);
        match (properties, name_and_value(line)) {
            (Some(properties), Some((name, value))) if !name.is_empty() => {
                let indent = raw.len() - raw.trim_start_matches([' ', '\t']).len();
                let above = properties.last_mut().filter(|above| above.value.is_empty());
                match above.filter(|above| indent > above.indent) {
                    Some(above) => above.nested.push(line.to_owned()),
                    None => properties.push(Property {
                        name,
                        value: value.to_owned(),
                        indent,
                        nested: Vec::new(),
                    }),
                }
            }
            _ => strays.push(number),
        }
    }
    (sections, strays)
}

/// A line without a comment, which begins the line or follows a space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    let comment = line.char_indices().find(|&(_, character)| {
        let begins = matches!(character, '#' | ';') && matches!(before, ' ' | '\t');
        before = character;
        begins
    });
    let end = comment.map_or(line.len(), |(at, _)| at);
    line[..end].trim()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The files with these texts.
    pub(crate) fn files(config: &str, credentials: &str) -> Files {
        let mut files = Files::default();
        files.paths.push("config".into());
        files.add(Path::new("config"), config, false);
        files.add(Path::new("credentials"), credentials, true);
        files
    }

    fn get<'a>(files: &'a Files, profile: &str, property: &str) -> Option<&'a str> {
        let property = files.profile(profile)?.get(property)?;
        Some(property.as_str())
    }

    #[test]
    fn profiles_are_found_by_name_and_the_credentials_file_comes_first() {
        let files = files(
            "[default]\nregion=us-east-1\n[profile a]\nregion = eu-west-1 ; comment\nx=1#2\n\
             [profile \"b c\"]\nregion=x\n[plain]\nregion=y\n[sso-session s]\nsso_region=z\n\
             [services here]\n  ses =\n    Endpoint_URL = u\n  sts=\n    endpoint_url=v\n",
            "[a]\nAWS_Access_Key_Id = K\nregion = eu-north-1\n[plain]\nx=1\n",
        );
        assert_eq!(get(&files, "default", "region"), Some("us-east-1"));
        assert_eq!(get(&files, "a", "region"), Some("eu-north-1"));
        assert_eq!(get(&files, "a", "aws_access_key_id"), Some("K"));
        assert_eq!(get(&files, "a", "x"), Some("1#2"));
        assert_eq!(get(&files, "b c", "region"), Some("x"));
        assert_eq!(get(&files, "plain", "region"), None, "it is no profile");
        let instead = files.instead_of("plain");
        assert_eq!(
            instead,
            "; config has [plain], which would have to be [profile plain]"
        );
        assert_eq!(files.instead_of("A"), "; there is `a`");
        assert_eq!(files.instead_of("x"), "");
        assert_eq!(files.sso_session("s").unwrap()["sso_region"], "z");
        assert_eq!(files.service("here", "ses").unwrap()["endpoint_url"], "u");
        assert_eq!(files.service("here", "sts").unwrap()["endpoint_url"], "v");
        assert!(files.service("here", "s3").is_none() && files.service("", "ses").is_none());
    }

    #[test]
    fn keys_of_one_file_are_not_mixed_with_those_of_another() {
        let config = "[default]\naws_access_key_id=a\naws_secret_access_key=b\n\
                      aws_session_token=c\nregion=r\n";
        let files = files(config, "[default]\naws_access_key_id = K\n");
        assert_eq!(get(&files, "default", ACCESS_KEY), Some("K"));
        assert_eq!(get(&files, "default", SECRET_KEY), None);
        assert_eq!(get(&files, "default", TOKEN), None);
        assert_eq!(get(&files, "default", "region"), Some("r"));
    }

    #[test]
    fn values_may_be_quoted_but_for_those_that_a_shell_reads() {
        let text = "[default]\na = \"b c\"\nd: 'e'\nf = \"g\" \"h\"\ni = \"j\n\
                    credential_process = \"k l\"\n";
        let files = files(text, "");
        for (name, value) in [
            ("a", "b c"),
            ("d", "e"),
            ("f", "\"g\" \"h\""),
            ("i", "\"j"),
            ("credential_process", "\"k l\""),
        ] {
            assert_eq!(get(&files, "default", name), Some(value));
        }
    }

    #[test]
    fn stray_lines_are_skipped_and_told_and_indented_ones_are_taken() {
        let files = files(
            "\u{feff}stray\n  [profile a]  \r\n\tregion = eu-west-1\r\nanother stray line\n\
             = 1\n  output = json\n[broken\nregion = x\n[profile b]\ns3 =\n  max = 1\n\
             region = b\n# comment\n  ; comment\n",
            "",
        );
        assert_eq!(get(&files, "a", "region"), Some("eu-west-1"));
        assert_eq!(get(&files, "a", "output"), Some("json"));
        assert_eq!(get(&files, "b", "region"), Some("b"));
        assert_eq!(get(&files, "b", "max"), None);
        let lines = [1, 4, 5, 7, 8];
        let problems = lines.map(|line| format!("line {line} of config cannot be read"));
        assert_eq!(files.problems, problems);
    }

    #[tokio::test]
    async fn files_that_are_missing_say_nothing_and_what_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let files = Files::read(&[missing], &[folder.path().to_owned()]).await;
        assert!(files.profile("default").is_none());
        let [problem] = files.problems.as_slice() else {
            panic!("{:?}", files.problems);
        };
        assert!(problem.contains("cannot be read: "), "{problem}");
        assert!(
            files.looked_for().contains("missing and "),
            "{}",
            files.looked_for()
        );
    }
}
