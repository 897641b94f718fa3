//! What the endpoints answer.

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};
use zhida_platform::clock::to_shanghai;
use zhida_platform::problem::Problem;

use super::ask::{DESCRIPTION_MAX, Search, Sent, Submission, bad, one};
use super::catalogue::{CONFIDENTIALITY, ENTERPRISE, Leaf, code_of, definition, service};
use super::keys::Key;
use super::model::{
    Created, Fault, Service, ServiceDefinition, ServiceKind, ServiceRequest, Status, TokenAnswer,
};
use super::store::{self, Requested};
use crate::error::Error;
use crate::intake::take::{Arrival, Source, Taken, new_token};
use crate::intake::text;
use crate::model::{Contact, NewAppeal};
use crate::rules::Category;
use crate::service::Appeals;
use crate::words::{Channel, Confidentiality};

/// What is wrong, as the specification wants it.
pub(super) type Faults = Vec<Fault>;

fn not_found(description: impl Into<String>) -> Faults {
    vec![Fault {
        code: 404,
        description: description.into(),
    }]
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let problem = Problem::from(error);
        Self {
            code: problem.status.as_u16(),
            description: match problem.hint.as_str() {
                "" => problem.detail,
                hint => format!("{}。{hint}", problem.detail),
            },
        }
    }
}

fn faults(error: impl Into<Error>) -> Faults {
    vec![Fault::from(error.into())]
}

impl Appeals {
    /// The jurisdiction is the one that is set up, or none is named.
    pub(super) async fn jurisdiction(&self, sent: &Sent) -> Result<(), Faults> {
        let (settings, _) = self.intake_settings().await.map_err(faults)?;
        let named = one(sent, "jurisdiction_id");
        if named.is_empty() || settings.jurisdiction.is_empty() || named == settings.jurisdiction {
            return Ok(());
        }
        Err(not_found(format!(
            "没有 jurisdiction_id“{named}”：本接口只有“{}”一个辖区",
            settings.jurisdiction
        )))
    }

    /// The key that was sent.
    pub(super) async fn known(&self, sent: &Sent) -> Result<Key, Faults> {
        let refused = |description: &str| {
            vec![Fault {
                code: 403,
                description: description.to_owned(),
            }]
        };
        let secret = one(sent, "api_key");
        if secret.is_empty() {
            return Err(refused(
                "没有 api_key：诉求不公开，提交和查询都要密钥，请向本市诉求管理员领取",
            ));
        }
        let found = self.open311_key(secret).await.map_err(faults)?;
        found.ok_or_else(|| refused("api_key 不对，或已停用：请向本市诉求管理员核对"))
    }

    /// The categories that new appeals may have and that have none below them.
    async fn leaves(&self) -> Result<Vec<Leaf>, Faults> {
        let catalogue = self.catalogue().await.map_err(faults)?.catalogue;
        let open: Vec<&Category> = catalogue.open().collect();
        let has_below = |path: &str| {
            let below = format!("{path}/");
            open.iter().any(|one| one.path.starts_with(&below))
        };
        let leaf = |one: &&&Category| !has_below(&one.path);
        let made = |one: &&Category| Leaf {
            names: catalogue
                .full_name(&one.path)
                .split(" / ")
                .map(str::to_owned)
                .collect(),
            path: one.path.clone(),
            description: match one.accepts.is_empty() {
                false => one.accepts.join("；"),
                true => catalogue
                    .department(&one.path)
                    .map(|body| format!("由{body}办理"))
                    .unwrap_or_default(),
            },
        };
        Ok(open.iter().filter(leaf).map(made).collect())
    }

    /// `GET services`; whoever shows a key of tokens is told so.
    pub(super) async fn services(&self, sent: &Sent) -> Result<Vec<Service>, Faults> {
        let key = self
            .open311_key(one(sent, "api_key"))
            .await
            .map_err(faults)?;
        let kind = match key.is_some_and(|key| key.batch) {
            true => ServiceKind::Batch,
            false => ServiceKind::Realtime,
        };
        let leaves = self.leaves().await?;
        Ok(leaves.iter().map(|leaf| service(leaf, kind)).collect())
    }

    /// `GET services/[service_code]`.
    pub(super) async fn service_definition(&self, code: &str) -> Result<ServiceDefinition, Faults> {
        self.leaf(code).await?;
        Ok(definition(code))
    }

    async fn leaf(&self, code: &str) -> Result<Leaf, Faults> {
        let leaves = self.leaves().await?;
        let found = leaves.into_iter().find(|leaf| code_of(&leaf.path) == code);
        found.ok_or_else(|| {
            not_found(format!(
                "没有 service_code“{code}”：请用 GET services 取得现有的分类"
            ))
        })
    }

    /// `POST requests`.
    pub(super) async fn create(
        &self,
        key: &Key,
        sent: &Sent,
        idempotency: Option<&str>,
    ) -> Result<Created, Faults> {
        let asked = Submission::read(sent)?;
        let leaf = self.leaf(&asked.service_code).await?;
        let words = text::cleaned(&asked.description);
        if let Some(fault) = text::fault(&words, DESCRIPTION_MAX, false) {
            return Err(vec![bad(format!("description：{fault}"))]);
        }
        let enterprise = self.enterprise_of(&asked).await?;
        let confidentiality = match asked.attribute(CONFIDENTIALITY) {
            "" => Confidentiality::Normal,
            slug => Confidentiality::parse(slug).ok_or_else(|| {
                vec![bad(format!(
                    "attribute[{CONFIDENTIALITY}] 只能是 normal、concealed、secret"
                ))]
            })?,
        };
        let token = match idempotency {
            Some(token) => token.to_owned(),
            None => new_token().map_err(faults)?,
        };
        let enterprise = enterprise.as_ref();
        let (place_words, person) = (place_words(&asked), asked.person());
        let arrival = Arrival {
            new: NewAppeal {
                channel: Channel::Open311,
                source: "",
                title: "",
                text: &words,
                category: &leaf.path,
                place: &key.place,
                place_words: &place_words,
                enterprise: enterprise.map(|(code, name)| (code.as_str(), name.as_str())),
                account: None,
                contact: Contact {
                    name: &person,
                    phone: &asked.phone,
                    email: &asked.email,
                },
                confidentiality,
                files: &[],
            },
            source: Source::Program(key.id.clone()),
            token: &token,
            details: &[],
            geo: Some(geo(&asked).to_string()),
        };
        let taken = self.take(&key.viewer(), &arrival).await.map_err(faults)?;
        self.touch_open311_key(key).await.map_err(faults)?;
        Ok(self.created(key, &token, taken, &asked))
    }

    fn created(&self, key: &Key, token: &str, taken: Taken, asked: &Submission) -> Created {
        let account_id = Some(asked.account_id.clone()).filter(|id| !id.is_empty());
        match taken {
            Taken::As {
                case, number, code, ..
            } => Created {
                service_request_id: (!key.batch).then_some(case),
                token: key.batch.then(|| format!("{}.{token}", key.id)),
                service_notice: format!(
                    "已登记，编号 {number}，校验码 {code}。请转告诉求人：凭这两样可以在 {}{} 查进度、评价",
                    self.site,
                    crate::intake::FOLLOW
                ),
                account_id,
            },
            Taken::Repeated {
                case,
                number,
                times,
            } => Created {
                service_request_id: Some(case),
                token: None,
                service_notice: format!(
                    "同样的内容第 {times} 次提交，已记在 {number} 上，没有重复登记"
                ),
                account_id,
            },
        }
    }

    /// The enterprise that was named; one that the register does not know is not believed.
    async fn enterprise_of(&self, asked: &Submission) -> Result<Option<(String, String)>, Faults> {
        let code = asked.attribute(ENTERPRISE);
        if code.is_empty() {
            return Ok(None);
        }
        let field = format!("attribute[{ENTERPRISE}]");
        match self.known_enterprise(&field, code).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::Field { field, message }) => Err(vec![bad(format!("{field}：{message}"))]),
            Err(error) => Err(faults(error)),
        }
    }

    /// `GET requests`.
    pub(super) async fn requests(
        &self,
        key: &Key,
        search: &Search,
    ) -> Result<Vec<ServiceRequest>, Faults> {
        let found = store::requests(self.db.conn(), key, search).await;
        let found = found.map_err(faults)?;
        Ok(found.into_iter().map(shown).collect())
    }

    /// `GET requests/[service_request_id]`.
    pub(super) async fn request(&self, key: &Key, id: &str) -> Result<Vec<ServiceRequest>, Faults> {
        let search = Search::Ids(vec![id.to_owned()]);
        let found = self.requests(key, &search).await?;
        match found.is_empty() {
            true => Err(not_found(format!(
                "没有 service_request_id“{id}”，或不是用这个密钥提交的"
            ))),
            false => Ok(found),
        }
    }

    /// `GET tokens/[token]`: whoever has the token may know the id, so no key is asked for.
    pub(super) async fn token(&self, token: &str) -> Result<Vec<TokenAnswer>, Faults> {
        let missing = || not_found(format!("没有 token“{token}”"));
        let (key, name) = token.split_once('.').ok_or_else(missing)?;
        let source = Source::Program(key.to_owned());
        let found = self.by_request_token(&source, name).await.map_err(faults)?;
        Ok(vec![TokenAnswer {
            service_request_id: found.ok_or_else(missing)?,
            token: token.to_owned(),
        }])
    }
}

/// What only Open311 knows of a request.
fn geo(asked: &Submission) -> Value {
    json!({
        "service_code": asked.service_code,
        "lat": asked.point.map(|(lat, _)| lat),
        "long": asked.point.map(|(_, long)| long),
        "address": asked.address,
        "address_id": asked.address_id,
        "zipcode": asked.zipcode,
        "media_url": asked.media_url,
        "account_id": asked.account_id,
    })
}

/// Where it is, for people.
fn place_words(asked: &Submission) -> String {
    match (asked.address.as_str(), asked.point) {
        ("", Some((lat, long))) => format!("北纬 {lat}，东经 {long}"),
        ("", None) => format!("地址编号 {}", asked.address_id),
        (address, _) => address.to_owned(),
    }
}

fn shown(found: Requested) -> ServiceRequest {
    let Requested { row, text, geo } = found;
    let geo: Value = geo
        .and_then(|geo| serde_json::from_str(&geo).ok())
        .unwrap_or_default();
    let told = |name: &str| {
        let text = geo[name].as_str().unwrap_or_default();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let name = row.category_name.rsplit(" / ").next().unwrap_or_default();
    ServiceRequest {
        service_request_id: row.head.id.to_string(),
        status: match row.head.is_open() {
            true => Status::Open,
            false => Status::Closed,
        },
        status_notes: Some(row.state_words()),
        service_name: (!name.is_empty()).then(|| name.to_owned()),
        service_code: match row.category.as_str() {
            "" => told("service_code").unwrap_or_default(),
            path => code_of(path),
        },
        description: Some(text),
        agency_responsible: row.head.holder_name.clone(),
        service_notice: row.reply.clone(),
        requested_datetime: china(row.head.opened_at),
        updated_datetime: china(row.head.closed_at.unwrap_or(row.head.changed_at)),
        expected_datetime: row.head.due_at.map(china),
        address: told("address"),
        address_id: told("address_id"),
        zipcode: told("zipcode"),
        lat: geo["lat"].as_f64(),
        long: geo["long"].as_f64(),
        media_url: told("media_url"),
    }
}

fn china(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    to_shanghai(at)
}
