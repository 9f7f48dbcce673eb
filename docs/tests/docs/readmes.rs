//! The READMEs of the packages: their rendering on a registry and on a forge, and their required
//! contents.

use crate::repository::root;
use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, Options, Parser, Tag};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use toml::{Table, Value};

/// A package that may be published.
struct Package {
    /// Its folder, from the root.
    folder: String,
    manifest: Table,
    readme: String,
}

impl Package {
    fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.manifest.get("package")?.get(key)?.as_str()
    }

    fn is_core(&self) -> bool {
        CORE.contains(&self.folder.as_str())
    }

    /// The package's features except `default`, and whether each is enabled by default.
    fn features(&self) -> BTreeMap<&str, bool> {
        let Some(Value::Table(features)) = self.manifest.get("features") else { return BTreeMap::new() };
        let default = features.get("default").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_default = |name: &str| default.iter().any(|feature| feature.as_str() == Some(name));
        features.keys().filter(|name| *name != "default").map(|name| (name.as_str(), is_default(name))).collect()
    }
}

/// The libraries whose READMEs must contain everything that the author of a program needs.
const CORE: [&str; 7] = ["aez", "mixdelay", "pki-types", "pq-kem", "sha256", "sphinx", "wire"];
/// The dependencies whose versions a user must match, because their traits are in public
/// signatures.
const SHARED: [&str; 2] = ["rand_core", "rand"];

fn packages() -> Vec<Package> {
    let folders = [".", "network"].map(|folder| fs::read_dir(root().join(folder)).expect("a folder"));
    let mut packages: Vec<_> = folders.into_iter().flatten().filter_map(|entry| package(&entry.ok()?.path())).collect();
    packages.sort_by(|one, other| one.folder.cmp(&other.folder));
    assert!(packages.len() > 14, "{} packages", packages.len());
    packages
}

fn package(folder: &Path) -> Option<Package> {
    let manifest: Table = fs::read_to_string(folder.join("Cargo.toml")).ok()?.parse().expect("a manifest");
    let is_private = manifest.get("package")?.get("publish").and_then(Value::as_bool) == Some(false);
    // not a separate workspace, such as `fuzz`
    if is_private || manifest.contains_key("workspace") {
        return None;
    }
    let readme = fs::read_to_string(folder.join("README.md")).ok()?;
    Some(Package { folder: folder.strip_prefix(root()).ok()?.to_str()?.to_owned(), manifest, readme })
}

/// A README's links, code blocks with their language, and text in brackets that is not a link.
#[derive(Default)]
struct Rendered {
    links: Vec<String>,
    code: Vec<(String, String)>,
    broken: Vec<String>,
}

fn render(text: &str) -> Rendered {
    let mut broken = Vec::new();
    let mut note = |link: BrokenLink<'_>| {
        broken.push(link.reference.into_string());
        None
    };
    let mut rendered = Rendered::default();
    let mut in_code = false;
    for event in Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(&mut note)) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                in_code = true;
                rendered.code.push((language.into_string(), String::new()));
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if in_code => rendered.code.last_mut().expect("a block").1.push_str(&text),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                rendered.links.push(dest_url.into_string());
            }
            _ => {}
        }
    }
    rendered.broken = broken;
    rendered
}

/// Parts that are rendered wrongly without the other files of the repository.
fn faults_of(text: &str) -> Vec<String> {
    let page = render(text);
    let mut faults: Vec<_> = page.broken.iter().map(|link| format!("[{link}] leads nowhere")).collect();
    for link in &page.links {
        if !link.starts_with("https://") && !link.starts_with('#') {
            faults.push(format!("{link}: leads out of the package"));
        }
    }
    for (language, code) in &page.code {
        if language.starts_with("rust") {
            let hidden = code.lines().filter(|line| *line == "#" || line.starts_with("# "));
            faults.extend(hidden.map(|line| format!("`{line}` is hidden by rustdoc alone")));
        }
    }
    faults
}

#[test]
fn they_read_well_on_a_registry() {
    let mut faults = Vec::new();
    for package in packages() {
        let found = faults_of(&package.readme);
        faults.extend(found.into_iter().map(|fault| format!("{}/README.md: {fault}", package.folder)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_registry_shows_wrongly_is_found() {
    assert_eq!(faults_of("See [the book](https://example.org) and [below](#below).\n\n## Below"), Vec::<String>::new());
    for bad in
        ["[`Aez`] does it", "[the book](../docs/book)", "[Aez](crate::Aez)", "```rust\n# use a::B;\nB::new();\n```"]
    {
        assert_eq!(faults_of(bad).len(), 1, "{bad}: {:?}", faults_of(bad));
    }
}

/// The rows of the table below a heading: the text of each cell.
fn table<'t>(text: &'t str, heading: &str) -> Vec<Vec<&'t str>> {
    let section = text.split_once(&format!("\n## {heading}\n")).map_or("", |(_, rest)| rest);
    let lines = section.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with('|'));
    lines.skip(2).map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn the_tables_of_features_are_those_of_the_manifests() {
    for package in packages().iter().filter(|package| package.is_core()) {
        let shown: BTreeMap<_, _> = table(&package.readme, "Features")
            .iter()
            .map(|row| match row.as_slice() {
                [name, default, _] => (name.trim_matches('`'), *default == "yes"),
                _ => panic!("{}: {row:?}", package.folder),
            })
            .collect();
        assert_eq!(shown, package.features(), "{}", package.folder);
    }
}

#[test]
fn they_state_versions_and_what_is_not_audited() {
    let workspace: Table = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest").parse().expect("TOML");
    for package in packages().iter().filter(|package| package.is_core()) {
        let (folder, name, readme) = (&package.folder, package.name(), &package.readme);
        let versions = table(readme, "Versions");
        let row = |key: &str| {
            versions.iter().find_map(|row| (row.first() == Some(&key)).then(|| row.get(1).copied())).flatten()
        };
        let starts = |key: &str, with: &str| {
            assert!(row(key).is_some_and(|text| text.starts_with(with)), "{folder}: {key}, {with}");
        };
        assert_eq!(package.text("rust-version"), Some(RUST_VERSION), "{folder}");
        starts("Rust", &format!("{RUST_VERSION}. A minor version may raise it"));
        starts("changes", &format!("[CHANGELOG.md](https://docs.rs/crate/{name}/latest/source/CHANGELOG.md)"));
        assert!(readme.contains("\n**Not audited.** "), "{folder}");
        for heading in ["## Security\n", "## Memory\n", "## Licence\n"] {
            assert!(readme.contains(heading), "{folder}: no {heading}");
        }

        // the versions for a user's manifest
        let (_, manifest) =
            render(readme).code.into_iter().find(|(language, _)| language == "toml").expect("its dependencies");
        let wanted: Table = manifest.parse().expect("a manifest");
        let wanted = wanted.get("dependencies").and_then(Value::as_table).expect("a table of dependencies");
        assert!(wanted.contains_key(name), "{folder}");
        let version_of = |value: &Value| value.as_str().or_else(|| value.get("version")?.as_str()).map(str::to_owned);
        for (dependency, version) in wanted {
            let ours = workspace.get("workspace").and_then(|table| table.get("dependencies")?.get(dependency));
            let ours = ours.and_then(version_of).unwrap_or_else(|| panic!("{folder}: {dependency}"));
            let version = version_of(version).expect("a version");
            assert!(
                ours == version || ours.starts_with(&format!("{version}.")),
                "{folder}: {dependency} {version}, not {ours}"
            );
        }
        if package.manifest.get("dependencies").is_some_and(|table| table.get("rand_core").is_some()) {
            starts("`rand_core`", "0.10: ");
            assert!(SHARED.iter().any(|name| wanted.contains_key(*name)), "{folder}: no generator");
        }
    }
}

/// The minimum supported Rust version of the libraries.
const RUST_VERSION: &str = "1.89";

#[test]
fn registries_find_the_packages_and_docs_rs_documents_all_of_them() {
    for package in packages() {
        let (folder, meta) = (&package.folder, package.manifest.get("package").expect("a package"));
        let words = |key: &str| -> Vec<&str> {
            meta.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let (keywords, categories) = (words("keywords"), words("categories"));
        assert!((1..=5).contains(&keywords.len()) && (1..=5).contains(&categories.len()), "{folder}");
        for word in keywords {
            let good = |c: char| c.is_ascii_alphanumeric() || "_-+".contains(c);
            assert!(
                word.len() <= 20 && word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(good),
                "{word}"
            );
        }
        let inherits =
            |key: &str| meta.get(key).is_some_and(|value| value.get("workspace") == Some(&Value::Boolean(true)));
        for key in ["authors", "include", "license", "repository", "version"] {
            assert!(inherits(key), "{folder}: {key}.workspace");
        }
        let docs =
            meta.get("metadata").and_then(|table| table.get("docs")?.get("rs")).expect("how docs.rs documents it");
        assert_eq!(docs.to_string().parse::<Value>().ok(), DOCS_RS.parse::<Value>().ok(), "{folder}");
        for file in ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            assert!(root().join(folder).join(file).is_file(), "{folder}: no {file}");
        }
    }
}

const DOCS_RS: &str = r#"{ all-features = true, rustdoc-args = ["--cfg", "docsrs"] }"#;

#[test]
fn the_address_of_the_repository_is_one_edit() {
    let placeholder = ["repository", "invalid"].join(".");
    let found = crate::repository::files(&[".md", ".rs", ".sh", ".toml", ".yml"]);
    let found: Vec<_> = found
        .into_iter()
        .filter(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&placeholder)))
        .collect();
    assert!(found.is_empty() || found == [root().join("Cargo.toml")], "{found:?}");
}

/// The crates of others that a package brings, whatever the target.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(Table::values)
        .chain([&Value::Table(manifest.clone())])
        .cloned()
        .collect::<Vec<_>>();
    let tables = tables.iter().filter_map(|table| table.get("dependencies")?.as_table());
    tables.flat_map(Table::keys).filter(|name| !name.starts_with("mixwell-")).cloned().collect()
}

#[test]
fn the_table_of_dependencies_has_each_and_where_it_is_used() {
    let mut used = BTreeMap::<String, BTreeSet<String>>::new();
    for package in packages().iter().filter(|package| package.is_core()) {
        for name in dependencies(&package.manifest) {
            used.entry(name).or_default().insert(package.folder.clone());
        }
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let mut shown = BTreeSet::new();
    for row in table(&readme, "Dependencies") {
        let [names, places, _] = row.as_slice() else { panic!("{row:?}") };
        let mut of_row = BTreeSet::new();
        for name in names.split(", ").map(|name| name.trim_matches('`').to_owned()) {
            of_row.extend(used.get(&name).unwrap_or_else(|| panic!("{name}: no library brings it")).iter().cloned());
            shown.insert(name);
        }
        let stated: BTreeSet<_> = places.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(places.starts_with("all ") || stated == of_row, "{names}: {of_row:?}");
    }
    assert_eq!(shown, used.into_keys().collect());
}
