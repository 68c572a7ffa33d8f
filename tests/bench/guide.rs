//! Puts what was measured into the guide.

use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- measured by make bench: begin -->\n";
const END: &str = "<!-- measured by make bench: end -->\n";

/// Writes the table between the marks of performance.md, and the plot beside it.
pub(crate) fn write(guides: &Path, table: &str, circumstances: &str, plot: &str) {
    let guide = guides.join("performance.md");
    let text = fs::read_to_string(&guide).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("a mark is missing");
    let (_, after) = rest.split_once(END).expect("a mark is missing");
    let text = format!("{before}{BEGIN}\n{circumstances}\n\n{table}\n{END}{after}");
    fs::write(guide, text).unwrap();
    fs::write(guides.join("performance.svg"), plot).unwrap();
}
