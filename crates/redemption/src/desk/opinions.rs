//! Asking other bodies: each by its own date.

use serde_json::json;
use zhida_casework::{Command, Limit, Organisation};
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_policies::PublishedItem;

use super::forms::text;
use crate::cases::{CaseView, party};
use crate::error::Error;
use crate::fields::Fields;
use crate::service::Redemption;

/// Bodies that one form asks.
pub(super) const ASKED_MAX: usize = 6;

/// A body to be asked and by when.
struct Asked {
    body: Organisation,
    limit: Limit,
}

impl Redemption {
    /// Asks bodies for their opinions, named on the form one by one with a term each; all or none.
    pub(super) async fn ask_opinions(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        fields: &Fields,
    ) -> Result<(), Error> {
        let question = text(fields, "question", "请写明要部门看什么")?;
        let mut asked: Vec<Asked> = Vec::new();
        for index in 0..ASKED_MAX {
            let (name, term) = (format!("department-{index}"), format!("term-{index}"));
            if fields.get(&name).is_empty() {
                continue;
            }
            let body = self.body(&name, fields.get(&name)).await?;
            if asked.iter().any(|one| one.body.id == body.id) {
                return Err(Error::field(name, format!("{} 写了两次", body.name)));
            }
            let limit = fields.get(&term).parse::<Limit>();
            let limit = limit.map_err(|error| Error::field(term, error.to_string()))?;
            asked.push(Asked { body, limit });
        }
        if asked.is_empty() {
            return Err(Error::field("department-0", "请至少写一个部门"));
        }
        let (by, asked, question) = (&party(viewer), &asked, question.as_str());
        self.db
            .write(|tx| async move {
                let mut now_is = view.clone();
                for one in asked {
                    let command = Command::AskOpinions {
                        question: question.to_owned(),
                        organisations: vec![one.body.clone()],
                        limit: Some(one.limit),
                    };
                    now_is = self.run(&tx, &now_is, command, by).await?;
                }
                let told: Vec<_> = asked.iter().map(|one| json!({ "department": one.body.name, "limit": one.limit.to_string() })).collect();
                let entry = self.entry(viewer, "redemption.ask_opinions", view).after(json!(told));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Hands a case to another body.
    pub(super) async fn transfer(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        fields: &Fields,
    ) -> Result<(), Error> {
        let reason = text(fields, "transfer-reason", "请写明为什么转办")?;
        let to = match fields.get("transfer-to") {
            "" => return Err(Error::field("transfer-to", "请写转给哪个单位")),
            name => self.body("transfer-to", name).await?,
        };
        self.act(
            viewer,
            view,
            Command::Transfer { to, reason },
            "redemption.transfer",
        )
        .await
    }

    /// The body that answers for an item, when exactly one of today has the name that the item gives.
    pub(crate) async fn responsible(
        &self,
        item: &PublishedItem,
    ) -> Result<Option<Organisation>, Error> {
        let mut found = self.departments.named(&item.elements.department).await?;
        Ok(found.pop().filter(|_| found.is_empty()))
    }

    /// The body of this name.
    async fn body(&self, field: &str, name: &str) -> Result<Organisation, Error> {
        let mut found = self.departments.named(name).await?;
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::field(
                field,
                format!("没有叫“{name}”的单位，请写全称，与组织机构里的名称一致"),
            )),
            count => Err(Error::field(
                field,
                format!("有 {count} 个单位叫“{name}”，请系统管理员把名称改得不重复"),
            )),
        }
    }
}
