//! Files of the repository that must equal what the program makes.

use std::{fs, path::Path};

/// The repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Whether this run rewrites the files instead of comparing them.
pub fn updating() -> bool {
    std::env::var_os("ZHIDA_TEST_UPDATE").is_some_and(|value| value == "1")
}

/// Compares a file with its fresh content, or writes it anew.
pub fn equals(path: &str, fresh: &str) {
    let file = Path::new(ROOT).join(path);
    if updating() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, fresh).unwrap();
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if let Some((line, old, new)) = difference(&kept, fresh) {
        panic!(
            "{path} 与程序不一致，从第 {line} 行起：\n文件：{old}\n程序：{new}\n\
             改动是有意的，就运行 ZHIDA_TEST_UPDATE=1 cargo nextest run -p zhida 更新它，并提交改动"
        );
    }
}

/// The first line that differs, counted from 1, in both texts.
fn difference<'a>(kept: &'a str, fresh: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if kept == fresh {
        return None;
    }
    let (mut old, mut new) = (kept.split('\n'), fresh.split('\n'));
    for line in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (old, new) if old != new => {
                let end = "（没有了）";
                return Some((line, old.unwrap_or(end), new.unwrap_or(end)));
            }
            _ => {}
        }
    }
    None
}

#[test]
fn a_difference_is_found_where_it_is() {
    assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
    assert_eq!(difference("a\n", "a"), Some((2, "", "（没有了）")));
}
