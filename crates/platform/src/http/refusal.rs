//! What extractors refuse in English, said in Chinese with the place.

use crate::problem::Problem;

/// How extractors begin, and what people call the place.
const PLACES: [(&str, &str); 5] = [
    ("Failed to deserialize query string: ", "地址里"),
    ("Failed to deserialize form body: ", "表单里"),
    ("Failed to deserialize form: ", "表单里"),
    (
        "Failed to deserialize the JSON body into the target type: ",
        "JSON 里",
    ),
    ("Failed to parse the request body as JSON: ", "JSON 里"),
];

/// What parsers of values say, by how it begins.
const WORDS: [(&str, &str); 8] = [
    ("UUID parsing failed", "不是标识的写法"),
    ("invalid digit found in string", "请写整数"),
    ("cannot parse integer from empty string", "请写整数"),
    ("number too large to fit in target type", "这个数太大"),
    ("number too small to fit in target type", "这个数太小"),
    (
        "provided string was not `true` or `false`",
        "请写 true 或 false",
    ),
    ("input contains invalid characters", "不是日期的写法"),
    ("premature end of input", "不是日期的写法"),
];

/// The problem for an extractor's words; they are about the client's own input.
pub(super) fn problem(text: &str) -> Problem {
    let found = PLACES
        .iter()
        .find_map(|(start, place)| text.strip_prefix(start).map(|rest| (*place, rest)));
    let Some((place, rest)) = found else {
        return Problem::bad_input(format!("请求看不懂（{text}）"));
    };
    match rest.split_once(": ") {
        Some((field, why)) if is_path(field) => {
            let why = said(why);
            Problem::bad_input(format!("{place}的 {field} 看不懂：{why}")).field(field, why)
        }
        _ => Problem::bad_input(format!("{place}的内容看不懂：{}", said(rest))),
    }
}

/// A field's name, or its path in JSON like `rows[0].amount`.
fn is_path(text: &str) -> bool {
    let of_path = |c: char| c.is_ascii_alphanumeric() || "_-.[]?".contains(c);
    !text.is_empty() && text.chars().all(of_path)
}

fn said(why: &str) -> String {
    let (why, place) = match why.split_once(" at line ") {
        Some((why, place)) => (why, place.replace(" column ", " 行第 ")),
        None => (why, String::new()),
    };
    let words = translated(why);
    match place.is_empty() {
        true => words,
        false => format!("{words}（第 {place} 列）"),
    }
}

fn translated(why: &str) -> String {
    if let Some((_, words)) = WORDS.iter().find(|(start, _)| why.starts_with(start)) {
        return (*words).to_owned();
    }
    let named: Vec<&str> = why.split('`').skip(1).step_by(2).collect();
    match named.as_slice() {
        [field] if why.starts_with("missing field") => format!("缺少 {field}"),
        [field] if why.starts_with("duplicate field") => format!("{field} 写了两次"),
        [wrong, known @ ..] if why.starts_with("unknown") && !known.is_empty() => {
            format!("没有“{wrong}”，可以填 {}", known.join("、"))
        }
        _ => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        problem(text).detail
    }

    #[test]
    fn the_place_and_what_is_wrong_are_said_in_chinese() {
        for (text, said) in [
            (
                "Failed to deserialize query string: state: 没有“foo”，可以填 open，或者不填",
                "地址里的 state 看不懂：没有“foo”，可以填 open，或者不填",
            ),
            (
                "Failed to deserialize query string: parent: UUID parsing failed: invalid character: found `o` at 1",
                "地址里的 parent 看不懂：不是标识的写法",
            ),
            (
                "Failed to deserialize form body: missing field `version`",
                "表单里的内容看不懂：缺少 version",
            ),
            (
                "Failed to deserialize the JSON body into the target type: step: unknown variant `go`, expected `a` or `b` at line 1 column 14",
                "JSON 里的 step 看不懂：没有“go”，可以填 a、b（第 1 行第 14 列）",
            ),
            (
                "Failed to parse the request body as JSON: EOF while parsing an object at line 1 column 1",
                "JSON 里的内容看不懂：EOF while parsing an object（第 1 行第 1 列）",
            ),
        ] {
            assert_eq!(detail(text), said);
        }
    }

    #[test]
    fn the_field_is_named_for_programs() {
        let problem =
            problem("Failed to deserialize query string: limit: invalid digit found in string");
        assert_eq!(problem.fields[0].field, "limit");
        assert_eq!(problem.fields[0].message, "请写整数");
    }

    #[test]
    fn what_is_not_known_is_kept() {
        assert_eq!(detail("no such boundary"), "请求看不懂（no such boundary）");
    }
}
