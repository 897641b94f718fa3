//! The room's tables; append only. Amounts are fen.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub(crate) const MIGRATIONS: MigrationSet = MigrationSet {
    room: "funds",
    steps: &[
        step("001-pool", POOL),
        step("002-claim", CLAIM),
        step("003-claim-queue", CLAIM_QUEUE),
        step("004-claim-enterprise", CLAIM_ENTERPRISE),
        step("005-enterprise-year", ENTERPRISE_YEAR),
        step("006-entry", ENTRY),
        step("007-entry-pool", ENTRY_POOL),
        step("008-payee", PAYEE),
        step("009-payee-current", PAYEE_CURRENT),
        step("010-payer", PAYER),
        step("011-payment", PAYMENT),
        step("012-payment-state", PAYMENT_STATE),
        step("013-payment-enterprise", PAYMENT_ENTERPRISE),
        step("014-batch", BATCH),
        step("015-batch-row", BATCH_ROW),
        step("016-batch-row-live", BATCH_ROW_LIVE),
        step("017-batch-row-batch", BATCH_ROW_BATCH),
        step("018-receipt-file", RECEIPT_FILE),
        step("019-receipt", RECEIPT),
        step("020-receipt-fate", RECEIPT_FATE),
        step("021-recovery", RECOVERY),
        step("022-number", NUMBER),
        step("023-batch-exported", BATCH_EXPORTED),
        step("024-lists", LISTS),
    ],
};

/// The last CHECK stands behind the conditional UPDATE: no way to write may spend more than there is.
const POOL: &str = "CREATE TABLE fund_pool (
    id TEXT NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    item_name TEXT NOT NULL,
    year BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    place TEXT NOT NULL,
    amount BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    is_open BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (item, year),
    CHECK (reserved >= 0),
    CHECK (committed >= 0),
    CHECK (paid >= 0),
    CHECK (reserved + committed + paid <= amount)
)";

const CLAIM: &str = "CREATE TABLE fund_claim (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    case_number TEXT NOT NULL,
    pool TEXT NOT NULL,
    item TEXT NOT NULL,
    year BIGINT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    standing TEXT NOT NULL,
    turn TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (case_id, purpose),
    CHECK (reserved >= 0),
    CHECK (committed >= 0),
    CHECK (paid >= 0)
)";

const CLAIM_QUEUE: &str = "CREATE INDEX fund_claim_queue ON fund_claim (pool, standing, turn)";

const CLAIM_ENTERPRISE: &str =
    "CREATE INDEX fund_claim_enterprise ON fund_claim (enterprise, year)";

/// One row that all reservations of an enterprise and year take, so that its caps are counted one after the other.
const ENTERPRISE_YEAR: &str = "CREATE TABLE fund_enterprise_year (
    enterprise TEXT NOT NULL,
    year BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    PRIMARY KEY (enterprise, year)
)";

const ENTRY: &str = "CREATE TABLE fund_entry (
    id TEXT NOT NULL PRIMARY KEY,
    pool TEXT NOT NULL,
    claim TEXT,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    by_name TEXT NOT NULL
)";

const ENTRY_POOL: &str = "CREATE INDEX fund_entry_pool ON fund_entry (pool, id)";

/// The account number is sealed.
const PAYEE: &str = "CREATE TABLE fund_payee (
    id TEXT NOT NULL PRIMARY KEY,
    enterprise TEXT NOT NULL,
    holder TEXT NOT NULL,
    bank TEXT NOT NULL,
    cnaps TEXT NOT NULL,
    account TEXT NOT NULL,
    last_four TEXT NOT NULL,
    checked TEXT NOT NULL,
    is_current BOOLEAN NOT NULL,
    fault TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    kept_by TEXT NOT NULL
)";

const PAYEE_CURRENT: &str =
    "CREATE UNIQUE INDEX fund_payee_current ON fund_payee (enterprise) WHERE is_current";

/// Accounts from which is paid; the number is sealed.
const PAYER: &str = "CREATE TABLE fund_payer (
    id TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL,
    holder TEXT NOT NULL,
    bank TEXT NOT NULL,
    cnaps TEXT NOT NULL,
    account TEXT NOT NULL,
    last_four TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    kept_at TEXT NOT NULL,
    kept_by TEXT NOT NULL
)";

const PAYMENT: &str = "CREATE TABLE fund_payment (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    claim TEXT NOT NULL,
    case_id TEXT NOT NULL,
    case_number TEXT NOT NULL,
    pool TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    part BIGINT NOT NULL,
    label TEXT NOT NULL,
    amount BIGINT NOT NULL,
    not_before TEXT,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    paid_on TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (claim, part)
)";

const PAYMENT_STATE: &str =
    "CREATE INDEX fund_payment_state ON fund_payment (state, created_at, id)";

const PAYMENT_ENTERPRISE: &str =
    "CREATE INDEX fund_payment_enterprise ON fund_payment (enterprise, created_at)";

const BATCH: &str = "CREATE TABLE fund_batch (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    payer TEXT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL,
    drawn_by TEXT NOT NULL,
    drawn_name TEXT NOT NULL,
    drawn_at TEXT NOT NULL,
    approved_by TEXT,
    approved_name TEXT,
    approved_at TEXT,
    sent_on TEXT,
    sent_name TEXT,
    reason TEXT NOT NULL
)";

/// One try to pay one payment; the reference stands in the file for the bank and comes back with the receipt.
const BATCH_ROW: &str = "CREATE TABLE fund_batch_row (
    id TEXT NOT NULL PRIMARY KEY,
    batch TEXT NOT NULL,
    payment TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    payee TEXT NOT NULL,
    amount BIGINT NOT NULL,
    state TEXT NOT NULL,
    is_live BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    settled_on TEXT,
    bank_reference TEXT NOT NULL
)";

const BATCH_ROW_LIVE: &str =
    "CREATE UNIQUE INDEX fund_batch_row_live ON fund_batch_row (payment) WHERE is_live";

const BATCH_ROW_BATCH: &str =
    "CREATE INDEX fund_batch_row_batch ON fund_batch_row (batch, reference)";

const RECEIPT_FILE: &str = "CREATE TABLE fund_receipt_file (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    place TEXT NOT NULL,
    receipts BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    repeated BIGINT NOT NULL,
    unclaimed BIGINT NOT NULL,
    taken_at TEXT NOT NULL,
    taken_by TEXT NOT NULL
)";

const RECEIPT: &str = "CREATE TABLE fund_receipt (
    id TEXT NOT NULL PRIMARY KEY,
    file TEXT NOT NULL,
    line BIGINT NOT NULL,
    reference TEXT NOT NULL,
    amount BIGINT,
    result TEXT NOT NULL,
    settled_on TEXT NOT NULL,
    bank_reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    fate TEXT NOT NULL,
    why TEXT NOT NULL,
    place TEXT NOT NULL,
    handled_at TEXT,
    handled_by TEXT,
    handled_note TEXT
)";

const RECEIPT_FATE: &str = "CREATE INDEX fund_receipt_fate ON fund_receipt (fate, id)";

const RECOVERY: &str = "CREATE TABLE fund_recovery (
    id TEXT NOT NULL PRIMARY KEY,
    claim TEXT NOT NULL,
    key TEXT NOT NULL,
    case_number TEXT NOT NULL,
    pool TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    amount BIGINT NOT NULL,
    repaid BIGINT NOT NULL,
    written_off BIGINT NOT NULL,
    reason TEXT NOT NULL,
    due_on TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (claim, key),
    CHECK (repaid >= 0),
    CHECK (written_off >= 0),
    CHECK (repaid + written_off <= amount)
)";

const NUMBER: &str = "CREATE TABLE fund_number (
    kind TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (kind, year)
)";

/// When the file to the bank first left: until then every row can still be stopped.
const BATCH_EXPORTED: &str = "ALTER TABLE fund_batch ADD COLUMN exported_at TEXT";

/// Lists in the order of making, with what their totals add up; what a batch's rows come to.
const LISTS: &str = "DROP INDEX fund_payment_state;
CREATE INDEX fund_payment_state ON fund_payment (state, created_at, id, pool, amount, enterprise);
CREATE INDEX fund_payment_made ON fund_payment (created_at, id);
CREATE INDEX fund_payment_unpaid ON fund_payment (created_at, id, state, pool, amount, enterprise)
    WHERE state NOT IN ('paid', 'cancelled');
CREATE INDEX fund_batch_row_sums ON fund_batch_row (batch, state, amount)";
