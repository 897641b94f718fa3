CREATE TABLE audit_event (
    id TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX audit_event_subject ON audit_event USING btree (subject_kind, subject_id, id);
CREATE TABLE enterprise (
    seq BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    division TEXT NOT NULL,
    industry TEXT NOT NULL,
    size TEXT NOT NULL,
    status TEXT NOT NULL,
    registered_on TEXT NOT NULL,
    facts TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE UNIQUE INDEX enterprise_code ON enterprise USING btree (code);
CREATE INDEX enterprise_division ON enterprise USING btree (division, code);
CREATE INDEX enterprise_industry ON enterprise USING btree (industry, code);
CREATE INDEX enterprise_name ON enterprise USING btree (name, code);
CREATE INDEX enterprise_registered_on ON enterprise USING btree (registered_on, code);
CREATE INDEX enterprise_version ON enterprise USING btree (version);
CREATE TABLE enterprise_search (
    seq BIGINT NOT NULL,
    normal TEXT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX enterprise_search_tokens ON enterprise_search USING gin (tokens);
CREATE TABLE enterprise_tag (
    seq BIGINT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (seq, tag)
);
CREATE INDEX enterprise_tag_tag ON enterprise_tag USING btree (tag, seq);
CREATE TABLE fact_change (
    seq BIGINT NOT NULL,
    code TEXT NOT NULL,
    batch BIGINT NOT NULL,
    at TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX fact_change_code ON fact_change USING btree (code, seq);
CREATE TABLE import_batch (
    no BIGINT NOT NULL,
    department TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    as_of TEXT NOT NULL,
    options TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    actor TEXT NOT NULL,
    total BIGINT NOT NULL,
    position BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    created BIGINT NOT NULL,
    rejects TEXT NOT NULL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (no)
);
CREATE INDEX import_batch_sha256 ON import_batch USING btree (sha256, status);
CREATE TABLE match_counter (
    id BIGINT NOT NULL,
    next_run BIGINT NOT NULL,
    next_news BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE match_met (
    item TEXT NOT NULL,
    met TEXT NOT NULL,
    PRIMARY KEY (item)
);
CREATE TABLE match_news (
    no BIGINT NOT NULL,
    run BIGINT NOT NULL,
    day TEXT NOT NULL,
    item TEXT NOT NULL,
    enterprise BIGINT NOT NULL,
    new_item BOOLEAN NOT NULL,
    PRIMARY KEY (no)
);
CREATE INDEX match_news_enterprise ON match_news USING btree (enterprise, no);
CREATE INDEX match_news_item ON match_news USING btree (item, no);
CREATE TABLE match_run (
    no BIGINT NOT NULL,
    day TEXT NOT NULL,
    actor TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    PRIMARY KEY (no)
);
CREATE TABLE policy_counter (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE policy_document (
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    sort_date TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE policy_item (
    id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    number TEXT,
    document_id TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    draft TEXT,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    theme TEXT NOT NULL,
    category TEXT NOT NULL,
    delivery TEXT NOT NULL,
    document_status TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    sort_date TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (number),
    UNIQUE (seq),
    FOREIGN KEY (document_id) REFERENCES policy_document(id)
);
CREATE INDEX policy_item_document ON policy_item USING btree (document_id);
CREATE INDEX policy_item_list ON policy_item USING btree (state, sort_date, seq);
CREATE TABLE policy_item_region (
    item_id TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (item_id, region),
    FOREIGN KEY (item_id) REFERENCES policy_item(id)
);
CREATE INDEX policy_item_region_region ON policy_item_region USING btree (region);
CREATE TABLE policy_item_search (
    seq BIGINT NOT NULL,
    normal TEXT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX policy_item_search_tokens ON policy_item_search USING gin (tokens);
CREATE TABLE policy_revision (
    item_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    rules TEXT NOT NULL,
    lint TEXT NOT NULL,
    digest TEXT NOT NULL,
    published_at TEXT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (item_id, revision),
    FOREIGN KEY (item_id) REFERENCES policy_item(id)
);
CREATE TABLE registry_version (
    id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    next_seq BIGINT NOT NULL,
    next_change BIGINT NOT NULL,
    next_batch BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE schema_migration (
    room TEXT NOT NULL,
    step TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (room, step)
);
CREATE TABLE tag_rule (
    name TEXT NOT NULL,
    rule TEXT NOT NULL,
    note TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (name)
);
