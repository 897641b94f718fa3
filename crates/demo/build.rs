//! Lists the shipped policy files for embedding, so that a file added to `data/policies` is in the
//! next build without anybody naming it.

use std::{env, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    let folder = Path::new(&root).join("../../data/policies");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("data/policies is part of the repository")
        .map(|entry| entry.expect("a readable folder").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    let rows: String = names
        .iter()
        .map(|name| {
            let path = folder.join(name);
            format!("({name:?}, include_str!({path:?})),\n")
        })
        .collect();
    let out = env::var("OUT_DIR").expect("cargo sets it for build scripts");
    fs::write(
        Path::new(&out).join("policies.rs"),
        format!("pub(crate) static POLICIES: &[(&str, &str)] = &[\n{rows}];\n"),
    )
    .expect("OUT_DIR is writable");
}
