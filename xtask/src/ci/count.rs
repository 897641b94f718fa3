//! Counting: what nextest and the doc tests say, and one for each check.

use std::fmt;

/// What passed and what did not.
#[derive(Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Whether a line of output tells counts.
pub fn counts(line: &str) -> bool {
    (line.contains("Summary [") && line.contains(" run: ")) || line.starts_with("test result: ")
}

/// The number before a word: 12 of `12 passed`, 0 where the word is missing.
fn number_before(line: &str, word: &str) -> u64 {
    line.split([',', ';', ':', '.'])
        .filter_map(|part| part.trim().split_once(' '))
        .find(|(_, rest)| rest.split([' ', '(']).next() == Some(word))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

impl Tally {
    /// A check that passes or fails as a whole.
    pub fn check(&mut self, name: &str, success: bool) {
        if success {
            self.passed += 1;
        } else {
            self.fail(1, name.to_owned());
        }
    }

    fn fail(&mut self, count: u64, what: String) {
        self.failed += count;
        self.failures.push(what);
    }

    /// Adds nextest's summary line. No summary, nothing run, or a skipped test is a failure.
    pub fn nextest(&mut self, lines: &[String], success: bool) {
        let Some(summary) = lines.iter().rev().find(|line| line.contains("Summary [")) else {
            return self.fail(1, "cargo nextest 没有给出结果（多半是编译不过）".to_owned());
        };
        let run = summary
            .split_once("] ")
            .and_then(|(_, rest)| rest.trim().split([' ', '/']).next()?.parse::<u64>().ok())
            .unwrap_or(0);
        let passed = number_before(summary, "passed");
        let failed = run.saturating_sub(passed);
        self.passed += passed;
        if failed > 0 {
            self.fail(failed, format!("{failed} 个测试"));
        }
        let skipped = number_before(summary, "skipped");
        if skipped > 0 {
            self.fail(skipped, format!("跳过了 {skipped} 个测试：不许跳过"));
        }
        if run == 0 {
            self.fail(1, "cargo nextest 一个测试也没有跑".to_owned());
        } else if !success && failed == 0 && skipped == 0 {
            self.fail(1, "cargo nextest 失败".to_owned());
        }
    }

    /// Adds the doc tests of all crates. An ignored one is a failure: write `text` for what is no Rust.
    pub fn doc_tests(&mut self, lines: &[String], success: bool) {
        let sum = |word| {
            lines
                .iter()
                .filter(|line| line.starts_with("test result: "))
                .map(|line| number_before(line, word))
                .sum::<u64>()
        };
        // `test result: ok. 3 passed; …` and `test result: FAILED. 2 passed; …`
        self.passed += sum("passed");
        let (failed, ignored) = (sum("failed"), sum("ignored"));
        if failed > 0 {
            self.fail(failed, format!("{failed} 个文档测试"));
        }
        if ignored > 0 {
            self.fail(
                ignored,
                format!("跳过了 {ignored} 个文档测试：不是 Rust 的例子请标 text"),
            );
        }
        if !success && failed == 0 {
            self.fail(1, "cargo test --doc 失败".to_owned());
        }
    }

    /// What failed, one line each.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Whether nothing failed.
    pub fn is_clean(&self) -> bool {
        self.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nextest(line: &str, success: bool) -> String {
        let mut tally = Tally::default();
        tally.nextest(&[line.to_owned()], success);
        tally.to_string()
    }

    #[test]
    fn nextest_summaries_are_counted() {
        for (line, success, expected) in [
            (
                "     Summary [   1.234s] 123 tests run: 123 passed, 0 skipped",
                true,
                "123 passed, 0 failed",
            ),
            (
                "     Summary [   0.5s] 27 tests run: 26 passed, 1 failed, 0 skipped",
                false,
                "26 passed, 1 failed",
            ),
            (
                "     Summary [   9.0s] 30 tests run: 27 passed (2 slow, 1 leaky), 2 failed, 1 timed out, 0 skipped",
                false,
                "27 passed, 3 failed",
            ),
            (
                "     Summary [   9.0s] 1 test run: 1 passed, 0 skipped",
                true,
                "1 passed, 0 failed",
            ),
            (
                "     Summary [   9.0s] 5 tests run: 5 passed, 2 skipped",
                true,
                "5 passed, 2 failed",
            ),
            (
                "     Summary [   9.0s] 0 tests run: 0 passed, 0 skipped",
                false,
                "0 passed, 1 failed",
            ),
            (
                "     Summary [   9.0s] 5 tests run: 5 passed, 0 skipped",
                false,
                "5 passed, 1 failed",
            ),
        ] {
            assert!(counts(line), "{line}");
            assert_eq!(nextest(line, success), expected, "{line}");
        }
    }

    #[test]
    fn no_summary_is_a_failure() {
        let mut tally = Tally::default();
        tally.nextest(&[], false);
        assert_eq!(tally.to_string(), "0 passed, 1 failed");
        assert!(!tally.is_clean());
    }

    #[test]
    fn doc_tests_of_all_crates_are_summed() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.42s".to_owned(),
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.4s".to_owned(),
        ];
        let mut tally = Tally::default();
        tally.doc_tests(&lines, false);
        assert_eq!(tally.to_string(), "5 passed, 2 failed");
        let mut tally = Tally::default();
        tally.doc_tests(&[], false);
        assert_eq!(tally.to_string(), "0 passed, 1 failed");
    }

    #[test]
    fn each_check_counts_one() {
        let mut tally = Tally::default();
        tally.check("格式", true);
        tally.check("检查", false);
        assert_eq!(tally.to_string(), "1 passed, 1 failed");
        assert_eq!(tally.failures(), ["检查"]);
    }
}
