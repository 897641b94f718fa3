//! 接口推送: the addresses of other systems.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::messages::webhook::{Endpoint, NewEndpoint, Owner, Scope, TestReport};
use zhida_platform::messages::{
    Channel, Delivery, DeliveryFilter, DeliveryState, MessageError, Secret,
};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::Inbox;
use crate::actions::MANAGE;
use crate::error::Error;

/// The city's own systems belong to the role, not to whoever added them.
const ADMINISTRATORS: &str = "sysadmin";
/// What an endpoint that an administrator has paused says.
const PAUSED: &str = "管理员暂停";
/// Length of a 统一社会信用代码.
const CODE_CHARS: usize = 18;

/// An endpoint that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewEndpointForm {
    pub url: String,
    /// Slugs of events, or `*`.
    pub events: Vec<String>,
    /// 统一社会信用代码 of the enterprise whose messages it gets; empty: the city's own system.
    pub enterprise: String,
}

/// An endpoint with what waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointView {
    pub endpoint: Endpoint,
    pub waiting: u64,
}

impl EndpointView {
    /// Whose messages it gets.
    pub(crate) fn whose(&self) -> String {
        match &self.endpoint.owner {
            Owner::Enterprise(code) => format!("企业 {code}"),
            Owner::Role(_) => "本平台的业务系统".to_owned(),
            Owner::Account(id) => format!("账号 {id}"),
        }
    }
}

impl Inbox {
    /// A page of all endpoints, oldest first.
    pub(crate) async fn endpoints(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<EndpointView>, Error> {
        viewer.need(MANAGE)?;
        let found = self.messages.all_endpoints(self.db.conn(), page).await?;
        Ok(found.map(|(endpoint, waiting)| EndpointView { endpoint, waiting }))
    }

    /// How many endpoints there are.
    pub(crate) async fn endpoint_count(&self, viewer: &Viewer) -> Result<u64, Error> {
        viewer.need(MANAGE)?;
        Ok(self.messages.endpoint_count(self.db.conn()).await?)
    }

    /// One endpoint.
    pub(crate) async fn endpoint(&self, viewer: &Viewer, id: &str) -> Result<EndpointView, Error> {
        viewer.need(MANAGE)?;
        let endpoint = self.messages.endpoint(self.db.conn(), id).await?;
        let filter = DeliveryFilter {
            state: Some(DeliveryState::Queued),
            ..of(&endpoint.id)
        };
        let waiting = self
            .messages
            .delivery_count(self.db.conn(), &filter)
            .await?;
        Ok(EndpointView { endpoint, waiting })
    }

    /// How many were sent to an endpoint, or wait.
    pub(crate) async fn endpoint_log_count(&self, viewer: &Viewer, id: &str) -> Result<u64, Error> {
        viewer.need(MANAGE)?;
        Ok(self
            .messages
            .delivery_count(self.db.conn(), &of(id))
            .await?)
    }

    /// What was sent to an endpoint, or waits, the newest first.
    pub(crate) async fn endpoint_log(
        &self,
        viewer: &Viewer,
        id: &str,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, Error> {
        viewer.need(MANAGE)?;
        Ok(self
            .messages
            .deliveries(self.db.conn(), &of(id), page)
            .await?)
    }

    /// Adds an endpoint; its secret is shown once.
    pub(crate) async fn add_endpoint(
        &self,
        viewer: &Viewer,
        form: &NewEndpointForm,
    ) -> Result<(Endpoint, Secret), Error> {
        viewer.need(MANAGE)?;
        let code = form.enterprise.trim();
        let fits =
            code.len() == CODE_CHARS && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !code.is_empty() && !fits {
            return Err(Error::field(
                "enterprise",
                "请写 18 位统一社会信用代码，或留空",
            ));
        }
        let (owner, scope) = match code {
            "" => (Owner::Role(ADMINISTRATORS.to_owned()), Scope::All),
            _ => (Owner::Enterprise(code.to_uppercase()), Scope::Own),
        };
        let wanted = &NewEndpoint {
            owner,
            scope,
            url: form.url.trim().to_owned(),
            events: form.events.clone(),
        };
        self.db
            .write(|tx| async move {
                let added = self
                    .messages
                    .add_endpoint(&tx, wanted, viewer.actor())
                    .await;
                let (endpoint, secret) = added.map_err(at_field)?;
                let entry = self
                    .entry(viewer, "messages.add_endpoint", "webhook", &endpoint.id)
                    .after(json!({
                        "url": endpoint.url,
                        "events": endpoint.events,
                        "enterprise": code,
                    }));
                audit::append(&tx, &entry).await?;
                Ok((endpoint, secret))
            })
            .await
    }

    /// Pauses an endpoint, or lets it go on from where it stopped.
    pub(crate) async fn switch_endpoint(
        &self,
        viewer: &Viewer,
        id: &str,
        on: bool,
    ) -> Result<(), Error> {
        let change = if on { Change::Resume } else { Change::Pause };
        self.change(viewer, id, change).await.map(|_| ())
    }

    /// Makes a new secret, shown once; the old one signs beside it for a day.
    pub(crate) async fn renew_secret(&self, viewer: &Viewer, id: &str) -> Result<Secret, Error> {
        let changed = self.change(viewer, id, Change::Renew).await?;
        changed.secret.ok_or(Error::Missing("新的密钥"))
    }

    /// Sends again from a number on, in order; how many.
    pub(crate) async fn replay(&self, viewer: &Viewer, id: &str, from: i64) -> Result<u64, Error> {
        if from < 1 {
            return Err(Error::field("from", "请写从第几号开始，最小是 1"));
        }
        let changed = self.change(viewer, id, Change::Replay(from)).await?;
        Ok(changed.replayed)
    }

    /// Removes an endpoint with what waits for it.
    pub(crate) async fn remove_endpoint(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        self.change(viewer, id, Change::Remove).await.map(|_| ())
    }

    /// Sends one test request now.
    pub(crate) async fn test_endpoint(
        &self,
        viewer: &Viewer,
        id: &str,
    ) -> Result<TestReport, Error> {
        viewer.need(MANAGE)?;
        let report = self.messages.test_endpoint(&self.db, id).await?;
        let entry = self
            .entry(viewer, "messages.test_endpoint", "webhook", id)
            .detail(json!({ "taken": report.is_taken, "answer": report.words }));
        audit::record(&self.db, &[entry]).await?;
        Ok(report)
    }

    /// One change of an endpoint with its record.
    async fn change(&self, viewer: &Viewer, id: &str, change: Change) -> Result<Changed, Error> {
        viewer.need(MANAGE)?;
        self.db
            .write(|tx| async move {
                let endpoint = self.messages.endpoint(&tx, id).await?;
                let changed = self.apply(&tx, &endpoint, change).await?;
                let entry = self
                    .entry(viewer, change.action(), "webhook", id)
                    .detail(json!({ "url": endpoint.url, "replayed": changed.replayed }));
                audit::append(&tx, &entry).await?;
                Ok(changed)
            })
            .await
    }

    async fn apply(
        &self,
        tx: &Tx,
        endpoint: &Endpoint,
        change: Change,
    ) -> Result<Changed, MessageError> {
        let (messages, owner, id) = (&self.messages, &endpoint.owner, endpoint.id.as_str());
        let mut changed = Changed::default();
        match change {
            Change::Resume => messages.switch_on(tx, owner, id).await?,
            Change::Pause => messages.switch_off(tx, owner, id, PAUSED).await?,
            Change::Renew => changed.secret = Some(messages.renew_secret(tx, owner, id).await?),
            Change::Replay(from) => {
                changed.replayed = messages.replay(tx, owner, id, from).await?;
            }
            Change::Remove => messages.remove_endpoint(tx, owner, id).await?,
        }
        Ok(changed)
    }
}

/// What is done to an endpoint.
#[derive(Debug, Clone, Copy)]
enum Change {
    Resume,
    Pause,
    Renew,
    Replay(i64),
    Remove,
}

impl Change {
    fn action(self) -> &'static str {
        match self {
            Self::Resume => "messages.resume_endpoint",
            Self::Pause => "messages.pause_endpoint",
            Self::Renew => "messages.renew_secret",
            Self::Replay(_) => "messages.replay",
            Self::Remove => "messages.remove_endpoint",
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
struct Changed {
    secret: Option<Secret>,
    replayed: u64,
}

fn of(id: &str) -> DeliveryFilter<'_> {
    DeliveryFilter {
        channel: Some(Channel::Webhook),
        address: Some(id),
        ..DeliveryFilter::default()
    }
}

/// What is wrong with an endpoint is told at the field.
fn at_field(error: MessageError) -> Error {
    match error {
        MessageError::Endpoint(fault) if fault.contains("种类") => Error::field("events", fault),
        MessageError::Endpoint(fault) => Error::field("url", format!("推送地址不能用：{fault}")),
        other => Problem::from(other).into(),
    }
}
