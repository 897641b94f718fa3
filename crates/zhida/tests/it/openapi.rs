//! `docs/openapi.json`: what the program itself serves.

use std::time::Duration;

use serde_json::Value;
use zhida_testkit::{Program, block_on};

use crate::{program::ZHIDA, snapshot};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const CHINESE: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';

/// What `/api/openapi.json` answers.
async fn served() -> Value {
    let arguments = [
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--database",
        "sqlite:zhida.db",
    ];
    let program = Program::start(ZHIDA, &arguments);
    serde_json::from_str(&answered(&program, "/api/openapi.json").await).unwrap()
}

/// What a server answers as soon as it is there.
pub async fn answered(program: &Program, path: &str) -> String {
    let said = program.says("http://", Duration::from_secs(60)).await;
    let base = said
        .split_whitespace()
        .find_map(|word| word.split_once("http://"));
    let (_, address) = base.unwrap();
    get(address, path).await
}

/// The body of an answer that closes its connection.
async fn get(address: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    body.to_owned()
}

#[test]
fn the_document_in_the_repository_is_the_one_served_and_complete() {
    let document = block_on(served());
    let text = serde_json::to_string_pretty(&document).unwrap();
    snapshot::equals("docs/openapi.json", &format!("{text}\n"));
    let mut problems = Vec::new();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                operations += 1;
                let told = missing(path, operation);
                problems.extend(
                    told.into_iter()
                        .map(|told| format!("{method} {path}：{told}")),
                );
            }
        }
    }
    assert!(operations > 20, "{operations} operations");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        not_chinese(schema, name, &mut problems);
    }
    assert!(
        problems.is_empty(),
        "接口文档不完整：\n{}",
        problems.join("\n")
    );
}

fn is_chinese(text: &Value) -> bool {
    text.as_str()
        .is_some_and(|text| text.chars().any(|letter| CHINESE.contains(&letter)))
}

/// Every description within a schema that is not Chinese. A property may be called `description`
/// too; its value is no text.
fn not_chinese(value: &Value, at: &str, told: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(text) = members.get("description").filter(|it| it.is_string())
                && !is_chinese(text)
            {
                told.push(format!("{at}：说明不是中文：{text}"));
            }
            for (name, member) in members {
                not_chinese(member, &format!("{at}.{name}"), told);
            }
        }
        Value::Array(members) => {
            for member in members {
                not_chinese(member, at, told);
            }
        }
        _ => {}
    }
}

/// What an operation does not tell.
fn missing(path: &str, operation: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if !is_chinese(&operation["summary"]) {
        told.push("没有中文摘要".to_owned());
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if !is_chinese(&parameter["description"]) {
            told.push(format!("参数 {} 没有中文说明", parameter["name"]));
        }
    }
    let responses = operation["responses"].as_object().unwrap();
    let takes_input = operation["parameters"].is_array() || operation["requestBody"].is_object();
    let refusals: Vec<&String> = responses
        .keys()
        .filter(|code| code.starts_with('4'))
        .collect();
    if takes_input && refusals.is_empty() {
        told.push("没有说明被拒绝的情形（4xx）".to_owned());
    }
    if path.contains('{') && !responses.contains_key("404") {
        told.push("地址里有标识，却没有说明 404".to_owned());
    }
    for (code, response) in responses {
        if !is_chinese(&response["description"]) {
            told.push(format!("{code} 没有中文说明"));
        }
        let problem = "application/problem+json";
        if code.starts_with('4') && response["content"].get(problem).is_none() {
            told.push(format!("{code} 的内容应是 {problem}"));
        }
    }
    not_chinese(operation, "", &mut told);
    told
}
