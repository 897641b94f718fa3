//! The engines that run the predicates: PostgreSQL keeps rows, DataFusion columns.

use std::path::Path;

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::{Fields, UInt64Type},
    },
    common::DataFusionError,
    prelude::{ParquetReadOptions, SessionContext},
};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use zhida_matcher::sql;
use zhida_rules::Kind;
use zhida_testkit::TestDatabase;

pub trait Engine {
    /// The type of a kind's column.
    fn column_type(&self, kind: Kind) -> String;

    /// Runs a statement that gives nothing back.
    async fn run(&self, text: &str);

    /// The column `met`, or what the engine says when it cannot.
    async fn truths(&self, query: &str) -> Result<Vec<Option<bool>>, String>;
}

pub struct RowStore(TestDatabase);

impl RowStore {
    pub async fn start() -> Self {
        Self(zhida_testkit::postgres().await)
    }
}

impl Engine for RowStore {
    fn column_type(&self, kind: Kind) -> String {
        sql::column_type(kind).into()
    }

    async fn run(&self, text: &str) {
        let statement = Statement::from_string(DatabaseBackend::Postgres, text);
        self.0.conn().execute_raw(statement).await.unwrap();
    }

    async fn truths(&self, query: &str) -> Result<Vec<Option<bool>>, String> {
        let statement = Statement::from_string(DatabaseBackend::Postgres, query);
        let rows = self.0.conn().query_all_raw(statement).await;
        let rows = rows.map_err(|error| error.to_string())?;
        let met = rows.iter().map(|row| row.try_get("", "met").unwrap());
        Ok(met.collect())
    }
}

pub struct Columnar(SessionContext);

impl Columnar {
    pub fn start() -> Self {
        Self(SessionContext::new())
    }

    /// Opens a Parquet file as a table; gives its columns.
    pub async fn open(&self, table: &str, file: &Path) -> Fields {
        let options = ParquetReadOptions::default();
        let path = file.to_str().unwrap();
        self.0.register_parquet(table, path, options).await.unwrap();
        let table = self.0.table(table).await.unwrap();
        table.schema().as_arrow().fields().clone()
    }

    /// The first column, of whole numbers.
    pub async fn ids(&self, query: &str) -> Vec<u64> {
        let batches = self.batches(query).await;
        let batches = batches.unwrap_or_else(|error| panic!("{error}: {query}"));
        let ids = |batch: &RecordBatch| {
            batch
                .column(0)
                .as_primitive::<UInt64Type>()
                .values()
                .to_vec()
        };
        batches.iter().flat_map(ids).collect()
    }

    async fn batches(&self, text: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
        self.0.sql(text).await?.collect().await
    }
}

impl Engine for Columnar {
    fn column_type(&self, kind: Kind) -> String {
        match kind {
            Kind::Number => "DECIMAL(40, 3)".into(),
            kind => sql::column_type(kind).into(),
        }
    }

    async fn run(&self, text: &str) {
        let done = self.batches(text).await;
        done.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    async fn truths(&self, query: &str) -> Result<Vec<Option<bool>>, String> {
        let batches = self.batches(query).await;
        let batches = batches.map_err(|error| error.to_string())?;
        let met = batches
            .iter()
            .flat_map(|batch| batch.column(0).as_boolean());
        Ok(met.collect())
    }
}
