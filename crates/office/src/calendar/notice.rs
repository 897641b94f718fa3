//! A year's holiday notice as a list of days: lines or JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use zhida_casework::calendar::NoticeDay;

/// Days of a list at most: a notice names some forty.
const DAYS_MAX: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    date: String,
    kind: String,
    name: String,
}

/// Reads a list of days: lines `日期,放假或上班,节日` with or without a head (`date,kind,name`), or a JSON list of objects
/// with these names. A date may be a range: `2027-02-05至2027-02-11`.
///
/// # Errors
/// Which line is wrong, and how it is to be written.
pub fn read_notice(text: &str) -> Result<BTreeMap<NaiveDate, NoticeDay>, String> {
    let lines = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text).map_err(|error| format!("JSON 看不懂：{error}"))?,
        false => lines(text)?,
    };
    let mut days = BTreeMap::new();
    for (number, line) in (1..).zip(lines) {
        let here = |what: String| format!("第 {number} 项：{what}");
        let (from, until) = dates(&line.date).map_err(here)?;
        for date in from.iter_days().take_while(|date| *date <= until) {
            let day = day(&line.kind, &line.name).map_err(here)?;
            if days.insert(date, day).is_some() {
                return Err(here(format!("{date} 写了两次")));
            }
            if days.len() > DAYS_MAX {
                return Err(here(format!("超过 {DAYS_MAX} 天")));
            }
        }
    }
    match days.is_empty() {
        true => Err("没有一天；每行写“日期,放假或上班,节日”".to_owned()),
        false => Ok(days),
    }
}

fn lines(text: &str) -> Result<Vec<Line>, String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with("date") || line.starts_with("日期") {
            continue;
        }
        let parts: Vec<&str> = line.split([',', '，', '\t']).map(str::trim).collect();
        let [date, kind, name] = parts.as_slice() else {
            return Err(format!(
                "第 {number} 行看不懂，请写“日期,放假或上班,节日”：{line}"
            ));
        };
        found.push(Line {
            date: (*date).to_owned(),
            kind: (*kind).to_owned(),
            name: (*name).to_owned(),
        });
    }
    Ok(found)
}

fn dates(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let one = |text: &str| {
        let date: Result<NaiveDate, _> = text.trim().parse();
        date.map_err(|_| format!("“{text}”不是日期，请写成 2027-02-05"))
    };
    let (from, until) = text.split_once('至').unwrap_or((text, text));
    let (from, until) = (one(from)?, one(until)?);
    match from <= until {
        true => Ok((from, until)),
        false => Err(format!("“{text}”的后一天早于前一天")),
    }
}

fn day(kind: &str, name: &str) -> Result<NoticeDay, String> {
    if name.is_empty() {
        return Err("没有写节日的名称".to_owned());
    }
    let name = name.to_owned();
    match kind {
        "放假" | "off" | "holiday" => Ok(NoticeDay::Off { name }),
        "上班" | "调休上班" | "work" => Ok(NoticeDay::Work { name }),
        _ => Err(format!("“{kind}”看不懂，请写“放假”或“上班”")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn lines_ranges_and_json_are_the_same_days() {
        let lines =
            "日期,类别,节日\n2027-02-05至2027-02-06,放假,春节\r\n\n2027-02-14，上班，春节\n";
        let json = r#"[{"date":"2027-02-05","kind":"off","name":"春节"},
            {"date":"2027-02-06","kind":"holiday","name":"春节"},
            {"date":"2027-02-14","kind":"work","name":"春节"}]"#;
        let days = read_notice(lines).unwrap();
        assert_eq!(days, read_notice(json).unwrap());
        assert_eq!(days.len(), 3);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, message) in [
            ("", "没有一天"),
            ("2027-02-05,放假", "第 1 行看不懂"),
            (
                "2027-02-05,放假,春节\n2027-02-30,放假,春节",
                "第 2 项：“2027-02-30”不是日期",
            ),
            ("2027-02-06至2027-02-05,放假,春节", "后一天早于前一天"),
            ("2027-02-05,休息,春节", "请写“放假”或“上班”"),
            ("2027-02-05,放假,", "没有写节日的名称"),
            ("2027-02-05,放假,春节\n2027-02-05,上班,春节", "写了两次"),
            ("2020-01-01至2029-01-01,放假,春节", "超过 400 天"),
            ("[{\"date\":1}]", "JSON 看不懂"),
        ] {
            let error = read_notice(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
