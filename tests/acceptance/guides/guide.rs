//! A guide of docs/guides/, carried out as a reader carries it out: from top to bottom,
//! each block of code in its turn, so that none is left that nobody has tried.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use crate::harness::{Run, Workspace};

/// What is left of a guide.
pub(super) struct Guide<'a> {
    ws: &'a Workspace,
    blocks: VecDeque<Block>,
}

/// A fenced block.
#[derive(Debug)]
struct Block {
    /// What stands behind the fence: `hcl main.tf` is a file, `sh` commands, `text` what
    /// they print, and `yaml` and `json` are files as well.
    info: String,
    text: String,
}

impl<'a> Guide<'a> {
    /// Opens the guide of that name, to be carried out in the folder of `ws`.
    pub(super) fn open(ws: &'a Workspace, name: &str) -> Self {
        let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides");
        let text = fs::read_to_string(guides.join(name).with_extension("md")).unwrap();
        Self {
            ws,
            blocks: blocks(&text),
        }
    }

    /// Writes the file that the guide shows next, of this name, in the place of one that
    /// is there.
    #[track_caller]
    pub(super) fn writes(&mut self, name: &str) -> String {
        let block = self.next(name);
        let (_, named) = block.info.split_once(' ').unwrap_or_default();
        assert_eq!(named, name, "the name of the next block: {block:?}");
        let path = self.ws.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &block.text).unwrap();
        block.text
    }

    /// Runs the commands that the guide shows next, by a shell.
    #[track_caller]
    pub(super) fn runs(&mut self) -> Run {
        let block = self.next("commands");
        assert_eq!(block.info, "sh", "the next block: {block:?}");
        self.ws.shell(&block.text)
    }

    /// Runs the commands that the guide shows next; they succeed, and print what it shows
    /// after them, however the lines are broken.
    #[track_caller]
    pub(super) fn runs_and_prints(&mut self) -> Run {
        let run = self.runs().succeeds();
        let words: Vec<String> = self.shows().split_whitespace().map(str::to_owned).collect();
        run.says(&words.join(" "))
    }

    /// What the guide shows next as printed.
    #[track_caller]
    pub(super) fn shows(&mut self) -> String {
        let block = self.next("what is printed");
        assert_eq!(block.info, "text", "the next block: {block:?}");
        block.text.trim_end().to_owned()
    }

    #[track_caller]
    fn next(&mut self, what: &str) -> Block {
        let next = self.blocks.pop_front();
        next.unwrap_or_else(|| panic!("the guide has ended before {what}"))
    }

    /// Asserts that nothing is left.
    #[track_caller]
    pub(super) fn ends(self) {
        assert!(self.blocks.is_empty(), "not tried: {:#?}", self.blocks);
    }
}

/// The fenced blocks of a page.
fn blocks(markdown: &str) -> VecDeque<Block> {
    let mut blocks = VecDeque::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push_back(Block {
            info: info.to_owned(),
            text: text.join("\n") + "\n",
        });
    }
    blocks
}
