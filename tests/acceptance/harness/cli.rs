//! The program under test: the `terraform` on PATH, or the one that the
//! environment variable TERRAFORM names (by a path, or by its name on PATH, such
//! as `tofu`); and what its version can do.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Terraform, or a program that stands in for it.
#[derive(Debug)]
pub(crate) struct Cli {
    /// What to start.
    pub(crate) program: PathBuf,
    pub(crate) product: Product,
    /// Major and minor.
    release: Release,
    /// As the program writes it.
    version: String,
}

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Terraform,
    OpenTofu,
}

/// Major and minor version.
type Release = (u32, u32);

/// The release of what a product does not have.
const NEVER: Release = (u32::MAX, 0);

/// What tests need, and not every version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// `import` blocks, and `plan -generate-config-out` for them.
    ImportBlocks,
    /// `removed` blocks that say `destroy = false`.
    RemovedBlocks,
    /// `check` blocks.
    Checks,
    /// Functions that a provider has.
    ProviderFunctions,
    /// The same in `terraform console`.
    FunctionsInConsole,
    /// `moved` blocks from a type of another provider.
    MovesAcrossTypes,
    /// `import` blocks with `for_each`.
    ImportForEach,
    /// `import` blocks that name a resource by its identity.
    ImportByIdentity,
    /// `terraform query`.
    Queries,
    /// `terraform test` with mocks that give their values at plan.
    MocksAtPlan,
}

impl Feature {
    /// What it is called, and the first releases of Terraform and of OpenTofu
    /// that have it, by their changelogs.
    fn known(self) -> (&'static str, Release, Release) {
        match self {
            Self::ImportBlocks => ("import blocks", (1, 5), (1, 6)),
            Self::RemovedBlocks => ("removed blocks with a lifecycle", (1, 7), (1, 10)),
            Self::Checks => ("check blocks", (1, 5), (1, 6)),
            Self::ProviderFunctions => ("functions of providers", (1, 8), (1, 7)),
            Self::FunctionsInConsole => ("functions of providers in its console", (1, 8), NEVER),
            Self::MovesAcrossTypes => ("moved blocks across types", (1, 8), (1, 10)),
            Self::ImportForEach => ("import blocks with for_each", (1, 7), (1, 7)),
            Self::ImportByIdentity => ("import by identity", (1, 12), (1, 12)),
            Self::Queries => ("queries", (1, 14), NEVER),
            Self::MocksAtPlan => ("mocks at plan", (1, 11), (1, 8)),
        }
    }
}

/// The program under test.
pub(crate) fn cli() -> &'static Cli {
    static CLI: LazyLock<Cli> = LazyLock::new(Cli::find);
    &CLI
}

/// Whether the program has no such feature. The test then ends, and stderr says
/// that it was left out and why.
pub(crate) fn lacks(feature: Feature) -> bool {
    let Some(reason) = cli().lack(feature) else {
        return false;
    };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not eprintln!, whose output libtest hides where a test passes.
    let _ = writeln!(std::io::stderr(), "left out: {test}: {reason}");
    true
}

impl Cli {
    fn find() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "which program is tested is the environment's to say"
        )]
        let named = std::env::var_os("TERRAFORM").filter(|name| !name.is_empty());
        let mut program = PathBuf::from(named.unwrap_or_else(|| "terraform".into()));
        // Tests start it in folders of their own.
        if program.components().count() > 1 {
            program = program
                .canonicalize()
                .unwrap_or_else(|error| panic!("TERRAFORM names {program:?}: {error}"));
        }
        let output = Command::new(&program)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap_or_else(|error| panic!("cannot start {program:?}: {error}"));
        let told = String::from_utf8_lossy(&output.stdout);
        let (product, version, release) = parse(&told)
            .unwrap_or_else(|| panic!("{program:?} does not say its version: {output:?}"));
        Self {
            program,
            product,
            release,
            version,
        }
    }

    /// Why it cannot do something.
    fn lack(&self, feature: Feature) -> Option<String> {
        let (name, terraform, tofu) = feature.known();
        let since = match self.product {
            Product::Terraform => terraform,
            Product::OpenTofu => tofu,
        };
        let (major, minor) = since;
        (self.release < since).then(|| match since {
            NEVER => format!("{self} has no {name}"),
            _ => format!("{self} has no {name} (since {major}.{minor})"),
        })
    }
}

impl Product {
    /// The host of the registry that a provider comes from unless its source
    /// names another.
    pub(crate) fn registry(self) -> &'static str {
        match self {
            Self::Terraform => "registry.terraform.io",
            Self::OpenTofu => "registry.opentofu.org",
        }
    }
}

impl fmt::Display for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.product, self.version)
    }
}

/// Product and version from what `version` prints, such as `Terraform v1.11.4`.
fn parse(told: &str) -> Option<(Product, String, Release)> {
    told.lines().find_map(|line| {
        let (product, version) = line.split_once(" v")?;
        let product = match product {
            "Terraform" => Product::Terraform,
            "OpenTofu" => Product::OpenTofu,
            _ => return None,
        };
        let mut numbers = version.split(['.', '-']).map(str::parse);
        let release = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some((product, version.to_owned(), release))
    })
}

#[test]
fn version_that_lacks_a_feature_is_told_with_the_first_that_has_it() {
    let (product, version, release) =
        parse("Some warning\nOpenTofu v1.6.3-dev\non linux_amd64\n").unwrap();
    let cli = Cli {
        program: PathBuf::from("tofu"),
        product,
        release,
        version,
    };
    assert_eq!(
        cli.lack(Feature::ProviderFunctions).unwrap(),
        "OpenTofu 1.6.3-dev has no functions of providers (since 1.7)"
    );
    assert_eq!(
        cli.lack(Feature::Queries).unwrap(),
        "OpenTofu 1.6.3-dev has no queries"
    );
    assert_eq!(cli.lack(Feature::ImportBlocks), None);
    assert_eq!(parse("Terraform v1.11.4").unwrap().2, (1, 11));
    assert_eq!(parse("terraform: not found"), None);
}
