//! Logs as Terraform reads them from a plugin's stderr: hclog's JSON, a line
//! for each event.
//!
//! The level is that of TF_LOG_PROVIDER, or else of TF_LOG; where neither is
//! set, errors alone. Other crates may print what they were given, secrets too,
//! when asked for detail: they are heard from WARN upwards, whatever the level.

use std::fmt;
use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::spool::Spool;

/// How long the process stays for a reader of its last lines.
const LAST_LINES: Duration = Duration::from_millis(200);

static STDERR: LazyLock<Spool> = LazyLock::new(|| {
    let write = |line: &[u8]| {
        // Not eprintln!, which panics if the host has closed the other end.
        let _ = std::io::stderr().lock().write_all(line);
    };
    Spool::new(write, dropped)
});

/// Logs events and panics from now on. Does nothing if something else already
/// receives the process's events.
pub(super) fn install() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the log level is set by the environment alone"
    )]
    let level = level(|name| std::env::var(name).ok());
    let subscriber = tracing_subscriber::registry().with(HcLog {
        level,
        write: |line| STDERR.push(line),
    });
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let location = panic.location().map(ToString::to_string);
            let message = panic.payload_as_str().unwrap_or("no message");
            // Not "panic: …", by which Terraform tells a plugin that has died.
            tracing::error!(location, "the provider panicked: {message}");
        }));
    }
}

fn level(variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let set = |name| variable(name).filter(|level| !level.is_empty());
    let Some(level) = set("TF_LOG_PROVIDER").or_else(|| set("TF_LOG")) else {
        return LevelFilter::ERROR;
    };
    match level.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        // TRACE, JSON (which is TRACE in another format), and, as Terraform
        // takes it, any word that is no level.
        _ => LevelFilter::TRACE,
    }
}

/// Writes a line as hclog's host takes it from a plugin that logs no JSON,
/// behind all that was logged.
pub(super) fn error(line: &str) {
    STDERR.push_last(format!("[ERROR] {line}\n").into_bytes());
}

/// Waits for what was logged to be written, but not long.
pub(super) fn flush() {
    STDERR.flush(LAST_LINES);
}

fn dropped(lines: u64) -> Vec<u8> {
    let mut fields = Fields::default();
    let message = format!("{lines} lines of the log were dropped: nobody read stderr");
    fields.put("message", &message);
    fields.line(Level::WARN, module_path!())
}

/// Writes events as hclog does.
struct HcLog<W> {
    level: LevelFilter,
    write: W,
}

impl<W> HcLog<W> {
    fn hears(&self, metadata: &Metadata<'_>) -> bool {
        let crate_of = |path: &str| path.split("::").next().map(str::to_owned);
        let level = if crate_of(metadata.target()) == crate_of(module_path!()) {
            self.level
        } else {
            self.level.min(LevelFilter::WARN)
        };
        *metadata.level() <= level
    }
}

impl<S, W> Layer<S> for HcLog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(Vec<u8>) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.hears(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.0.extend(fields.0.clone());
            }
        }
        event.record(&mut line);
        let metadata = event.metadata();
        (self.write)(line.line(*metadata.level(), metadata.target()));
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Now, in UTC, with hclog's six decimals.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second, micro) = now.to_hms_micro();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z")
}

/// The fields of an event or span: all of them strings, as hclog's host wants.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn put(&mut self, name: &str, value: &str) {
        let name = if name == "message" { "@message" } else { name };
        self.0.insert(name.to_owned(), value.into());
    }

    /// The whole line, with the newline.
    fn line(mut self, level: Level, module: &str) -> Vec<u8> {
        self.put("@level", level_name(level));
        self.put("@module", module);
        self.put("@timestamp", &timestamp());
        let mut line = Json::Object(self.0).to_string();
        line.push('\n');
        line.into_bytes()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn logged(level: LevelFilter, events: impl FnOnce()) -> Vec<Json> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let write = {
            let lines = Arc::clone(&lines);
            move |line: Vec<u8>| {
                let line = line.strip_suffix(b"\n").unwrap();
                lines
                    .lock()
                    .unwrap()
                    .push(serde_json::from_slice(line).unwrap());
            }
        };
        let subscriber = tracing_subscriber::registry().with(HcLog { level, write });
        tracing::subscriber::with_default(subscriber, events);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn an_event_is_one_line_of_strings() {
        let lines = logged(LevelFilter::TRACE, || {
            let _call = tracing::error_span!("call", tf_rpc = "Read").entered();
            tracing::warn!(count = 3, ok = true, text = "a\"b\n", "went {}", "wrong");
        });
        let [line] = lines.as_slice() else {
            panic!("one line, not {lines:?}");
        };
        let timestamp = line["@timestamp"].as_str().unwrap();
        assert_eq!(timestamp.len(), "2006-01-02T15:04:05.000000Z".len());
        assert!(timestamp.ends_with('Z') && timestamp.as_bytes()[19] == b'.');
        assert_eq!(
            *line,
            serde_json::json!({
                "@level": "warn",
                "@message": "went wrong",
                "@module": module_path!(),
                "@timestamp": timestamp,
                "count": "3",
                "ok": "true",
                "text": "a\"b\n",
                "tf_rpc": "Read",
            })
        );
    }

    #[test]
    fn other_crates_are_heard_from_warn_upwards() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::trace!("ours");
            tracing::info!(target: "aws_config::profile", "secret");
            tracing::trace!(target: "terraform_provider_ses_lookalike", "secret");
            tracing::warn!(target: "hyper", "theirs");
        });
        let messages: Vec<_> = lines.iter().map(|line| &line["@message"]).collect();
        assert_eq!(messages, ["ours", "theirs"]);
    }

    #[test]
    fn nobody_is_heard_above_the_level() {
        let lines = logged(LevelFilter::ERROR, || {
            tracing::warn!("ours");
            tracing::warn!(target: "hyper", "theirs");
            tracing::error!("heard");
        });
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn the_level_is_terraforms() {
        for (provider, general, chosen) in [
            (None, None, LevelFilter::ERROR),
            (Some(""), Some(""), LevelFilter::ERROR),
            (None, Some("info"), LevelFilter::INFO),
            (Some("warn"), Some("trace"), LevelFilter::WARN),
            (Some("OFF"), Some("TRACE"), LevelFilter::OFF),
            (None, Some("JSON"), LevelFilter::TRACE),
            (None, Some("debug"), LevelFilter::DEBUG),
            (None, Some("1"), LevelFilter::TRACE),
        ] {
            let found = level(|name| match name {
                "TF_LOG_PROVIDER" => provider.map(str::to_owned),
                "TF_LOG" => general.map(str::to_owned),
                _ => None,
            });
            assert_eq!(found, chosen, "{provider:?} {general:?}");
        }
    }
}
