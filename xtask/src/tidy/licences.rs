//! Every dependency's licence must let us ship the program under Apache-2.0.

use super::metadata::Metadata;

/// Licences whose terms a binary under Apache-2.0 can keep. MPL-2.0 is kept by not changing those files.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// One sentence for each package whose licence is not known to be fine.
pub fn problems(metadata: &Metadata) -> Vec<String> {
    metadata
        .packages
        .iter()
        .filter_map(|package| {
            let licence = package.license.as_deref().unwrap_or("（没有写）");
            (!is_allowed(licence)).then(|| {
                format!(
                    "{} {} 的许可证 {licence} 不在许可表里（xtask/src/tidy/licences.rs）",
                    package.name, package.version
                )
            })
        })
        .collect()
}

/// Whether an SPDX expression can be met with allowed licences alone. `/` is cargo's old way to write OR.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) == Some(true) && rest.is_empty()
}

/// `a OR b OR …`; `None` when the expression cannot be read.
fn either(words: &mut &[&str]) -> Option<bool> {
    let mut fine = both(words)?;
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        fine |= both(words)?;
    }
    Some(fine)
}

/// `a AND b AND …`
fn both(words: &mut &[&str]) -> Option<bool> {
    let mut fine = single(words)?;
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        fine &= single(words)?;
    }
    Some(fine)
}

/// A licence, a licence `WITH` an exception, or brackets.
fn single(words: &mut &[&str]) -> Option<bool> {
    let (&first, rest) = words.split_first()?;
    *words = rest;
    if first == "(" {
        let fine = either(words)?;
        let (&close, rest) = words.split_first()?;
        *words = rest;
        return (close == ")").then_some(fine);
    }
    if let [with, exception, rest @ ..] = *words
        && *with == "WITH"
    {
        *words = rest;
        return Some(ALLOWED.contains(&format!("{first} WITH {exception}").as_str()));
    }
    Some(ALLOWED.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for (expression, fine) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 / MIT", true),
            ("MIT OR Apache-2.0 OR LGPL-2.1-or-later", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("GPL-3.0-only OR (MIT AND ISC)", true),
            ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", false),
            ("AGPL-3.0-or-later", false),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(is_allowed(expression), fine, "{expression}");
        }
    }
}
