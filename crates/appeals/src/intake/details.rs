//! What was told beside the text of an appeal, for the page that shows it.

use serde_json::Value;
use zhida_platform::db::ConnectionTrait;

use super::store;
use crate::error::Error;

/// What Open311 sends, in words.
const GEO: [(&str, &str); 7] = [
    ("address", "地址"),
    ("address_id", "地址编号"),
    ("zipcode", "邮政编码"),
    ("lat", "纬度"),
    ("long", "经度"),
    ("media_url", "图片地址"),
    ("account_id", "来源系统的账号"),
];

/// Label and value of each: the channel's questions, the place that Open311 sent, how often the same came again.
///
/// # Errors
/// The database.
pub(crate) async fn told_by(
    conn: &impl ConnectionTrait,
    case: &str,
) -> Result<Vec<(String, String)>, Error> {
    let Some((mut told, geo, repeats)) = store::details(conn, case).await? else {
        return Ok(Vec::new());
    };
    let geo: Option<Value> = geo.and_then(|geo| serde_json::from_str(&geo).ok());
    for (field, label) in GEO {
        let value = geo.as_ref().map_or(&Value::Null, |geo| &geo[field]);
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        if !value.is_empty() {
            told.push((label.to_owned(), value));
        }
    }
    if repeats > 0 {
        told.push((
            "重复提交".to_owned(),
            format!("同样的内容另外提交过 {repeats} 次，没有重复登记"),
        ));
    }
    Ok(told)
}
